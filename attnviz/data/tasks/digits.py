"""Handwritten digits, 8 × 8 grey pixels (scikit-learn's `load_digits`; Alpaydin & Kaynak 1998)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from importlib.util import find_spec
from typing import Any, ClassVar

import torch
from torch import Tensor

from attnviz.data.batch import Pair
from attnviz.data.split import split_by_key
from attnviz.data.tasks.catalogue import INFOS
from attnviz.data.tasks.fields import FieldTask, labelled
from attnviz.data.tasks.labels import label_vocabulary
from attnviz.data.vocabulary import Vocabulary
from attnviz.errors import InputError
from attnviz.language import Text


class PictureTask(FieldTask):
    """Square pictures as rows of whole numbers from 0 to `levels`, channel after channel."""

    levels: ClassVar[int]

    @property
    def patch_size(self) -> int:
        """Pixels that a patch is high and wide."""
        raise NotImplementedError

    @property
    def side(self) -> int:
        """Pixels that a picture is high and wide."""
        raise NotImplementedError

    @property
    def channels(self) -> int:
        """1: grey, 3: colour."""
        raise NotImplementedError

    @property
    def model_shape(self) -> Mapping[str, Any]:
        across = self.side // self.patch_size
        return {
            "architecture": "vision",
            "picture_size": self.side,
            "picture_channels": self.channels,
            "patch_size": self.patch_size,
            "max_len": across * across + 1,
        }

    def field(self, sources: Sequence[Sequence[str]]) -> Tensor:
        need = self.channels * self.side * self.side
        rows = []
        for source in sources:
            fine = len(source) == need and all(t.isascii() and t.isdigit() and len(t) < 4 for t in source)
            numbers = [int(token) for token in source] if fine else []
            if not fine or max(numbers) > self.levels:
                raise InputError("picture_numbers", need=need, most=self.levels)
            rows.append(numbers)
        pixels = torch.tensor(rows, dtype=torch.float32) / self.levels
        return pixels.view(len(rows), self.channels, self.side, self.side)

    def places(self, source: Sequence[str]) -> tuple[str, ...]:
        """Row and column of each patch, from 1."""
        across = self.side // self.patch_size
        return tuple(f"{row + 1},{column + 1}" for row in range(across) for column in range(across))


RANGES: Mapping[str, range] = {"all": range(10), "0-4": range(5), "5-9": range(5, 10)}


class Digits(PictureTask):
    """1,797 digits that 43 people wrote; the option `digits` leaves half of the classes out."""

    info = INFOS["digits"]
    defaults: ClassVar[Mapping[str, Any]] = {**PictureTask.defaults, "digits": "all"}
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {**PictureTask.allowed, "digits": tuple(RANGES)}
    levels = 16
    patch_size = 2
    side = 8
    channels = 1
    examples = ("#0", "#1", "#2", "#3", "#4", "#5")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        low, high = self._digits[0], self._digits[-1]
        if self.options["digits"] != "all":
            plain = INFOS["digits"]
            named = Text(f"{plain.title['zh']} {low}–{high}", f"{plain.title['en']} {low}–{high}")
            self.info = replace(plain, title=named)

    def load(self) -> Mapping[str, Sequence[Pair]]:
        if find_spec("sklearn") is None:
            raise InputError("missing_package", package="scikit-learn")
        from sklearn.datasets import load_digits  # slow to import, so only where it is needed

        data = load_digits()
        pairs = [
            labelled([str(int(value)) for value in picture], str(int(digit)))
            for picture, digit in zip(data.data.tolist(), data.target.tolist(), strict=True)
            if int(digit) in self._digits
        ]
        keyed = [(" ".join(pair.source), pair) for pair in pairs]
        return split_by_key(keyed, self.options["seed"], validation=0.1, test=0.2)

    @cached_property
    def tgt_vocab(self) -> Vocabulary:
        return label_vocabulary([str(digit) for digit in self._digits])

    @property
    def _digits(self) -> range:
        return RANGES[self.options["digits"]]
