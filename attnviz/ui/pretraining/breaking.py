"""Break it: one click forks the run with one thing taken out, and puts the two beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import streamlit as st

from attnviz.data import InputError
from attnviz.ui.boundary import explain
from attnviz.ui.notices import shortened
from attnviz.ui.page import Frame
from attnviz.ui.runs.comparison import put_beside
from attnviz.ui.runs.feed import View
from attnviz.ui.runs.library import library
from attnviz.ui.runs.seat import sit, trouble


@dataclass(frozen=True)
class Breakage:
    """One thing taken out: of the masks and the data (`without`), or a change of settings."""

    name: str
    without: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)

    def applied(self, view: View) -> dict[str, Any]:
        """The changes that make a run this one broken."""
        if self.without:
            return {"without": tuple(sorted({*view.config.train.without, self.without}))}
        return dict(self.changes)

    def fits(self, view: View) -> bool:
        """Whether a run still has what would be taken out."""
        if self.without:
            return self.without not in view.config.train.without
        return any(view.config.shape.get(name, _USUAL.get(name)) != value for name, value in self.changes.items())


_USUAL: Mapping[str, Any] = {"positions": "learned", "scale_scores": True, "norm": "pre"}
BREAKAGES: tuple[Breakage, ...] = (
    Breakage("causal", without="causal-mask"),
    Breakage("shift", without="shift"),
    Breakage("padding", without="padding-mask"),
    Breakage("positions", changes={"positions": "none"}),
    Breakage("scale", changes={"scale_scores": False}),
    Breakage("post", changes={"norm": "post", "warmup_steps": 0}),
)


def show(frame: Frame, page: str, view: View, at: int | None) -> None:
    """The six, each with what to watch for."""
    t = frame.t
    st.html(f'<p class="rn-why">{escape(t("break_how"))}</p>')
    for one in BREAKAGES:
        with st.container(key=f"rn-break-{one.name}", horizontal=True, vertical_alignment="center", gap="small"):
            st.html(
                f'<div class="rn-breakage"><b>{escape(t(f"break_{one.name}"))}</b>'
                f"<small>{escape(t(f'break_{one.name}_watch'))}</small></div>"
            )
            if st.button(
                t("break_do"), key=f"break-{one.name}", icon=":material/call_split:", disabled=not one.fits(view)
            ):
                fork(frame, page, view, one)


def fork(frame: Frame, page: str, view: View, breakage: Breakage) -> None:
    """The same run from its first step, broken; both play, side by side."""
    try:
        old = library().open(view.id)
        name = frame.t("break_name", name=shortened(old.name, 60), what=frame.t(f"break_{breakage.name}"))
        new = library().fork(view.id, 0, breakage.applied(view), name=name)
        new.send("play")
        if view.status.state in ("paused", "stopped") and view.status.step < view.status.steps:
            old.send("play")
    except InputError as error:
        trouble(explain(error, frame.language))
        st.rerun()
    put_beside(page, [view.id, new.id])
    sit(page, view.id)
    st.session_state["pretraining-view"] = "compare"
    st.rerun()
