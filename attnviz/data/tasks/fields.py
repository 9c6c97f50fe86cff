"""Tasks whose input is no text but a field of numbers: pictures and graphs. Labels are read at CLS or at each node."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor

from attnviz.data.batch import Batch, Pair
from attnviz.data.tasks.labels import LabelTask, label_vocabulary
from attnviz.data.vocabulary import SPECIALS, Vocabulary
from attnviz.errors import InputError, Notice

CLS = "CLS"


class FieldTask(LabelTask):
    """An example's source is written as tokens (so that it is split, stored and compared like any other), and read as
    the tensor that `field` makes of them.

    What is typed is either the number of a test example, "#7", or the tokens themselves.
    """

    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {"form": ("encoder",)}

    @property
    @abstractmethod
    def model_shape(self) -> Mapping[str, Any]:
        """Fields of ModelConfig that fit these data."""

    @abstractmethod
    def field(self, sources: Sequence[Sequence[str]]) -> Tensor:
        """The input of a model for these sources, (B, …). InputError for tokens that are none of a source."""

    @abstractmethod
    def places(self, source: Sequence[str]) -> tuple[str, ...]:
        """What to call the positions behind CLS; as many for every source of a batch."""

    @cached_property
    def src_vocab(self) -> Vocabulary | None:
        """Numbers are read as numbers: no token needs an id."""
        return Vocabulary(SPECIALS)

    @cached_property
    def max_src_len(self) -> int:
        return int(self.model_shape["max_len"])

    def tokenize(self, text: str) -> list[str]:
        """The tokens of "#7", or of what is typed, divided by blanks."""
        text = text.strip()
        if text.startswith("#"):
            number, test = text[1:], self.split("test")
            if not (number.isascii() and number.isdigit() and len(number) < 9 and int(number) < len(test)):
                raise InputError("field_example", given=text[:20], most=len(test) - 1)
            return list(test[int(number)].source)
        return text.split()

    def encode(self, text: str, target: str | None = None, *, limit: int | None = None) -> Batch:
        """A batch of one. Raises InputError: "empty", "field_example", "label_count" and what `field` raises."""
        source = self.tokenize(text)
        if not source:
            raise InputError("empty")
        labels = None if target is None else self.tokenize_target(target)
        if labels is not None and self.per_token and len(labels) != len(self.places(source)):
            raise InputError("label_count", given=len(labels), need=len(self.places(source)))
        return self._collated([source], None if labels is None else [labels])

    def _collated(
        self,
        sources: Sequence[Sequence[str]],
        targets: Sequence[Sequence[str]] | None,
        notices: tuple[Notice, ...] = (),
    ) -> Batch:
        field = self.field(sources)
        places = [(CLS, *self.places(source)) for source in sources]
        width = max(map(len, places))
        scored = None
        if targets is not None:
            numbers = torch.zeros(len(sources), width, dtype=torch.long)
            for row, labels in enumerate(targets):
                said = ["", *labels] if self.per_token else list(labels)
                numbers[row, : len(said)] = torch.tensor(self._numbers(said), dtype=torch.long)
            scored = numbers
        return Batch(
            src=None,
            decoder_input=None,
            targets=scored,
            pixels=field,
            src_labels=tuple(labels + ("",) * (width - len(labels)) for labels in places),
            target_labels=() if targets is None else tuple(map(tuple, targets)),
            notices=notices,
        )

    def answer(self, source: Sequence[str]) -> Any:
        found = {pair.source: pair.target for name in ("train", "validation", "test") for pair in self.split(name)}
        labels = found.get(tuple(source))
        return None if labels is None else (self.detokenize(labels), "exact")

    def _reference(self, text: str) -> Any:
        source = self.tokenize(text)
        return self.answer(source) if source else None


def labelled(source: Sequence[str], label: str) -> Pair:
    """An example with one label."""
    return Pair(tuple(source), (label,))


__all__ = ["CLS", "FieldTask", "label_vocabulary", "labelled"]
