"""What a page of this kind is about: its examples, and the changes that people make to one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from attnviz.data import Batch, Pair
from attnviz.data.tasks.fields import FieldTask
from attnviz.language import Language
from attnviz.masks import MaskPlan
from attnviz.model import Transformer
from attnviz.ui.fields.look import Look
from attnviz.ui.text import Words

Change = str  # a patch that is hidden, "6"; an edge that comes or goes, "0-3"
Changed = tuple[Change, ...]
Source = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class FieldModel:
    """A model that reads no text, and its task; `key` tells it from others, `scope` from other models of a page."""

    key: str
    scope: str
    model: Transformer
    task: FieldTask
    own: tuple[Pair, ...] = ()  # examples of people's own, behind the held-out ones

    @property
    def examples(self) -> Sequence[Pair]:
        """What it is looked at with: held-out examples, and people's own."""
        return (*self.task.split("test"), *self.own)

    def is_own(self, example: int) -> bool:
        """Whether somebody gave it, so that no link may hold it."""
        return example >= len(self.task.split("test"))


class Scene(ABC):
    """How a page reads, changes and draws its examples."""

    page: ClassVar[str]  # the page's name
    shipped: ClassVar[tuple[str, ...]]  # ready-trained models
    package: ClassVar[str]  # what its data come with
    extra: ClassVar[str]  # the extra that installs it
    thumbnails: ClassVar[int] = 14

    @abstractmethod
    def read(self, task: FieldTask, source: Source, variants: Sequence[Changed]) -> tuple[Batch, MaskPlan | None]:
        """An example, once for each set of changes; the masks that go with it (None: the model's own)."""

    @abstractmethod
    def possible(self, task: FieldTask, source: Source) -> frozenset[Change]:
        """Every change that can be made to an example."""

    @abstractmethod
    def tried(self, task: FieldTask, source: Source) -> tuple[Change, ...]:
        """The changes among which the page looks for the one that matters most."""

    @abstractmethod
    def truth(self, task: FieldTask, pair: Pair, changed: Changed) -> tuple[str | None, ...]:
        """The right label at each position, as far as it is known; None elsewhere."""

    @abstractmethod
    def drawn(
        self, task: FieldTask, source: Source, gallery: Sequence[Pair]
    ) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Values and arrays that the board draws an example and its neighbours from."""

    @abstractmethod
    def facts(self, t: Words, task: FieldTask, pair: Pair, now: Look, changed: Changed) -> list[str]:
        """Sentences of numbers under the answers."""

    @abstractmethod
    def named(self, t: Words, task: FieldTask, change: Change) -> Mapping[str, Any]:
        """What a sentence says of a change."""

    @abstractmethod
    def title(self, t: Words, number: int, task: FieldTask, pair: Pair) -> str:
        """What stands above an example."""

    def adds(self, source: Source, change: Change) -> bool:
        """Whether a change puts something there that is not there."""
        return False

    def remarks(self, t: Words, task: FieldTask, source: Source, changed: Changed) -> list[str]:
        """What is worth a sentence of the changes."""
        return []

    def positions(self, task: FieldTask, source: Source) -> tuple[str, ...]:
        """What the positions are called, CLS first."""
        return ("CLS", *task.places(source))

    def labels(self, task: FieldTask, language: Language) -> list[str]:
        """The labels as people know them."""
        return [task.title(label, language) for label in task.labels]


def right_at(task: FieldTask, truth: Sequence[str | None], chances: NDArray[np.floating[Any]]) -> list[bool | None]:
    """Whether the likeliest label is the right one, at each position; None where nobody knows."""
    said = [task.labels[int(best)] for best in chances.argmax(axis=-1)]
    return [None if wanted is None else wanted == one for wanted, one in zip(truth, said, strict=True)]
