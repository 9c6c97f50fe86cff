"""The page Fine-tuning, part by part: the strip, the switch between views, and the view."""

from __future__ import annotations

from html import escape

import streamlit as st

from attnviz.runs import Run
from attnviz.runs.feed import RunView
from attnviz.ui.finetuning import elsewhere, folds, link, next_run, race, style, tuned_dashboard
from attnviz.ui.finetuning.choices import current, task_of
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.link import said, written
from attnviz.ui.frame.notices import notice_lines, shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs import comparison, listing
from attnviz.ui.runs.chosen_run import choose_run, chosen_run, view_of
from attnviz.ui.runs.driving import Driver
from attnviz.ui.runs.library import library, wake_runs
from attnviz.ui.runs.link import RUN
from attnviz.ui.runs.polling import polled
from attnviz.ui.runs.trouble import trouble, troubles
from attnviz.ui.sentence.model_picker import pick_model
from attnviz.ui.text import words

PAGE = "finetuning"
GROUPS = ("race", "folds")
ELSEWHERE = "elsewhere"  # the view of models that are not ours
VIEW = "finetuning-view"


def show(frame: Frame) -> None:
    """Draw the page for the run that the session looks at, or for the next one."""
    style.apply()
    wake_runs()
    remarks = link.arrive(frame)
    view = view_of(PAGE, frame.language)
    moving = st.session_state[DRIVER.moving] = view is not None and view.moving
    group = st.session_state.get(VIEW) or said(link.VIEW)
    loaded = pick_model(frame, elsewhere=True) if group == ELSEWHERE else None
    with frame.controls:
        if group == ELSEWHERE:
            pass  # the model stands there
        elif group in GROUPS:  # their controls stand beside their runs
            st.html(f'<div class="ft-strip">{escape(frame.t(f"{group}_title"))}</div>')
        else:
            polled(lambda: DRIVER.strip(frame), moving=moving)
    chosen = _views(frame, view)
    with frame.notices:
        notice_lines([*remarks, *troubles()], "warning")
    run = chosen_run(PAGE).run if view is not None else None
    mirror("address-run", **written({RUN: run, link.VIEW: chosen}), **link.parameters(None if run else current()))
    if chosen == "list":
        listing.show(frame, PAGE, lambda one: one.finetune, opened=_to_tune)
    elif chosen == "compare":
        comparison.show(frame, PAGE, lambda one: one.finetune)
    elif chosen == "race":
        race.show(frame)
    elif chosen == "folds":
        folds.show(frame)
    elif chosen == ELSEWHERE:
        elsewhere.show(frame, loaded, _to_tune)
    elif view is None:
        next_run.show(frame)
    else:
        # Nothing new comes by itself to a run that rests; the strip notices when somebody sets it going.
        going = moving or not tuned_dashboard.settled(view)
        polled(lambda: _watch(frame, unsettled=going and not moving), moving=going, resting=False)


def _views(frame: Frame, view: RunView | None) -> str:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        chosen = choose(
            VIEW,
            frame.t("view"),
            link.VIEWS,
            lambda code: frame.t(f"view_{code}"),
            default=said(link.VIEW) or "tune",
            look="segments",
        )
        t = words("runs", frame.language)
        if chosen_run(PAGE).run is not None:
            if st.button(t("new_run"), icon=":material/add:", key="run-new", help=t("new_run_help")):
                choose_run(PAGE, None)
                _to_tune()
                st.rerun()
            if chosen == "tune" and view is not None:
                name = escape(shortened(library().open(view.id).name, 90))
                st.html(f'<div class="ft-name" dir="auto">{name}</div>')
    return chosen


def _to_tune() -> None:
    st.session_state[VIEW] = "tune"


def _made(frame: Frame) -> Run | None:
    """A new run of the choices; None after a sentence when there is no task yet."""
    choices = current()
    if not choices.task:
        trouble(frame.t("own_waiting"))
        return None
    task = task_of(choices)
    next_run.prepared(choices)  # what does not fit is said here and not by the worker
    return library().create(next_run.run_config(frame, choices, task), choices.own.data if choices.own else None)


DRIVER = Driver(PAGE, _made, _to_tune)


def _watch(frame: Frame, unsettled: bool = False) -> None:
    view = view_of(PAGE, frame.language)
    if view is None:
        st.rerun()
        return
    if unsettled and not view.moving and tuned_dashboard.settled(view):
        st.rerun()
    tuned_dashboard.show(
        frame, PAGE, view, lambda kind, **given: DRIVER.tell(frame, view, kind, **given), chosen_run(PAGE).controls
    )
