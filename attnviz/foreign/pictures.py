"""Pictures for a model from elsewhere: cut to its size, its numbers spread as it was trained, each patch a position."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from attnviz.data.batch import Batch
from attnviz.data.picture_files import numbers_of
from attnviz.errors import ForeignError
from attnviz.foreign.adapter import ForeignModel
from attnviz.trace import watch

DRAWN = ("disc", "stripes", "corner")  # pictures that need no file
FIRST = ("CLS", "DIST")  # what stands before the patches: what the answer is read at, and DeiT's second one


@dataclass(frozen=True)
class Answer:
    """What a model says of a picture, and how likely it finds it."""

    label: str
    probability: float


class ForeignPictures:
    """What a task is to our models, for a model that reads pictures. Raises ForeignError where its patches make no
    square."""

    def __init__(self, model: ForeignModel, preprocessing: Mapping[str, Any] | None = None) -> None:
        config: Any = getattr(model.config, "vision_config", model.config)
        size = config.image_size
        height, width = size if isinstance(size, list | tuple) else (size, size)
        if model.reads != "pixels" or height != width:
            raise ForeignError("foreign_no_text", name=model.name)
        self.side, self.channels = int(height), int(getattr(config, "num_channels", 3))
        self._mean, self._spread = (
            _numbers((preprocessing or {}).get(name), self.channels, default)
            for name, default in (("image_mean", 0.5), ("image_std", 0.5))
        )
        blank = Batch(src=None, decoder_input=None, targets=None, pixels=self._tensor(self.drawn(DRAWN[0])))
        positions = watch(model, blank, taps=(), sites=model.sites[:1])[model.sites[0]].weights.shape[-1]
        self.across = math.isqrt(positions)
        self.before = positions - self.across**2  # positions that are no patch
        if self.before > 8 or self.side < self.across:
            raise ForeignError("foreign_no_text", name=model.name)
        names: Mapping[Any, Any] = getattr(model.config, "id2label", None) or {}
        self._names = {int(number): str(name) for number, name in names.items()}
        self._answers = "loss" not in model.can and model.has_head

    @property
    def examples(self) -> tuple[str, ...]:
        """Names of pictures that are drawn here."""
        return DRAWN

    def drawn(self, name: str) -> NDArray[np.uint8]:
        """A picture of that name, (side, side, channels)."""
        y, x = np.mgrid[0 : self.side, 0 : self.side] / self.side
        inside = {
            "disc": (x - 0.35) ** 2 + (y - 0.4) ** 2 < 0.06,
            "stripes": (np.floor(8 * (x + y)) % 2).astype(bool),
            "corner": (x > 0.6) & (y > 0.6),
        }[name]
        colours = np.array([[235, 235, 225], [200, 60, 40]], dtype=np.uint8)[inside.astype(int)]
        return colours if self.channels == 3 else colours[..., : self.channels]

    def read(self, content: bytes, name: str) -> NDArray[np.uint8]:
        """A picture file, its middle square. Raises InputError for what is no picture, or too large."""
        numbers = np.array(numbers_of(content, name, self.side, 3 if self.channels == 3 else 1), dtype=np.uint8)
        return numbers.reshape(-1, self.side, self.side).transpose(1, 2, 0)

    def encode(self, picture: NDArray[np.uint8]) -> Batch:
        """A batch of one picture; its positions are called after row and column of the patch, from 1."""
        places = [f"{row + 1},{column + 1}" for row in range(self.across) for column in range(self.across)]
        first = [FIRST[i] if i < len(FIRST) else f"+{i}" for i in range(self.before)]
        pixels = self._tensor(picture)
        return Batch(src=None, decoder_input=None, targets=None, pixels=pixels, src_labels=((*first, *places),))

    def answers(self, logits: NDArray[np.float32], most: int = 5) -> tuple[Answer, ...]:
        """The likeliest labels, the likeliest first; none of a model that gives a vector only."""
        if not self._answers:
            return ()
        shifted = np.exp(logits.reshape(-1) - logits.max())
        chances = shifted / shifted.sum()
        best = np.argsort(-chances, kind="stable")[:most]
        return tuple(Answer(self._names.get(int(i), str(i)), float(chances[i])) for i in best)

    def _tensor(self, picture: NDArray[np.uint8]) -> torch.Tensor:
        numbers = (picture.astype(np.float32) / 255 - self._mean) / self._spread
        return torch.from_numpy(numbers.transpose(2, 0, 1).copy())[None]


def _numbers(given: object, channels: int, default: float) -> NDArray[np.float32]:
    """What is taken off each channel, or what it is divided by; anything strange is the default."""
    if isinstance(given, Sequence) and len(given) == channels and all(_fine(value) for value in given):
        return np.array(given, dtype=np.float32)
    return np.full(channels, default, dtype=np.float32)


def _fine(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and 0 < value < 1e3
