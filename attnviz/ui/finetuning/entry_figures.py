"""How the runs of a group stand: each entry's figures over its seeds, at the end and over time. Plain functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.runs.feed import RunView
from attnviz.training.finetuning.spread import Spread
from attnviz.ui.finetuning.groups import Group, Member
from attnviz.ui.finetuning.task_measures import Measure


@dataclass(frozen=True)
class EntryFigures:
    """One entry: mean ± sd over its seeds of what was measured last."""

    entry: str
    member: Member  # any of its runs: they cost the same
    new: Spread | None
    old: Spread | None
    f1: Spread | None
    loss: Spread | None
    seconds: Spread | None
    rate: float  # the learning rate of its runs
    step: int  # of all its runs together
    steps: int


def figures_of_entries(
    group: Group, views: Mapping[str, RunView], mine: Measure, others: Measure
) -> tuple[EntryFigures, ...]:
    """Every entry that still has a run."""
    found = []
    for entry in group.entries:
        members = [member for member in group.of(entry) if member.run in views]
        if not members:
            continue
        seen = [views[member.run] for member in members]
        found.append(
            EntryFigures(
                entry=entry,
                member=members[0],
                new=Spread.of(view.last(mine.column) for view in seen),
                old=Spread.of(view.last(others.old_column) for view in seen),
                f1=Spread.of(view.last("macro_f1") for view in seen),
                loss=Spread.of(view.last("validation_loss") for view in seen),
                seconds=Spread.of(view.last("seconds") for view in seen),
                rate=seen[0].config.train.learning_rate,
                step=sum(view.status.step for view in seen),
                steps=sum(view.status.steps for view in seen),
            )
        )
    return tuple(found)


@dataclass(frozen=True)
class Course:
    """An entry over time: mean and sd at the steps that all its runs have measured."""

    steps: NDArray[np.float64]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]


def courses(group: Group, views: Mapping[str, RunView], column: str) -> Mapping[str, Course]:
    """How one figure went in every entry."""
    found = {}
    for entry in group.entries:
        series = [_measured(views[member.run], column) for member in group.of(entry) if member.run in views]
        common = sorted(set.intersection(*(set(one) for one in series))) if series else []
        if not common:
            continue
        table = np.array([[one[step] for step in common] for one in series])
        sd = table.std(axis=0, ddof=1) if len(series) > 1 else np.zeros(len(common))
        found[entry] = Course(np.array(common, dtype=float), table.mean(axis=0), sd)
    return found


def _measured(view: RunView, column: str) -> dict[int, float]:
    if column not in view.metrics:
        return {}
    values = view.metrics[column]
    return {
        int(step): float(value) for step, value in zip(view.metrics["step"], values, strict=True) if np.isfinite(value)
    }
