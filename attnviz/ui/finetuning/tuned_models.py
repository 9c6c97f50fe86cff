"""A run at one kept step, with all that fine-tuning knows about it; loaded once for everybody."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import cached_property

import streamlit as st

from attnviz.data import Task
from attnviz.errors import RunError
from attnviz.model import Transformer
from attnviz.runs.contents import build_trainer, load_state
from attnviz.runs.feed import RunView
from attnviz.training.evaluation import Metrics, evaluate
from attnviz.training.finetuning.drift import Drift, weight_drift
from attnviz.training.finetuning.prepare import Prepared, can_watch_old_task
from attnviz.training.finetuning.tuner import FineTuner
from attnviz.ui.frame.beside import beside
from attnviz.ui.runs.heads import ModelKey, Watched
from attnviz.ui.runs.library import library


@dataclass(frozen=True, eq=False)
class Tuned:
    """A run's model as it was after `step` updates."""

    run: str
    step: int
    tuner: FineTuner

    @property
    def prepared(self) -> Prepared:
        """What the run began with."""
        return self.tuner.prepared

    @property
    def task(self) -> Task:
        """The new task as the model numbers it."""
        return self.tuner.task

    @cached_property
    def model(self) -> Transformer:
        """The model with a LoRA merged into it, in evaluation mode."""
        return self.tuner.merged_model()

    @cached_property
    def drift(self) -> tuple[Drift, ...]:
        """How far each part has moved from where it began."""
        return weight_drift(self.tuner.model, self.prepared.first_weights)

    @property
    def watched(self) -> Watched:
        """As the attention stage takes it."""
        return Watched(ModelKey(self.run, self.step), self.model, self.task, tuple(self.tuner.config.without))


def tuned(run: str, step: int) -> Tuned:
    """The model of a kept step; RunError if the step is not kept or the run is no fine-tuning."""
    return _tuned(str(library().root), run, step)


@st.cache_resource(show_spinner=False, max_entries=16)
def _tuned(root: str, run: str, step: int) -> Tuned:
    folder = library().open(run).folder
    trainer = build_trainer(folder, folder.read_config())
    if not isinstance(trainer, FineTuner):
        raise RunError("run_start", problem="not_tuned")
    trainer.restore(load_state(folder, step))
    if trainer.stopped_early:  # what is shown, measured and saved are the weights that it stopped for
        trainer.use_best()
    return Tuned(run, step, trainer)


def tuned_at(view: RunView, at: int | None) -> Tuned | None:
    """The moment that a page shows: step `at`, or the last one kept; None before there is any."""
    step = at if at is not None else max(view.kept, default=None)
    return None if step is None else tuned(view.id, step)


@dataclass(frozen=True)
class Before:
    """How good the model is before the first step; None: not known, or not to be had."""

    new: Metrics | None = None
    old: Metrics | None = None


class _Measuring:
    """`Before` of one start, counted beside the page."""

    def __init__(self, prepared: Prepared, limit: int) -> None:
        self.found = Before()
        self.done = False
        beside(self._measure, prepared, limit)

    def _measure(self, prepared: Prepared, limit: int) -> None:
        with contextlib.suppress(Exception):  # what cannot be measured is not shown
            new = evaluate(prepared.before, prepared.task, "validation", limit=limit)
            self.found = Before(new)
            if prepared.config.watch_old_task and can_watch_old_task(prepared):
                old = evaluate(prepared.old_model(prepared.before), prepared.start.task, "validation", limit=limit)
                self.found = Before(new, old)
        self.done = True


@st.cache_resource(show_spinner=False, max_entries=32)
def _measuring(key: str, limit: int, _prepared: Prepared) -> _Measuring:
    return _Measuring(_prepared, limit)


def before(key: str, prepared: Prepared, limit: int) -> Before:
    """What is known by now of the model before the first step; `key` names the start, the task and the strategy."""
    return _measuring(key, limit, prepared).found


def known_before(key: str, prepared: Prepared, limit: int) -> bool:
    """Whether that will not change any more."""
    return _measuring(key, limit, prepared).done
