"""What a task says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from attnviz.language import Text

Kind = Literal["seq2seq", "lm", "tagging", "classification"]  # tagging: a label a token; classification: one a text


@dataclass(frozen=True, kw_only=True)
class TaskInfo:
    """Name, what it shows, and where its data come from."""

    name: str
    title: Text
    note: Text  # one sentence: what it shows
    kind: Kind
    source: Text
    licence: Text
    url: str = ""
    synthetic: bool = False  # generated from a seed, no corpus
    language: str = ""  # of the source text: "zh", "en", or "" when it is neither or both
