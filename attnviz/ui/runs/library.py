"""The runs of this machine as the app uses them: one reader a run for all sessions, models of kept steps, baselines."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Mapping

import streamlit as st

from attnviz.data import InputError, Task
from attnviz.runs import Library
from attnviz.runs.contents import build_trainer
from attnviz.runs.feed import Feed, RunView
from attnviz.training.baselines import baselines, exact_match_without_a_model
from attnviz.ui.frame.beside import beside
from attnviz.ui.runs.curves import SIMPLE
from attnviz.ui.runs.heads import ModelKey, Watched

WAKE_EVERY = 60  # seconds between two looks at all runs


def library() -> Library:
    """The folder of runs that this app uses."""
    return Library()


def free_name(name: str) -> str:
    """The name with a number behind it where a run has it already, so that people can tell them apart."""
    taken = {one.name for one in library().list()}
    return next(one for n in itertools.count(1) if (one := name if n == 1 else f"{name} ({n})") not in taken)


def wake_runs() -> None:
    """Start workers for runs that were going on when this machine, or their worker, stopped."""
    _woken(str(library().root))


@st.cache_resource(show_spinner=False, ttl=WAKE_EVERY)
def _woken(root: str) -> bool:
    with contextlib.suppress(InputError):  # a folder that cannot be used says so where it is needed
        library().wake()
    return True


def feed(run: str) -> Feed:
    """The shared reader of a run; RunError if there is none of that name."""
    return _feed(str(library().root), run)


@st.cache_resource(show_spinner=False, max_entries=64)
def _feed(root: str, run: str) -> Feed:
    return Feed(library().open(run))


def forget(run: str) -> None:
    """Let go of the reader of a run that is deleted, or has come back."""
    _feed.clear(str(library().root), run)


def watched(view: RunView, step: int | None) -> Watched:
    """The model of a kept step, ready to be looked into; None: as it is born. RunError if the step is not kept."""
    return _model(str(library().root), view.id, step)


@st.cache_resource(show_spinner=False, max_entries=24)
def _model(root: str, run: str, step: int | None) -> Watched:
    opened = library().open(run)
    if step is None:
        trainer = build_trainer(opened.folder, opened.config)
        model, task = trainer.model.eval(), trainer.task
    else:
        model, task = opened.model_at(step)
    return Watched(ModelKey(run, step or 0), model, task, tuple(opened.config.train.without))


class _Counting:
    """Baselines of one task; None until they were counted, which happens beside the page."""

    def __init__(self, task: Task) -> None:
        self.found: Mapping[str, float] = {}
        self.thread = beside(self._count, task)

    def _count(self, task: Task) -> None:
        with contextlib.suppress(Exception):  # a task without enough data has no baselines
            counted = baselines(task, "validation")
            self.found = {f"curve_{name}": value for name, value in counted.items()}
            if (simple := exact_match_without_a_model(task, "validation")) is not None:
                self.found |= {SIMPLE: simple}


@st.cache_resource(show_spinner=False, max_entries=32)
def _counting(key: str, _task: Task) -> _Counting:
    return _Counting(_task)


def task_baselines(key: str, task: Task) -> Mapping[str, float]:
    """What counting alone achieves on a task; empty until it was counted. `key` names the task and its data."""
    return _counting(key, task).found
