"""Tasks: from text to batches and back. `attnviz.data.tasks` is the registry."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from attnviz.errors import InputError, Notice

if TYPE_CHECKING:
    from attnviz.data import tasks
    from attnviz.data.batch import Batch, Pair
    from attnviz.data.info import TaskInfo
    from attnviz.data.task import Task
    from attnviz.data.tokens import Reading, Tokens
    from attnviz.data.vocabulary import BOS, EOS, PAD, SPECIALS, UNK, Vocabulary

_WHERE = {
    "Batch": "batch",
    "Pair": "batch",
    "Reading": "tokens",
    "Task": "task",
    "TaskInfo": "info",
    "Tokens": "tokens",
    "BOS": "vocabulary",
    "EOS": "vocabulary",
    "PAD": "vocabulary",
    "SPECIALS": "vocabulary",
    "UNK": "vocabulary",
    "Vocabulary": "vocabulary",
}
__all__ = [
    "BOS",
    "EOS",
    "PAD",
    "SPECIALS",
    "UNK",
    "Batch",
    "InputError",
    "Notice",
    "Pair",
    "Reading",
    "Task",
    "TaskInfo",
    "Tokens",
    "Vocabulary",
    "tasks",
]


def __getattr__(name: str) -> Any:  # batches need torch; a list of tasks does not
    if name == "tasks":
        return importlib.import_module("attnviz.data.tasks")
    if name in _WHERE:
        return getattr(importlib.import_module(f"attnviz.data.{_WHERE[name]}"), name)
    raise AttributeError(f"module 'attnviz.data' has no attribute {name!r}")
