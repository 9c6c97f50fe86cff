"""The registry: a name and options give a task. Importing it reads no data and needs no torch."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from attnviz.data.info import TaskInfo
from attnviz.data.objectives import with_objective
from attnviz.data.tasks.catalogue import INFOS
from attnviz.data.vocabulary import Vocabulary
from attnviz.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from attnviz.data.task import Task

_CLASSES: Mapping[str, str] = {  # name → module and class; in the order the interface lists them
    "pinyin": "pinyin:Pinyin",
    "pinyin-sentences": "pinyin:PinyinSentences",
    "pinyin-phrases": "pinyin:PinyinPhrases",
    "numbers-zh": "numbers:ChineseNumbers",
    "numbers-en": "numbers:EnglishNumbers",
    "dates": "dates:Dates",
    "inflection": "inflection:Inflection",
    "traditional": "traditional:Traditional",
    "reverse": "symbols:Reverse",
    "copy": "symbols:Copy",
    "sort": "symbols:Sort",
    "lookup": "symbols:Lookup",
    "numbers-formal": "numbers:FormalNumbers",
    "segmentation": "hsk_labels:Segmentation",
    "hsk-topic": "hsk_labels:Topic",
    "python-syntax": "syntax:Syntax",
    "sentiment-zh": "sentiment:ChineseSentiment",
    "sentiment-en": "sentiment:EnglishSentiment",
    "questions": "templates:Questions",
    "dialogue": "templates:Dialogue",
    "summary": "templates:Summary",
    "lm-en": "language_model:EnglishDocumentation",
    "lm-zh": "language_model:ChineseSentences",
}
_FIELD_CLASSES: Mapping[str, str] = {  # pictures and graphs: what they read is no text
    "digits": "digits:Digits",
    "graph-connected": "graphs:Connected",
    "karate-club": "graphs:KarateClub",
}
_USER_CLASSES: Mapping[str, str] = {
    "user-text": "user:UserText",
    "user-pairs": "user:UserPairs",
    "user-labels": "user_labels:UserLabels",
    "user-pictures": "user_pictures:UserPictures",
}
LONGEST = 2**20  # positions of a sequence
KEPT = 32  # tasks, with whatever data they have read
_made: dict[str, Task] = {}
_lock = threading.Lock()


def names() -> tuple[str, ...]:
    """Tasks that come with the package; the user's own files are made by `from_text` and `from_csv`."""
    return tuple(_CLASSES)


def field_names() -> tuple[str, ...]:
    """Tasks of pictures and graphs; they come with the extras `pictures` and `graphs`."""
    return tuple(_FIELD_CLASSES)


def info(name: str) -> TaskInfo:
    """What a task says about itself, without making it."""
    _require(name)
    return INFOS[name]


def get(name: str, **options: Any) -> Task:
    """The task of that name; the same name and options give the same object.

    Every task takes the option `objective`: see `attnviz.data.objectives`.
    """
    _require(name)
    task = _make(name, options)  # cheap: it reads nothing yet
    key = f"{name} {sorted(task.options.items())}"
    with _lock:
        task = _made.pop(key, task)
        _made[key] = task  # the last is the one used last
        while len(_made) > KEPT:
            del _made[next(iter(_made))]
    return task


def restore(
    name: str,
    options: Mapping[str, Any] | None = None,
    src_vocab: Vocabulary | Sequence[str] | None = None,
    tgt_vocab: Vocabulary | Sequence[str] | None = None,
    max_src_len: int | None = None,
    max_tgt_len: int | None = None,
) -> Task:
    """The task that `Task.state()` described, with the vocabularies it had then.

    It reads its data only when a split is asked for; a user's own file is not kept, so asking then raises
    InputError("no_data").
    """
    if name not in _USER_CLASSES:
        _require(name)
    for entry, length in (("max_src_len", max_src_len), ("max_tgt_len", max_tgt_len)):
        if length is not None and not (type(length) is int and 0 <= length <= LONGEST):
            raise InputError("bad_option", name=entry, value=str(length)[:40], allowed=f"0 … {LONGEST}")
    task = _make(name, dict(options or {}))
    task.freeze(
        src_vocab=None if src_vocab is None else _vocabulary(src_vocab),
        tgt_vocab=task.tgt_vocab if tgt_vocab is None else _vocabulary(tgt_vocab),
        max_src_len=task.max_src_len if max_src_len is None else max_src_len,
        max_tgt_len=task.max_tgt_len if max_tgt_len is None else max_tgt_len,
    )
    return task


def from_text(data: bytes | str, *, name: str = "", **options: Any) -> Task:
    """A language-model task from a text file of the user; what was done to the file is in `task.notices`."""
    from attnviz.data.tasks.user import UserText

    return UserText.read(data, name, **options)


def from_csv(data: bytes | str, *, name: str = "", **options: Any) -> Task:
    """A sequence-to-sequence task from a two-column CSV of the user; see `task.notices`."""
    from attnviz.data.tasks.user import UserPairs

    return UserPairs.read(data, name, **options)


def from_labels(data: bytes | str, *, name: str = "", **options: Any) -> Task:
    """A classification task from a CSV of the user, text and label; see `task.notices`."""
    from attnviz.data.tasks.user_labels import UserLabels

    return UserLabels.read(data, name, **options)


def from_pictures(source: Path | str | bytes, *, name: str = "", **options: Any) -> Task:
    """A task from the user's pictures: a folder, a zip's path or its bytes, a folder a class; see `task.notices`."""
    from attnviz.data.tasks.user_pictures import UserPictures

    return UserPictures.read(source, name, **options)


def _require(name: str) -> None:
    if name not in _CLASSES and name not in _FIELD_CLASSES:
        raise InputError("unknown_task", name=name, known=", ".join((*_CLASSES, *_FIELD_CLASSES)))


def _vocabulary(tokens: Vocabulary | Sequence[str]) -> Vocabulary:
    return tokens if isinstance(tokens, Vocabulary) else Vocabulary.from_tokens(tokens)


def _make(name: str, options: Mapping[str, Any]) -> Task:
    module, _, kind = {**_CLASSES, **_FIELD_CLASSES, **_USER_CLASSES}[name].partition(":")
    own = {key: value for key, value in options.items() if key != "objective"}
    made = cast("Task", getattr(importlib.import_module(f"attnviz.data.tasks.{module}"), kind)(**own))
    return with_objective(made, options.get("objective"))
