"""Break it: one click forks the run with one thing taken out, and puts the two beside each other."""

from __future__ import annotations

from html import escape

import streamlit as st

from attnviz.data import InputError
from attnviz.errors import ExperimentError
from attnviz.experiments import Found
from attnviz.experiments.recording import recorded
from attnviz.experiments.registry import shipped
from attnviz.runs.feed import RunView
from attnviz.training.breakages import BREAKAGES, Breakage
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.notices import shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs.comparison import put_beside
from attnviz.ui.runs.curves import number
from attnviz.ui.runs.heads import Watched
from attnviz.ui.runs.library import library
from attnviz.ui.runs.trouble import trouble

FROM = "break-from"
BEGIN, HERE = "begin", "here"


def show(frame: Frame, page: str, view: RunView, at: int | None, model: Watched | None) -> None:
    """The six, each with what to watch for."""
    t = frame.t
    st.html(f'<p class="rn-why">{escape(t("break_how"))}</p>')
    here = at if at is not None else max(view.kept, default=0)
    begin = BEGIN
    if here:
        begin = choose(
            FROM,
            t("break_from"),
            (BEGIN, HERE),
            lambda code: t(f"break_from_{code}", step=f"{here:,}") if code == HERE else t(f"break_from_{code}"),
            default=BEGIN,
            look="segments",
        )
    for name, one in BREAKAGES.items():
        key = name.replace("-", "_")
        with st.container(key=f"rn-break-{name}", horizontal=True, vertical_alignment="center", gap="small"):
            watch = f"{t(f'break_{key}_watch')} {measured(frame, name)}"
            st.html(f'<div class="rn-breakage"><b>{escape(t(f"break_{key}"))}</b><small>{escape(watch)}</small></div>')
            possible = model is None or one.fits(model.model.config, view.config.train)
            if st.button(t("break_do"), key=f"break-{name}", icon=":material/call_split:", disabled=not possible):
                fork(frame, page, view, one, here if begin == HERE and not one.from_start else 0)


def measured(frame: Frame, name: str) -> str:
    """What a run with this left out came to, beside the whole one, as the experiment "break-it" recorded it."""
    found = _recorded()
    if found is None:
        return ""
    means = found.means
    padded = f"{name}.padded" in means
    what = "padded" if padded else "exact"
    return frame.t(
        "break_measured_padded" if padded else "break_measured",
        seeds=len(found.seeds),
        whole=f"{means[f'whole.{what}']:.0%}",
        broken=f"{means[f'{name}.{what}']:.0%}",
        exact=f"{means[f'{name}.exact']:.0%}",
        whole_loss=number(means["whole.loss"]),
        broken_loss=number(means[f"{name}.loss"]),
    )


@st.cache_resource(show_spinner=False, ttl=600)
def _recorded() -> Found | None:
    try:
        return recorded(shipped()["break-it"])
    except ExperimentError:
        return None


def fork(frame: Frame, page: str, view: RunView, breakage: Breakage, step: int) -> None:
    """The same run from a step on, broken; both play, side by side."""
    try:
        old = library().open(view.id)
        what = frame.t(f"break_{breakage.name.replace('-', '_')}")
        name = frame.t("break_name", name=shortened(old.name, 60), what=what)
        new = library().fork(view.id, step, breakage.changes(view.config.train), name=name)
        new.send("play")
        if view.status.state in ("paused", "stopped") and view.status.step < view.status.steps:
            old.send("play")
    except InputError as error:
        trouble(explain(error, frame.language))
    else:
        put_beside(page, [view.id, new.id])
        st.session_state["pretraining-view"] = "compare"
    st.rerun()
