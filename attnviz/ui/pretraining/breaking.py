"""Break it: predict, then one click forks the run with one thing taken out and puts the two beside each other.

What is to be seen is said beside the two runs, after the prediction, and not under the choices.
"""

from __future__ import annotations

from html import escape

import streamlit as st

from attnviz.data import InputError
from attnviz.experiments.recording import quoted
from attnviz.runs.feed import RunView
from attnviz.training.breakages import BREAKAGES, Breakage
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.notices import notice_lines, shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs.comparison import picked, put_beside
from attnviz.ui.runs.curves import number
from attnviz.ui.runs.heads import Watched
from attnviz.ui.runs.library import library
from attnviz.ui.runs.trouble import trouble

FROM = "break-from"
BEGIN, HERE = "begin", "here"
PREDICTION = "break-prediction"
PREDICTIONS = ("none", "better", "same", "worse")  # of what the broken run writes by itself in the end
BROKEN = "break-runs"  # session state: run → (what was taken out, what was predicted)


def show(frame: Frame, page: str, view: RunView, at: int | None, model: Watched | None) -> None:
    """The prediction, and the six; none can be broken before something is predicted."""
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
    st.html(f'<p class="rn-small">{escape(t("break_predict"))}</p>')
    predicted = choose(
        PREDICTION,
        t("break_predict"),
        PREDICTIONS,
        lambda code: t(f"break_predict_{code}"),
        default="none",
        look="segments",
    )
    for name, one in BREAKAGES.items():
        key = name.replace("-", "_")
        with st.container(key=f"rn-break-{name}", horizontal=True, vertical_alignment="center", gap="small"):
            st.html(f'<div class="rn-breakage"><b>{escape(t(f"break_{key}"))}</b></div>')
            possible = predicted != "none" and (model is None or one.fits(model.model.config, view.config.train))
            if st.button(t("break_do"), key=f"break-{name}", icon=":material/call_split:", disabled=not possible):
                fork(frame, page, view, one, here if begin == HERE and not one.from_start else 0)


def measured(frame: Frame, name: str) -> str:
    """What a run with this left out came to, beside the whole one, as the experiment "break-it" recorded it."""
    found = quoted("break-it")
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


def fork(frame: Frame, page: str, view: RunView, breakage: Breakage, step: int) -> None:
    """The same run from a step on, broken, beside it. The broken one plays; the old one stays as it is."""
    try:
        old = library().open(view.id)
        what = frame.t(f"break_{breakage.name.replace('-', '_')}")
        name = frame.t("break_name", name=shortened(old.name, 60), what=what)
        new = library().fork(view.id, step, breakage.changes(view.config.train), name=name)
        new.send("play")
    except InputError as error:
        trouble(explain(error, frame.language))
    else:
        put_beside(page, [view.id, new.id])
        broken: dict[str, tuple[str, str]] = st.session_state.setdefault(BROKEN, {})
        broken[new.id] = breakage.name, st.session_state.get(PREDICTION, "none")
        st.session_state["pretraining-view"] = "compare"
    st.rerun()


def to_be_seen(frame: Frame, page: str) -> None:
    """Of each broken run that is compared: what was predicted, and what to look for."""
    broken: dict[str, tuple[str, str]] = st.session_state.get(BROKEN, {})
    lines = []
    for run in picked(page):
        if run in broken:
            name, predicted = broken[run]
            key = f"break_{name.replace('-', '_')}"
            values = {"what": frame.t(key), "predicted": frame.t(f"break_predict_{predicted}")}
            watch = f"{frame.t(f'{key}_watch')} {measured(frame, name)}"
            lines.append(frame.t("break_seen", **values, watch=watch.strip()))
    notice_lines(lines)
