"""Running an experiment here: at once where nothing is trained, in a process of its own where something is."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

from attnviz.errors import InputError
from attnviz.experiments import Experiment, Found, background
from attnviz.experiments.background import State
from attnviz.runs.folder import default_root
from attnviz.ui.experiments.catalogue import SEEDS, Entry, run_now
from attnviz.ui.experiments.words import digits, lasting
from attnviz.ui.frame.boundary import explain, live
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.notices import notice, plain
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs.polling import polled

FIRST = "experiment-first-seed"  # session state: name → the first seed of what is run at once
REFUSED = "experiment-refused"  # session state: name → why it could not be started
WHICH = ("here", "recorded")


def followed(frame: Frame, entry: Entry, body: Callable[[], None]) -> None:
    """Draw `body`, again and again while the experiment runs in the background."""
    if not entry.trains:
        live(body)()
        return
    moving = background.state(entry.experiment, default_root()).running

    def guarded() -> None:
        if background.state(entry.experiment, default_root()).running != moving:
            st.rerun()  # the whole page: it has ended, or somebody has started it
        body()

    polled(guarded, moving=moving)


def numbers_of(frame: Frame, entry: Entry) -> tuple[Found | None, bool]:
    """The numbers to show, and whether they were measured here."""
    one = entry.experiment
    if not entry.trains:
        if entry.problem is not None and entry.recorded is None and entry.problem.code != "experiment_recording":
            return None, False
        try:
            return run_now(entry, st.session_state.get(FIRST, {}).get(one.name, 0)), True
        except InputError as error:
            notice(explain(error, frame.language), "error")
            return entry.recorded, False
    found = background.state(one, default_root()).found
    if found is None or entry.recorded is None:
        return (found, True) if found is not None else (entry.recorded, False)
    which = choose(
        f"experiment-which-{one.name}",
        frame.t("which"),
        WHICH,
        lambda code: frame.t(f"which_{code}"),
        default="here",
        look="segments",
    )
    return (found, True) if which == "here" else (entry.recorded, False)


def panel(frame: Frame, entry: Entry) -> None:
    """Start, follow and stop a run of one's own."""
    one = entry.experiment
    if entry.problem is not None and entry.problem.code != "experiment_recording":
        return
    if not entry.trains:
        st.button(
            plain(frame.t("other_seeds")),
            key=f"experiment-seeds-{one.name}",
            on_click=_other_seeds,
            args=(one.name,),
            icon=":material/casino:",
        )
        return
    now = background.state(one, default_root())
    with st.container(key="av-exp-run"):
        if now.running:
            _progress(frame, one, now)
            return
        refused = st.session_state.get(REFUSED, {}).pop(one.name, None)
        for problem in (refused, now.problem):
            if problem is not None:
                notice(explain(problem, frame.language), "warning")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                plain(frame.t("run")),
                key=f"experiment-run-{one.name}",
                on_click=_start,
                args=(one,),
                icon=":material/play_arrow:",
                type="secondary" if entry.recorded or now.found else "primary",
            )
            st.html(f'<p class="av-exp-hint">{escape(frame.t("run_hint", lasts=lasting(frame.t, one.seconds)))}</p>')


def _progress(frame: Frame, one: Experiment, now: State) -> None:
    t, step = frame.t, now.step
    if step is None:
        said, share = t("starting"), 0.0
    else:
        share = step.done / max(1, step.total)
        left = step.seconds / max(1, step.done) * (step.total - step.done)
        said = t("progress", model=step.model, seed=step.seed, loss=digits(f"{step.loss:.3g}"), left=lasting(t, left))
        if step.done >= step.total:
            said = t("measuring")
    st.html(
        f'<div class="av-exp-progress" role="progressbar" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{100 * share:.0f}"><i style="width:{100 * share:.1f}%"></i></div>'
        f'<p class="av-exp-hint">{escape(said)}</p>'
    )
    st.button(plain(t("stop")), key=f"experiment-stop-{one.name}", on_click=_stop, args=(one,), icon=":material/stop:")


def _other_seeds(name: str) -> None:
    firsts = st.session_state.setdefault(FIRST, {})
    firsts[name] = (firsts.get(name, 0) + SEEDS) % (100 * SEEDS)


def _start(one: Experiment) -> None:
    try:
        background.start(one, default_root())
    except InputError as error:
        st.session_state.setdefault(REFUSED, {})[one.name] = error


def _stop(one: Experiment) -> None:
    try:
        background.stop(one, default_root())
    except InputError as error:
        st.session_state.setdefault(REFUSED, {})[one.name] = error
