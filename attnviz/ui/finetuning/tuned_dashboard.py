"""A run on screen: curves on the left, on the right one of its pictures, time below. All move together."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

from attnviz.data import InputError
from attnviz.runs.feed import RunView
from attnviz.ui.finetuning import change, picture, results, saving, tuned_models
from attnviz.ui.finetuning.task_measures import changes, over_time
from attnviz.ui.finetuning.tuned_models import Before, Tuned
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.notices import notice
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs import curves, dashboard, phases, samples
from attnviz.ui.runs.acting import Act
from attnviz.ui.runs.chart import Line, chart
from attnviz.ui.runs.series import losses
from attnviz.ui.runs.style import card
from attnviz.ui.runs.timeline import Moment, chosen_moment
from attnviz.ui.text import words

PANELS = ("gain", "curves", "samples", "phases")
PICTURES = ("picture", "change", "heads", "results", "save")
FRAMES = {"gain": 230, "loss": 190}  # pixels


def show(frame: Frame, page: str, view: RunView, act: Act, controls: bool) -> None:
    """Everything about a run."""
    moment = chosen_moment(dashboard.TIME, view.id, view.kept)
    at = moment.step
    if moment.asked != st.session_state.get("ft-head-asked", ""):  # a head was asked for: to the heads
        st.session_state["ft-head-asked"] = moment.asked
        if moment.head is not None:
            st.session_state["ft-shown"] = "heads"
    if view.status.error is not None:
        notice(explain(view.status.error, frame.language), "error")
    now = _moment(frame, view, at)
    first = Before()
    if now is not None:
        first = tuned_models.before(view.id, now.prepared, view.config.train.eval_examples)
    left, right = st.columns(dashboard.COLUMNS, gap="small")
    with left, card("panels"):
        _panel(frame, page, view, at, now, first, act, controls)
    with right, card("ft-picture"):
        _picture(frame, view, moment, now, first)
    with card("time"):
        dashboard.draw_time(words("runs", frame.language), view, at)


def settled(view: RunView) -> bool:
    """Whether nothing more comes by itself: what was before the first step has been measured, or never will be."""
    try:
        now = tuned_models.tuned_at(view, None)
    except InputError:
        return True
    return now is None or tuned_models.known_before(view.id, now.prepared, view.config.train.eval_examples)


def _moment(frame: Frame, view: RunView, at: int | None) -> Tuned | None:
    try:
        return tuned_models.tuned_at(view, at)
    except InputError as error:
        notice(explain(error, frame.language), "warning")
        return None


def _panel(
    frame: Frame, page: str, view: RunView, at: int | None, now: Tuned | None, first: Before, act: Act, controls: bool
) -> None:
    t = words("runs", frame.language)
    names = PANELS if controls else PANELS[:-1]
    said = {"gain": frame.t("panel_gain")} | {name: t(f"panel_{name}") for name in PANELS[1:]}
    chosen = choose(f"{page}-panel", t("panel"), names, said.__getitem__, default="gain", look="segments")
    if chosen == "gain":
        _gain(frame, view, at, now, first)
    elif chosen == "curves":
        curves.draw(view, at, {}, t, key=f"{page}-curves")
    elif chosen == "samples":
        found = samples.at_step(view, at)
        if not found:
            st.html(f'<p class="rn-empty">{escape(t("samples_none"))}</p>')
            return
        title = f"{t('samples_title')} · {t('samples_step', step=f'{found[0].step:,}')}"
        st.html(f'<h2 class="rn-small">{escape(title)}</h2>{samples.table(found, t)}')
        st.html(samples.story(samples.history(view, found[0].source, at), t))
    else:
        phases.show(frame, view, None if now is None else now.watched, act)


def _gain(frame: Frame, view: RunView, at: int | None, now: Tuned | None, first: Before) -> None:
    """The old task against the new one over time, and the loss."""
    t = words("runs", frame.language)
    if now is None:
        st.html(f'<p class="rn-empty">{escape(frame.t("gain_waiting"))}</p>')
        return
    new, old = now.task, now.prepared.start.task
    names = (frame.t("tile_new"), frame.t("tile_old"))
    drawn = over_time(view, new, old, first, names)
    st.html(f'<h2 class="rn-small">{escape(frame.t("gain_title"))}</h2>')
    mark = "" if at is None else t("at_step", step=f"{at:,}")
    chart(
        [Line(name, series, role) for (name, series), role in zip(drawn.items(), ("after", "muted"), strict=False)],
        at=at,
        mark=mark,
        share=True,
        height=FRAMES["gain"],
        label=frame.t("gain_title"),
        key="ft-gain",
    )
    found = losses(view)
    st.html(f'<h2 class="rn-small">{escape(t("loss_title"))}</h2>')
    chart(
        [Line(t(name), series, curves.ROLES[name]) for name, series in found.items()],
        at=at,
        mark=mark,
        log=curves.spread(found),
        height=FRAMES["loss"],
        label=t("loss_title"),
        key="ft-loss",
    )
    said = [f"{names[0]}: {new.info.title[frame.language]}", f"{names[1]}: {old.info.title[frame.language]}"]
    if not now.tuner.watches_old_task:
        said[1] = frame.t("old_not_watched")
    st.html(f'<p class="ft-note">{escape(" · ".join(said))}</p>')


def _picture(frame: Frame, view: RunView, moment: Moment, now: Tuned | None, first: Before) -> None:
    chosen = choose(
        "ft-shown",
        frame.t("shown"),
        PICTURES,
        lambda code: frame.t(f"shown_{code}"),
        default="picture",
        look="segments",
    )
    if now is None:
        st.html(f'<p class="rn-empty">{escape(frame.t("picture_waiting"))}</p>')
        return
    draw: Callable[[], None] = {
        "picture": lambda: _model(frame, view, moment.step, now, first),
        "change": lambda: change.show(frame, now),
        "heads": lambda: _heads(frame, view, now, moment),
        "results": lambda: results.show(frame, now),
        "save": lambda: saving.show(frame, view, now),
    }[chosen]
    # What was shown before would stay until the new one is computed: it is hidden at once.
    st.html(f"<style>[class*='st-key-ft-slot-']:not(.st-key-ft-slot-{chosen}) {{ display: none; }}</style>")
    for name in PICTURES:
        with st.container(key=f"ft-slot-{name}"):
            if name == chosen:
                draw()


def _model(frame: Frame, view: RunView, at: int | None, now: Tuned, first: Before) -> None:
    found = changes(view.until(at), now.task, now.prepared.start.task, first)
    picture.show(frame, now.prepared, view.config.train.optimizer, now.step, found, now.drift)
    moment = frame.t("picture_at", step=f"{now.step:,}")
    st.html(f'<p class="ft-note">{escape(moment)} {escape(frame.t("drift_help"))}</p>')


def _heads(frame: Frame, view: RunView, now: Tuned, moment: Moment) -> None:
    with st.container(key="rn-heads", gap="small"):
        name = f"{view.config.task}-{now.step}"
        dashboard.draw_heads(frame, words("runs", frame.language), now.watched, name, moment)
