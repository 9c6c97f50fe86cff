"""Which run a session looks at, and whether it may control it.

Who makes a run, or opens it from the list, controls it. Who comes by its link watches, with sentences and heads of
their own, and may take control by a button.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from attnviz.data import InputError
from attnviz.language import Language
from attnviz.runs.feed import RunView
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.notices import shortened
from attnviz.ui.runs.library import feed
from attnviz.ui.runs.trouble import trouble
from attnviz.ui.text import words


@dataclass(frozen=True)
class ChosenRun:
    """The run that a session sees on one page."""

    run: str | None = None
    controls: bool = True


def chosen_run(page: str) -> ChosenRun:
    """The session's run; at the first call it is what the address says."""
    key = f"chosen-run:{page}"
    if key not in st.session_state:
        asked = st.query_params.get("run", "")
        st.session_state[key] = ChosenRun(asked, controls=False) if asked else ChosenRun()
    found: ChosenRun = st.session_state[key]
    return found


def choose_run(page: str, run: str | None, *, controls: bool = True) -> None:
    """Go to a run and control it, or only watch it; None: to a new one."""
    st.session_state[f"chosen-run:{page}"] = ChosenRun(run, controls)


def take_over(page: str) -> None:
    """Control the run that was only watched."""
    st.session_state[f"chosen-run:{page}"] = replace(chosen_run(page), controls=True)


def view_of(page: str, language: Language) -> RunView | None:
    """What the session's run has written; None without a run. A link to a run that is not here is said once."""
    run = chosen_run(page).run
    if run is None:
        return None
    try:
        return feed(run).view()
    except InputError as error:
        choose_run(page, None)
        trouble(words("runs", language)("run_gone", name=shortened(run, 40), why=explain(error, language)))
        return None
