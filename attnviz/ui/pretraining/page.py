"""The page Pretraining, part by part: the strip, the switch between views, and the view."""

from __future__ import annotations

import streamlit as st

from attnviz.data import InputError
from attnviz.ui.boundary import explain
from attnviz.ui.components.address import mirror
from attnviz.ui.controls import choose
from attnviz.ui.notices import notice_lines
from attnviz.ui.page import Frame
from attnviz.ui.pretraining import breaking, data_tab, opening
from attnviz.ui.pretraining.choices import current, task_of
from attnviz.ui.runs import comparison, listing, phases, scene, sheet
from attnviz.ui.runs.console import console
from attnviz.ui.runs.feed import View
from attnviz.ui.runs.library import feed, library, wake_runs
from attnviz.ui.runs.polling import polled
from attnviz.ui.runs.seat import seat, sit, take_over, trouble, troubles, view_of
from attnviz.ui.text import words

PAGE = "pretraining"
VIEWS = ("train", "data", "compare", "list")
VIEW = "pretraining-view"


def show(frame: Frame) -> None:
    """Draw the page for the run that the session looks at, or for the next one."""
    sheet.apply()
    wake_runs()
    view = view_of(PAGE, frame.language)
    sitting = seat(PAGE)
    st.session_state["pretraining-moving"] = view is not None and view.moving
    moving = st.session_state["pretraining-moving"]
    with frame.controls:
        polled(lambda: _strip(frame), moving=moving)
    chosen = _views(frame)
    mirror("address-run", run=sitting.run if view is not None else None, view=None if chosen == "train" else chosen)
    if view is None or chosen != "train":
        mirror("address-step", step=None)
    with frame.notices:
        notice_lines(troubles(), "warning")
    if chosen == "data":
        data_tab.show(frame)
    elif chosen == "list":
        listing.show(frame, PAGE, lambda one: not one.finetune, opened=_to_train)
    elif chosen == "compare":
        comparison.show(frame, PAGE, lambda one: not one.finetune)
    elif view is None:
        opening.show(frame)
    else:
        polled(lambda: _watch(frame), moving=moving)


def _views(frame: Frame) -> str:
    asked = st.query_params.get("view", "")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        chosen = choose(
            VIEW,
            frame.t("view"),
            VIEWS,
            lambda code: frame.t(f"view_{code}"),
            default=asked if asked in VIEWS else "train",
            look="segments",
        )
        t = words("runs", frame.language)
        if seat(PAGE).run is not None and st.button(
            t("new_run"), icon=":material/add:", key="run-new", help=t("new_run_help")
        ):
            sit(PAGE, None)
            _to_train()
            st.rerun()
    return chosen


def _to_train() -> None:
    st.session_state[VIEW] = "train"


def _strip(frame: Frame) -> None:
    """Controls and numbers; when the run starts or stops moving, the page learns it here."""
    t = words("runs", frame.language)
    view = view_of(PAGE, frame.language)
    if (view is not None and view.moving) != st.session_state.get("pretraining-moving"):
        st.rerun()

    def act(kind: str, **arguments: object) -> None:
        _tell(frame, view, kind, **arguments)

    def reset() -> None:
        _reset(frame)

    def take() -> None:
        take_over(PAGE)
        st.rerun()

    console(t, view, act, controls=seat(PAGE).controls, reset=reset, take=take)


def _tell(frame: Frame, view: View | None, kind: str, **arguments: object) -> None:
    """Send a command; without a run, the choices become one first."""
    try:
        run = None if view is None else view.id
        if run is None:
            choices = current()
            task = task_of(choices)
            made = library().create(opening.run_config(frame, choices, task), choices.own.data if choices.own else None)
            run = made.id
            sit(PAGE, run)
            _to_train()
            speed = st.session_state.get("run-speed", "0")
            if speed != "0":
                made.send("speed", steps_per_second=float(speed))
            st.session_state["run-speed-of"] = run
        library().open(run).send(kind, **arguments)
        feed(run).view(now=True)
        if kind == "phase":
            st.session_state[f"{PAGE}-panel"] = "phases"
    except InputError as error:
        trouble(explain(error, frame.language))
    except ValueError as error:
        trouble(frame.t("impossible", why=str(error)))
    st.rerun()


def _reset(frame: Frame) -> None:
    run = seat(PAGE).run
    if run is None:
        return
    try:
        new = library().restart(run)
        sit(PAGE, new.id)
        st.toast(words("runs", frame.language)("reset_done"))
    except InputError as error:
        trouble(explain(error, frame.language))
    st.rerun()


def _watch(frame: Frame) -> None:
    view = view_of(PAGE, frame.language)
    if view is None:
        st.rerun()
        return
    if view.moving != st.session_state.get("pretraining-moving"):
        st.rerun()

    def tell(kind: str, **arguments: object) -> None:
        _tell(frame, view, kind, **arguments)

    panels: dict[str, scene.Panel] = {
        "phases": lambda view, at, model: phases.show(frame, view, model, tell),
        "break": lambda view, at, model: breaking.show(frame, PAGE, view, at, model),
    }
    scene.scene(
        frame,
        PAGE,
        view,
        panels if seat(PAGE).controls else {},
        {"phases": lambda view: phases.attention(frame, view)},
    )
