"""What a task says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["seq2seq", "lm", "tagging", "classification"]  # tagging: a label a token; classification: one a text


@dataclass(frozen=True, kw_only=True)
class TaskInfo:
    """Name, what it shows, and where its data come from; what people read stands in `zh` and `en`."""

    name: str
    title: Mapping[str, str]
    note: Mapping[str, str]  # one sentence: what it shows
    kind: Kind
    source: Mapping[str, str]
    licence: Mapping[str, str]
    url: str = ""
    synthetic: bool = False  # generated from a seed, no corpus
    language: str = ""  # of the source text: "zh", "en", or "" when it is neither or both
