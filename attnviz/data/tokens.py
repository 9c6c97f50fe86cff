"""What pages ask of a vocabulary, ours or a tokenizer that came with a model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Reading:
    """A text as numbers, each with what a screen prints for it and the characters it came from."""

    ids: tuple[int, ...]
    labels: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]  # (first character, character after the last) of the text; equal: from none

    def __post_init__(self) -> None:
        if not len(self.ids) == len(self.labels) == len(self.spans):
            counts = f"{len(self.ids)} ids, {len(self.labels)} labels, {len(self.spans)} spans"
            raise ValueError(f"{counts}; they must be as many")


@runtime_checkable
class Tokens(Protocol):
    """Tokens, their numbers and how they are shown."""

    def __len__(self) -> int:
        """Different tokens."""
        ...

    @property
    def pad_id(self) -> int | None:
        """What fills up rows; None where nothing does."""
        ...

    @property
    def bos_id(self) -> int | None:
        """What a decoder reads first; None: it begins with the text."""
        ...

    @property
    def eos_id(self) -> int | None:
        """What ends a text; None: nothing but the length."""
        ...

    @property
    def mask_id(self) -> int | None:
        """What stands for a hidden token; None where there is no such token."""
        ...

    @property
    def special_ids(self) -> frozenset[int]:
        """Numbers that stand for no text."""
        ...

    def label(self, token: int) -> str:
        """What a screen prints for one token that stands alone."""
        ...

    def decode(self, ids: Iterable[int]) -> list[str]:
        """What a screen prints for tokens in a row, specials included."""
        ...

    def text(self, ids: Iterable[int]) -> str:
        """The text that these tokens make, without specials."""
        ...

    def read(self, text: str) -> Reading:
        """The tokens of a text, with nothing added around it."""
        ...
