"""The strip of a page with runs at work: it makes the run when it is first told something, tells it, starts it anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from attnviz.data import InputError
from attnviz.runs import Run
from attnviz.runs.feed import RunView
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs.chosen_run import choose_run, chosen_run, take_over, view_of
from attnviz.ui.runs.console import console
from attnviz.ui.runs.library import feed, library
from attnviz.ui.runs.trouble import trouble
from attnviz.ui.text import words


@dataclass(frozen=True)
class Driver:
    """Controls of one page's run."""

    page: str
    make: Callable[[Frame], Run | None]  # a run of what is chosen; None after a sentence that says what is missing
    watch: Callable[[], None]  # turn to the view in which the run is seen

    @property
    def moving(self) -> str:
        """Session state: whether the run moved when the page was last drawn."""
        return f"{self.page}-moving"

    def strip(self, frame: Frame) -> None:
        """Controls and numbers; when the run starts or stops moving, the page learns it here."""
        view = view_of(self.page, frame.language)

        def act(kind: str, **arguments: object) -> None:
            self.tell(frame, view, kind, **arguments)

        def reset() -> None:
            self.reset(frame)

        def take() -> None:
            take_over(self.page)
            st.rerun()

        console(
            words("runs", frame.language), view, act, controls=chosen_run(self.page).controls, reset=reset, take=take
        )
        self.follow(view)

    def follow(self, view: RunView | None) -> None:
        """Draw the page anew when its run starts or stops moving."""
        if (view is not None and view.moving) != st.session_state.get(self.moving):
            st.rerun()

    def tell(self, frame: Frame, view: RunView | None, kind: str, **arguments: object) -> None:
        """Send a command; without a run, the choices become one first."""
        try:
            run = None if view is None else view.id
            if run is None and (made := self.make(frame)) is not None:
                run = made.id
                self._begin(made)
            if run is not None:
                library().open(run).send(kind, **arguments)
                feed(run).view(now=True)
                if kind == "phase":
                    st.session_state[f"{self.page}-panel"] = "phases"
        except InputError as error:
            trouble(explain(error, frame.language))
        st.rerun()

    def reset(self, frame: Frame) -> None:
        """The same run from the beginning; the old one goes to the bin."""
        run = chosen_run(self.page).run
        if run is None:
            return
        try:
            choose_run(self.page, library().restart(run).id)
            st.toast(words("runs", frame.language)("reset_done"))
        except InputError as error:
            trouble(explain(error, frame.language))
        st.rerun()

    def _begin(self, made: Run) -> None:
        choose_run(self.page, made.id)
        self.watch()
        speed = st.session_state.get("run-speed", "0")
        if speed != "0":
            made.send("speed", steps_per_second=float(speed))
        st.session_state["run-speed-of"] = made.id
