"""A part of a page that runs again by itself, with the boundary inside."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from attnviz.ui.boundary import boundary

MOVING = 1.0  # seconds between two looks at a run that goes on
RESTING = 3.0  # at one that somebody else may set going


def polled(body: Callable[[], None], *, moving: bool) -> None:
    """Draw `body` now and again and again, faster while the run moves."""

    def guarded() -> None:
        with boundary():
            body()

    st.fragment(guarded, run_every=MOVING if moving else RESTING)()
