"""Which run a session looks at, and whether it may control it.

Who makes a run, or opens it from the list, controls it. Who comes by its link watches, with sentences and heads of
their own, and may take control by a button.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from attnviz.data import InputError
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.notices import shortened
from attnviz.ui.runs.feed import View
from attnviz.ui.runs.library import feed
from attnviz.ui.text import Language, words


@dataclass(frozen=True)
class Seat:
    """Where a session sits on one page."""

    run: str | None = None
    controls: bool = True


def seat(page: str) -> Seat:
    """The session's seat; at the first call it is what the address says."""
    key = f"seat:{page}"
    if key not in st.session_state:
        asked = st.query_params.get("run", "")
        st.session_state[key] = Seat(asked, controls=False) if asked else Seat()
    found: Seat = st.session_state[key]
    return found


def sit(page: str, run: str | None, *, controls: bool = True) -> None:
    """Go to a run and control it, or only watch it; None: to a new one."""
    st.session_state[f"seat:{page}"] = Seat(run, controls)


def take_over(page: str) -> None:
    """Control the run that was only watched."""
    st.session_state[f"seat:{page}"] = replace(seat(page), controls=True)


def view_of(page: str, language: Language) -> View | None:
    """What the session's run has written; None without a run. A link to a run that is not here is said once."""
    run = seat(page).run
    if run is None:
        return None
    try:
        return feed(run).view()
    except InputError as error:
        sit(page, None)
        trouble(words("runs", language)("run_gone", name=shortened(run, 40), why=explain(error, language)))
        return None


# ---- sentences that outlive the rerun in which they came up ----------------------------------------------------


def trouble(sentence: str) -> None:
    """Keep a sentence about what went wrong until it was shown."""
    st.session_state.setdefault("runs-trouble", []).append(sentence)


def troubles() -> list[str]:
    """The sentences kept, once."""
    found: list[str] = st.session_state.pop("runs-trouble", [])
    return found
