"""What a model of one step achieves on data that it was not trained on; counted once for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from attnviz.data import Pair
from attnviz.data.tasks.labels import LabelTask
from attnviz.training.evaluation import Metrics, evaluate
from attnviz.training.finetuning.ensemble import Member, outputs
from attnviz.training.finetuning.labels import LabelReport, label_report, majority_report, naive_bayes_report
from attnviz.training.finetuning.model_card import Measured
from attnviz.ui.finetuning.tuned_models import Tuned

LIMIT = 300  # examples of the test split
OLD = 1000  # examples of the old task that a card reports on
WRITTEN = 40  # of which the outputs are shown


@dataclass(frozen=True, eq=False)
class Tested:
    """Figures on the first LIMIT examples of the test splits; nothing is measured that is not shown."""

    new: Metrics
    first: Metrics  # the model before the first step, on the new task's test split
    old: Metrics | None  # the old task's test split; None where it is not at hand
    old_before: Metrics | None  # the same before the first step


@dataclass(frozen=True)
class Written:
    """One test example and what the model makes of it."""

    pair: Pair
    said: tuple[str, ...]

    @property
    def right(self) -> bool:
        return self.said == self.pair.target


@dataclass(frozen=True, eq=False)
class Labelled:
    """The decisions of the model, of the model before the first step, and of what counting alone achieves."""

    model: LabelReport
    baselines: Mapping[str, LabelReport]  # "majority", "bayes"


def tested(now: Tuned) -> Tested:
    """How good the model is on the test splits."""
    return _tested(now.run, now.step, now)


@st.cache_resource(show_spinner=False, max_entries=32)
def _tested(run: str, step: int, _now: Tuned) -> Tested:
    new = evaluate(_now.model, _now.task, "test", limit=LIMIT)
    old = _now.tuner.evaluate_old_task("test", limit=LIMIT) if _now.tuner.watches_old_task else None
    return Tested(new, _first(run, _now), old, _old_first(run, _now) if old is not None else None)


def carded(now: Tuned) -> Measured:
    """What the model card reports: all of the splits, as `attnviz eval` measures them."""
    return _carded(now.run, now.step, now)


@st.cache_resource(show_spinner=False, max_entries=8)
def _carded(run: str, step: int, _now: Tuned) -> Measured:
    tuner, prepared, task = _now.tuner, _now.prepared, _now.task
    old = old_before = None
    if tuner.watches_old_task:
        old = tuner.evaluate_old_task("test", limit=OLD)
        old_before = evaluate(prepared.old_model(prepared.before), prepared.start.task, "test", limit=OLD)
    labels: dict[str, LabelReport] = {}
    if isinstance(task, LabelTask):
        labels["model"] = label_report(_now.model, task, "test")
        labels["bayes"], labels["majority"] = naive_bayes_report(task, "test"), majority_report(task, "test")
    return Measured(
        new={split: evaluate(_now.model, task, split) for split in ("validation", "test")},
        before=evaluate(prepared.before, task, "test"),
        old=old,
        old_before=old_before,
        labels=labels,
    )


@st.cache_resource(show_spinner=False, max_entries=32)
def _first(run: str, _now: Tuned) -> Metrics:
    return evaluate(_now.prepared.before, _now.task, "test", limit=LIMIT)


@st.cache_resource(show_spinner=False, max_entries=32)
def _old_first(run: str, _now: Tuned) -> Metrics:
    prepared = _now.prepared
    return evaluate(prepared.old_model(prepared.before), prepared.start.task, "test", limit=LIMIT)


@st.cache_resource(show_spinner=False, max_entries=32)
def _written(run: str, step: int, _now: Tuned) -> tuple[Written, ...]:
    pairs = _now.task.split("test")[:WRITTEN]
    said = outputs(Member(_now.model, _now.task), pairs)
    return tuple(Written(pair, one) for pair, one in zip(pairs, said, strict=True))


def written(now: Tuned) -> tuple[Written, ...]:
    """What the model writes freely for the first examples of the test split."""
    return _written(now.run, now.step, now)


def labelled(now: Tuned, task: LabelTask) -> Labelled:
    """The decisions on the test split."""
    return Labelled(_labelled(now.run, now.step, now), _baselines(now.run, task))


@st.cache_resource(show_spinner=False, max_entries=32)
def _labelled(run: str, step: int, _now: Tuned) -> LabelReport:
    assert isinstance(_now.task, LabelTask), "asked for tasks with labels"
    return label_report(_now.model, _now.task, "test", limit=LIMIT)


@st.cache_resource(show_spinner=False, max_entries=32)
def _baselines(run: str, _task: LabelTask) -> Mapping[str, LabelReport]:
    return {
        "majority": majority_report(_task, "test", limit=LIMIT),
        "bayes": naive_bayes_report(_task, "test", limit=LIMIT),
    }
