"""Before the first step: the preset ready to play, what will happen, and the heads as they are born."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from attnviz.config import TrainConfig
from attnviz.data import InputError, Task
from attnviz.data.objectives import with_objective
from attnviz.data.user_table import Layout
from attnviz.runs import RunConfig
from attnviz.training import make_model
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.notices import notice
from attnviz.ui.frame.page import Frame
from attnviz.ui.pretraining import claim, form
from attnviz.ui.pretraining.choices import Choices, current, keep, model_config, task_of
from attnviz.ui.runs import dashboard
from attnviz.ui.runs.adjusting import device_for_new_runs
from attnviz.ui.runs.fields import in_words
from attnviz.ui.runs.heads import ModelKey, Watched
from attnviz.ui.runs.library import free_name
from attnviz.ui.runs.style import card
from attnviz.ui.runs.timeline import TimeLine, timeline
from attnviz.ui.text import words

NAMED = 3  # changed settings that a run's name lists
LONGEST_NAME = 100


def show(frame: Frame) -> None:
    """The form on the left, the untrained heads on the right, an empty time line below."""
    t = words("runs", frame.language)
    place = st.container()
    left, right = st.columns(dashboard.COLUMNS, gap="small")
    task = _task(frame)
    if task is None:
        return
    with left, card("form"):
        form.show(frame, task)
        model = fresh(frame, current(), task)
        if model is not None:
            _outlook(frame, current(), model)
    with right, st.container(key="rn-heads", gap="small"):
        if model is not None:
            found = dashboard.draw_heads(frame, t, model, f"{task.info.name}-0")
            if found is not None:
                with place:
                    claim.untrained(frame, found, model, current().train.steps)
    with card("time"):
        steps = current().train.steps
        timeline(TimeLine(scope="", steps=(0,), total=steps, done=0, at=None), t, key=dashboard.TIME)


def _task(frame: Frame) -> Task | None:
    choices = current()
    try:
        return task_of(choices)
    except InputError as error:
        notice(explain(error, frame.language), "error")
        if st.button(frame.t("own_data_back"), key="opening-own-back"):
            keep(Choices(choices.preset))
            st.rerun()
        return None


def fresh(frame: Frame, choices: Choices, task: Task) -> Watched | None:
    """The model before any step; None after a sentence that says why there can be none."""
    try:
        return _fresh(signature(choices), choices, task)
    except InputError as error:
        notice(explain(error, frame.language), "error")
    return None


def signature(choices: Choices) -> str:
    """What a fresh model depends on."""
    own = choices.own.digest if choices.own else ""
    plan = [choices.task_name, choices.task_options, own, choices.shape, choices.train.to_dict()]
    return json.dumps(plan, sort_keys=True, default=str)


@st.cache_resource(show_spinner=False, max_entries=12)
def _fresh(key: str, _choices: Choices, _task: Task) -> Watched:
    train: TrainConfig = _choices.train
    task = with_objective(_task, train.objective)
    model = make_model(model_config(_choices, task), train.seed, train.initialiser).eval()
    return Watched(ModelKey(f"fresh {key}", 0), model, task, train.without)


def _outlook(frame: Frame, choices: Choices, model: Watched) -> None:
    """What will happen after ▶: the data, the size, and where the loss begins."""
    task, train = model.task, choices.train
    example = task.split("train")[0]
    source, target = task.detokenize_source(example.source), task.detokenize(example.target)
    rows = (
        ("outlook_data", frame.t("outlook_examples", count=f"{len(task.split('train')):,}")),
        ("outlook_example", f"{source} → {target}" if source else target[:60]),
        ("outlook_size", frame.t("outlook_parameters", count=f"{parameters(model):,}", heads=len(model.model.sites))),
        ("outlook_steps", frame.t("outlook_batches", steps=f"{train.steps:,}", size=train.batch_size)),
        ("outlook_start", frame.t("outlook_guess", loss=f"{math.log(len(task.tgt_vocab)):.2f}")),
    )
    lines = "".join(
        f'<dt>{escape(frame.t(key))}</dt><dd dir="auto">{escape(" ".join(value.split()))}</dd>' for key, value in rows
    )
    st.html(f'<div class="rn-outlook"><h2>{escape(frame.t("outlook"))}</h2><dl>{lines}</dl></div>')


def parameters(model: Watched) -> int:
    """Numbers that are trained."""
    return sum(parameter.numel() for parameter in model.model.parameters())


def run_config(frame: Frame, choices: Choices, task: Task) -> RunConfig:
    """The run that these choices make; its name says the task and what was changed.

    How a file of people's own was read is written down whole: another version of a detector must not read it anew.
    """
    probed = dashboard.sentence_name(with_objective(task, choices.train.objective))
    return RunConfig(
        name=free_name(name_of(frame, choices, task)),
        task=choices.task_name,
        task_options=choices.task_options | (Layout.of(task.options).chosen if choices.own else {}),
        own_file=choices.own.name if choices.own else None,
        shape=choices.shape,
        train=choices.train,
        device=device_for_new_runs(),
        probe=st.session_state.get("sentences", {}).get(probed) or None,
    )


def name_of(frame: Frame, choices: Choices, task: Task) -> str:
    """What the run is called at first."""
    t = words("runs", frame.language)
    changed: Mapping[str, Any] = {name: value for name, value in choices.changed.items() if f"field_{name}" in t_keys()}
    said = [f"{t(f'field_{name}')} {in_words(t, name, value)}" for name, value in list(changed.items())[:NAMED]]
    return " · ".join([task.info.title[frame.language], *said])[:LONGEST_NAME]


def t_keys() -> Mapping[str, Any]:
    """The texts that settings have."""
    from attnviz.ui.text import texts

    return texts("runs")
