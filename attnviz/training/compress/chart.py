"""One chart of a model with fewer and fewer heads: the least important first, and at random, on the same examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from attnviz.data import Task
from attnviz.model import Transformer
from attnviz.trace.interventions import Head
from attnviz.training.compress.pruning import PrunePoint, head_counts, head_order, pruning_curve

SEEDS = (0, 1, 2)  # of the random orders: one alone may be lucky
POINTS = 8  # of a curve


@dataclass(frozen=True)
class PruningChart:
    """What has been measured so far. All curves have their points at the same numbers of heads."""

    heads: int  # that the model has, those that were taken out of it earlier not counted
    importance: tuple[PrunePoint, ...]
    random: tuple[tuple[PrunePoint, ...], ...]  # a curve a seed
    measurements: int  # that the whole chart takes

    @property
    def done(self) -> int:
        """Measurements made."""
        return len(self.importance) + sum(map(len, self.random))

    @property
    def random_means(self) -> tuple[tuple[int, float], ...]:
        """(heads out, mean score over the random orders), where all of them were measured."""
        rows = zip(*self.random, strict=False) if len(self.random) == len(SEEDS) else ()
        return tuple((len(row[0].out), sum(point.score for point in row) / len(row)) for row in rows)

    def random_mean(self, out: int) -> float | None:
        """The mean score with so many heads out at random; None where it was not measured."""
        return dict(self.random_means).get(out)


def empty_chart(heads: int, points: int = POINTS) -> PruningChart:
    """The chart of so many heads before anything is measured."""
    return PruningChart(heads, (), (), len(head_counts(heads, points)) * (1 + len(SEEDS)))


def pruning_chart(
    model: Transformer,
    task: Task,
    order: Sequence[Head],
    *,
    points: int = POINTS,
    split: str = "validation",
    limit: int | None = 128,
) -> Iterator[PruningChart]:
    """The chart after each measurement; `order` is that of importance. The random orders come after it."""
    importance: list[PrunePoint] = []
    random: list[list[PrunePoint]] = []
    empty = empty_chart(len(order), points)

    def now() -> PruningChart:
        return replace(empty, importance=tuple(importance), random=tuple(map(tuple, random)))

    for point in pruning_curve(model, task, order, points=points, split=split, limit=limit):
        importance.append(point)
        yield now()
    for seed in SEEDS:
        random.append([])
        at_random = head_order(model, by="random", seed=seed)
        for point in pruning_curve(model, task, at_random, points=points, split=split, limit=limit):
            random[-1].append(point)
            yield now()
