"""What was gained and what was forgotten, as numbers: which figure stands for a task, and how it changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from attnviz.data import Task
from attnviz.runs.feed import RunView
from attnviz.training.evaluation import Metrics
from attnviz.ui.finetuning.tuned_models import Before
from attnviz.ui.runs.series import Series, column

LABELS = ("tagging", "classification")


@dataclass(frozen=True)
class Measure:
    """The figure that stands for a task: a share between 0 and 1."""

    name: str  # field of Metrics
    column: str  # of a run's metrics, for the new task
    old_column: str  # … for the old one
    text: str  # key of what it is called


EXACT = Measure("exact_match", "exact_match", "old_exact_match", "measure_exact")
TOKENS = Measure("token_accuracy", "validation_token_accuracy", "old_token_accuracy", "measure_tokens")
LABELLED = Measure("token_accuracy", "validation_token_accuracy", "old_token_accuracy", "measure_labels")


def measure_of(task: Task) -> Measure:
    """Whole outputs where a task has a right one, labels one by one, tokens of a text."""
    if task.info.kind in LABELS:
        return LABELLED
    return TOKENS if task.info.kind == "lm" else EXACT


def value(metrics: Metrics | None, measure: Measure) -> float | None:
    """The figure in an evaluation."""
    found = None if metrics is None else getattr(metrics, measure.name)
    return None if found is None else float(found)


@dataclass(frozen=True)
class Change:
    """A task's figure before the first step and now; None: not known."""

    task: Task
    measure: Measure
    before: float | None
    now: float | None


def changes(view: RunView | None, new: Task, old: Task, first: Before) -> tuple[Change, Change]:
    """The new task and the old one."""
    mine, others = measure_of(new), measure_of(old)
    return (
        Change(new, mine, value(first.new, mine), None if view is None else view.last(mine.column)),
        Change(old, others, value(first.old, others), None if view is None else view.last(others.old_column)),
    )


def over_time(view: RunView, new: Task, old: Task, first: Before, names: tuple[str, str]) -> Mapping[str, Series]:
    """Both figures over the steps, under the two names, from before the first step on."""
    mine, others = measure_of(new), measure_of(old)
    pairs = ((names[0], mine.column, value(first.new, mine)), (names[1], others.old_column, value(first.old, others)))
    found = {}
    for name, what, start in pairs:
        steps, values = column(view, what)
        if start is not None:
            steps, values = _with_start(steps, start, values)
        if steps.size:
            found[name] = (steps, values)
    return found


def _with_start(steps, start, values):  # type: ignore[no-untyped-def]
    import numpy as np

    return np.concatenate([[0.0], steps]), np.concatenate([[start], values])
