"""Training on a page of this kind: a run in its own process, its curves, and the stage at a kept step."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any, cast

import streamlit as st

from attnviz.config import FineTuneConfig, TrainConfig
from attnviz.data import InputError, Task, tasks
from attnviz.data.tasks.fields import FieldTask
from attnviz.language import Text
from attnviz.runs import Run, RunConfig
from attnviz.training import make_model
from attnviz.training.finetuning.prepare import prepare
from attnviz.training.recipes import model_config_for
from attnviz.training.start import from_checkpoint
from attnviz.ui.fields.explore import explore
from attnviz.ui.fields.models import model_of_run
from attnviz.ui.fields.scene import FieldModel, Scene
from attnviz.ui.frame.boundary import explain, live
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.notices import notice, notice_lines
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs import curves
from attnviz.ui.runs.adjusting import device_for_new_runs
from attnviz.ui.runs.chosen_run import choose_run, chosen_run, view_of
from attnviz.ui.runs.dashboard import TIME, asked_step, draw_time
from attnviz.ui.runs.driving import Driver
from attnviz.ui.runs.library import free_name, library
from attnviz.ui.runs.polling import polled
from attnviz.ui.runs.style import card
from attnviz.ui.runs.timeline import chosen_step
from attnviz.ui.text import words

COLUMNS = (5, 15)  # shares of the curves and the stage


@dataclass(frozen=True)
class Start:
    """What a run can be made of."""

    task: str
    title: Text
    shape: Mapping[str, Any]
    train: TrainConfig
    options: Mapping[str, Any] = field(default_factory=dict)
    own_file: str | None = None
    data: bytes | None = None
    digest: str = ""  # of the data
    begins_from: str = ""  # a shipped model that is fine-tuned; its shape is kept then
    finetune: FineTuneConfig | None = None

    @property
    def key(self) -> str:
        """What a model that is not trained yet depends on."""
        tuned = None if self.finetune is None else self.finetune.to_dict()
        parts = [self.task, dict(self.options), dict(self.shape), self.train.to_dict(), self.digest, tuned]
        return json.dumps(parts, sort_keys=True)


Starts = Mapping[str, Start]  # by name; the first is the first choice


def quick(train: TrainConfig, steps: int) -> TrainConfig:
    """A recipe's training as it suits a class: measured often, over within a minute."""
    return replace(train, steps=steps, eval_every=25, eval_examples=128)


def show(frame: Frame, scene: Scene, offered: Callable[[], Starts]) -> None:
    """The view: the next run, for which `offered` draws what can be chosen, or the one that the session looks at."""
    view = view_of(scene.page, frame.language)
    starts = offered() if view is None else {}
    driver = driver_of(scene, starts)
    moving = st.session_state[driver.moving] = view is not None and view.moving
    with frame.controls:
        polled(lambda: driver.strip(frame), moving=moving)
    if view is None:
        _before(frame, scene, starts)
    else:
        polled(lambda: _watch(frame, scene, driver), moving=moving)


def driver_of(scene: Scene, starts: Starts) -> Driver:
    """The strip's controls."""

    def made(frame: Frame) -> Run | None:
        start = _chosen(frame, scene, starts)
        task_of(start)  # says what is missing before a folder is made
        config = RunConfig(
            name=free_name(start.title[frame.language]),
            task=start.task,
            task_options=start.options,
            own_file=start.own_file,
            shape=start.shape,
            train=start.train,
            device=device_for_new_runs(),
            start={"checkpoint": start.begins_from} if start.begins_from else None,
            finetune=None if start.finetune is None else start.finetune.to_dict(),
        )
        return library().create(config, start.data)

    return Driver(scene.page, made, lambda: None)


def task_of(start: Start) -> FieldTask:
    """The task with its training data; InputError says what is missing."""
    task = _own(start.digest, json.dumps(dict(start.options)), start) if start.data is not None else _known(start)
    task.split("train")
    return cast(FieldTask, task)


def _known(start: Start) -> Task:
    return tasks.get(start.task, **start.options)


@st.cache_resource(show_spinner=False, max_entries=8)
def _own(digest: str, options: str, _start: Start) -> Task:
    assert _start.data is not None, "asked for people's own"
    return tasks.from_pictures(_start.data, name=_start.own_file or "", **_start.options)


def _name(scene: Scene) -> str:
    return f"{scene.page}-task"


def _chosen(frame: Frame, scene: Scene, starts: Starts) -> Start:
    return starts.get(str(st.session_state.get(_name(scene)))) or next(iter(starts.values()))


def _before(frame: Frame, scene: Scene, starts: Starts) -> None:
    """What will be trained, and the heads as they are born."""
    if len(starts) > 1:
        name = choose(
            _name(scene),
            frame.t("train_task"),
            tuple(starts),
            lambda name: starts[name].title[frame.language],
            default=next(iter(starts)),
            look="segments",
        )
        start = starts[name]
    else:
        start = next(iter(starts.values()))
    try:
        task = task_of(start)
        model = _fresh(start.key, start, task)
    except InputError as error:
        if error.code == "missing_package":
            notice(frame.t("train_missing", package=scene.package, extra=scene.extra), "warning")
        else:
            notice(explain(error, frame.language), "error")
        return
    said = {"examples": f"{len(task.split('train')):,}", "steps": f"{start.train.steps:,}"}
    parameters = f"{sum(one.numel() for one in model.model.parameters()):,}"
    notice_lines(
        [
            frame.t("train_first", parameters=parameters, **said),
            *(explain(remark, frame.language) for remark in task.notices),
        ]
    )
    live(explore)(frame, scene, model, claims=False)


@st.cache_resource(show_spinner=False, max_entries=12)
def _fresh(key: str, _start: Start, _task: FieldTask) -> FieldModel:
    train = _start.train
    if _start.finetune is not None:
        ready = prepare(from_checkpoint(_start.begins_from), _task, _start.finetune, seed=train.seed)
        return FieldModel(f"fresh {key}", f"fresh {key}", ready.model.eval(), cast(FieldTask, ready.task))
    model = make_model(model_config_for(_task, **_start.shape), train.seed, train.initialiser).eval()
    return FieldModel(f"fresh {key}", f"fresh {key}", model, _task)


def _watch(frame: Frame, scene: Scene, driver: Driver) -> None:
    view = view_of(scene.page, frame.language)
    if view is None:
        st.rerun()
        return
    driver.follow(view)
    t = words("runs", frame.language)
    at = chosen_step(TIME, view.id, view.kept, asked_step(view.id))
    step = at if at is not None else max(view.kept, default=None)
    if view.status.error is not None:
        notice(explain(view.status.error, frame.language), "error")
    left, right = st.columns(COLUMNS, gap="small")
    with left, card("panels"):
        if chosen_run(scene.page).controls and st.button(
            t("new_run"), icon=":material/add:", key=f"{scene.page}-new", help=t("new_run_help")
        ):
            choose_run(scene.page, None)
            st.rerun()
        curves.draw(view, at, {}, t, key=f"{scene.page}-curves", height=150, labels=True)
    with right:
        st.html(f'<div class="rn-line"><small>{escape(frame.t("train_at", step=f"{step or 0:,}"))}</small></div>')
        explore(frame, scene, model_of_run(view, step))
    with card("time"):
        draw_time(t, view, at)
