"""The picture of a run: panels on the left, every head on the right, time below. All three move together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

import streamlit as st

from attnviz.data import InputError, Task
from attnviz.runs.feed import RunView
from attnviz.ui.attention.picture import AttentionPicture
from attnviz.ui.attention.stage import attention_stage
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.link import said, written
from attnviz.ui.frame.notices import notice, notice_lines
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs import curves, heads, samples
from attnviz.ui.runs.heads import Reading, Watched
from attnviz.ui.runs.library import task_baselines, watched
from attnviz.ui.runs.link import RUN, STEP
from attnviz.ui.runs.marks import marks_of
from attnviz.ui.runs.style import card
from attnviz.ui.runs.timeline import Moment, TimeLine, chosen_moment, timeline
from attnviz.ui.sentence import reading
from attnviz.ui.sentence.row import sentence_row
from attnviz.ui.text import Words, words

TIME = "run-time"  # the time line's key
STAGE = "run-stage"
COLUMNS = (6, 13)  # shares of panels and heads
Panel = Callable[[RunView, int | None, Watched | None], None]  # draws a run as it was at a step; None: as it is
Claim = Callable[[RunView, Moment, Watched | None, Reading | None], None]  # says something about what is drawn
Instead = Callable[[RunView], AttentionPicture | None]  # what the stage shows while a panel is open


def dashboard(
    frame: Frame,
    page: str,
    view: RunView,
    panels: Mapping[str, Panel],
    instead: Mapping[str, Instead],
    claim: Claim,
) -> None:
    """Everything about a run.

    `panels` are drawn beside curves and samples; `instead` is what the stage shows while a panel of that name is open.
    """
    t = words("runs", frame.language)
    moment = chosen_moment(TIME, view.id, view.kept, asked_step(view.id))
    at = moment.step
    mirror("address-step", **written({STEP: at}))
    step = at if at is not None else max(view.kept, default=None)
    model = _model(frame, view, step)
    if view.status.error is not None:
        notice(explain(view.status.error, frame.language), "error")
    place, found = st.container(), None
    left, right = st.columns(COLUMNS, gap="small")
    with left, card("panels"):
        chosen = _panels(t, page, view, at, panels, model)
    with right, st.container(key="rn-heads", gap="small"):
        other = instead[chosen](view) if chosen in instead else None
        if other is not None:
            st.html(f'<div class="rn-line"><small>{escape(t("phase_forward"))}</small>{escape(t("ph_stage"))}</div>')
            attention_stage(other, key=f"{STAGE}-{chosen}")
        elif model is not None:
            found = draw_heads(frame, t, model, f"{view.config.task}-{model.key.step}", moment)
    with card("time"):
        draw_time(t, view, at)
    with place:
        claim(view, moment, model, found)


def asked_step(run: str) -> int | None:
    """The step that the address said when the session came to this run."""
    asked: int | None = st.session_state.setdefault(f"asked-step:{run}", said(STEP) if said(RUN) == run else None)
    return asked


def _model(frame: Frame, view: RunView, step: int | None) -> Watched | None:
    try:
        return watched(view, step)
    except InputError as error:
        notice(explain(error, frame.language), "warning")
        return None


def _panels(
    t: Words, page: str, view: RunView, at: int | None, panels: Mapping[str, Panel], model: Watched | None
) -> str:
    names = ("curves", "samples", *panels)
    chosen = choose(
        f"{page}-panel", t("panel"), names, lambda name: t(f"panel_{name}"), default="curves", look="segments"
    )
    if chosen == "curves":
        known = {} if model is None else task_baselines(_task_key(view), model.task)
        curves.draw(view, at, known, t, key=f"{page}-curves")
    elif chosen == "samples":
        _samples(t, view, at)
    else:
        panels[chosen](view, at, model)
    return chosen


def _task_key(view: RunView) -> str:
    config = view.config
    return f"{config.task} {sorted(config.task_options.items())} {config.own_file} {config.train.objective}"


def _samples(t: Words, view: RunView, at: int | None) -> None:
    now = samples.at_step(view, at)
    if not now:
        st.html(f'<p class="rn-empty">{escape(t("samples_none"))}</p>')
        return
    title = f"{t('samples_title')} · {t('samples_step', step=f'{now[0].step:,}')}"
    st.html(f'<h2 class="rn-small">{escape(title)}</h2>{samples.table(now, t)}')
    st.html(samples.story(samples.history(view, now[0].source, at), t))


def sentence_name(task: Task) -> str:
    """What sentences are kept by: another objective of the same task reads other ones."""
    objective = task.options.get("objective")
    return f"{task.info.name} {objective}" if objective else task.info.name


def draw_heads(frame: Frame, t: Words, model: Watched, name: str, moment: Moment | None = None) -> Reading | None:
    """A sentence of one's own, what the model makes of it, and every head on it, opened at that of `moment`."""
    chosen = sentence_row(frame, model.task, name=sentence_name(model.task), longest=reading.room(model.model) - 1)
    found = heads.on_stage(model, chosen.text, frame.language, key=STAGE)
    if found is not None:
        step = t("attention_at", step=f"{model.key.step:,}")
        st.html(f'<div class="rn-line"><small>{escape(step)}</small>{heads.verdict_line(found, model.task, t)}</div>')
        heads.draw_stage(found, model, frame.language, key=STAGE, name=f"attnviz-{name}", moment=moment)
        notice_lines([explain(remark, frame.language) for remark in found.sentence.notices])
    return found


def draw_time(t: Words, view: RunView, at: int | None) -> None:
    """The time line of a run."""
    line = TimeLine(
        scope=view.id,
        steps=view.kept,
        total=view.status.steps,
        done=view.status.step,
        at=at,
        marks=marks_of(view, t),
        moving=view.status.state == "running",
    )
    timeline(line, t, key=TIME)
