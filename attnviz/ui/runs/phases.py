"""One step taken apart: the phases done, the numbers of the one looked at, and a button for the next."""

from __future__ import annotations

from html import escape

import streamlit as st

from attnviz.runs.feed import RunView
from attnviz.training.phase_reports import PHASES, ForwardReport, PhaseReport
from attnviz.ui.attention.picture import AttentionPicture
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs import phase_pictures
from attnviz.ui.runs.acting import Act
from attnviz.ui.runs.heads import Watched
from attnviz.ui.runs.library import library
from attnviz.ui.text import Words, words

SHOWN = "phase-shown"  # session state: the phase that is looked at


def reports(view: RunView) -> tuple[PhaseReport, ...]:
    """The phases done of the step that was last taken apart."""
    return library().open(view.id).phase_reports()


def show(frame: Frame, view: RunView, model: Watched | None, act: Act) -> None:
    """Draw the panel."""
    t = words("runs", frame.language)
    done = reports(view)
    going = view.status.phase is not None and len(done) < len(PHASES)
    waiting = view.status.pending > 0
    last = view.status.state == "finished"
    label = t("phase_next") if going else t("phase_start")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        pressed = st.button(
            label, icon=":material/footprint:", key="phase-next", type="primary", disabled=waiting or last
        )
        weight = _weight(t, model)
    if pressed:
        act("phase", **({"weight": weight} if weight else {}))
    if not done:
        st.html(f'<p class="rn-empty">{escape(t("phase_waiting") if waiting else t("phase_none"))}</p>')
        return
    chosen = _chosen(t, view, done)
    if chosen is not None:
        st.html(phase_pictures.draw(chosen, t))


def _weight(t: Words, model: Watched | None) -> str | None:
    if model is None:
        return None
    names = [name for name, one in model.model.named_parameters() if one.dim() == 2]
    kept = st.session_state.get("phase-weight")
    picked = st.selectbox(
        t("phase_weight"),
        names,
        index=names.index(kept) if kept in names else None,
        placeholder=t("phase_weight"),
        label_visibility="collapsed",
        key="phase-weight-pick",
    )
    st.session_state["phase-weight"] = picked
    return picked


def _chosen(t: Words, view: RunView, done: tuple[PhaseReport, ...]) -> PhaseReport | None:
    """The phase that is looked at: the newest, until another is chosen."""
    names = [report.phase for report in done]
    numbered = {name: f"{place} {t(f'phase_{name}')}" for place, name in enumerate(PHASES, start=1)}
    st.html(f'<h2 class="rn-small">{escape(t("at_step", step=f"{done[-1].step:,}"))}</h2>')
    # Another phase done is another question, so that the answer begins with the newest one.
    question = f"phase-of:{view.id}:{done[-1].step}:{len(done)}"
    chosen = choose(question, t("phase"), names, numbered.__getitem__, default=names[-1], look="segments")
    st.session_state[SHOWN] = chosen
    return next((report for report in done if report.phase == chosen), None)


def attention(frame: Frame, view: RunView) -> AttentionPicture | None:
    """The heads of the forward pass, while the panel looks at it."""
    if st.session_state.get(SHOWN) not in ("forward", "loss"):
        return None
    forward = next((one for one in reports(view) if isinstance(one, ForwardReport)), None)
    return None if forward is None else phase_pictures.attention(forward, frame.language, f"phase {view.id}")
