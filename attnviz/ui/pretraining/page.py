"""The page Pretraining, part by part: the strip, the switch between views, and the view."""

from __future__ import annotations

from functools import partial
from html import escape

import streamlit as st

from attnviz.runs import Run
from attnviz.runs.feed import RunView
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.link import said, written
from attnviz.ui.frame.notices import notice_lines, shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.pretraining import breaking, claim, data_tab, link, next_run
from attnviz.ui.pretraining.choices import current, data_name, task_of
from attnviz.ui.runs import comparison, dashboard, listing, phases, style
from attnviz.ui.runs.chosen_run import choose_run, chosen_run, view_of
from attnviz.ui.runs.driving import Driver
from attnviz.ui.runs.library import library, wake_runs
from attnviz.ui.runs.link import RUN, STEP
from attnviz.ui.runs.polling import polled
from attnviz.ui.runs.trouble import troubles
from attnviz.ui.text import words

PAGE = "pretraining"
VIEW = "pretraining-view"


def show(frame: Frame) -> None:
    """Draw the page for the run that the session looks at, or for the next one."""
    style.apply()
    wake_runs()
    view = view_of(PAGE, frame.language)
    sitting = chosen_run(PAGE)
    moving = st.session_state[DRIVER.moving] = view is not None and view.moving
    with frame.controls:
        polled(lambda: DRIVER.strip(frame), moving=moving)
    chosen = _views(frame, view)
    mirror("address-run", **written({RUN: sitting.run if view is not None else None, link.VIEW: chosen}))
    if view is None or chosen != "train":
        mirror("address-step", **written({STEP: None}))
    with frame.notices:
        notice_lines(troubles(), "warning")
    if chosen == "data":
        data_tab.show(frame, lambda: _train_anew(frame))
    elif chosen == "list":
        listing.show(frame, PAGE, lambda one: not one.finetune, opened=_to_train)
    elif chosen == "compare":
        breaking.to_be_seen(frame, PAGE)
        comparison.show(frame, PAGE, lambda one: not one.finetune)
    elif view is None:
        next_run.show(frame)
    else:
        polled(lambda: _watch(frame), moving=moving)


def _views(frame: Frame, view: RunView | None) -> str:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        chosen = choose(
            VIEW,
            frame.t("view"),
            link.VIEWS,
            lambda code: frame.t(f"view_{code}"),
            default=said(link.VIEW) or "train",
            look="segments",
        )
        t = words("runs", frame.language)
        if chosen_run(PAGE).run is not None and st.button(
            t("new_run"), icon=":material/add:", key="run-new", help=t("new_run_help")
        ):
            choose_run(PAGE, None)
            _to_train()
            st.rerun()
        name = library().open(view.id).name if view is not None else data_name(current(), frame.language)
        what = frame.t("name_run" if view is not None else "name_data", name=shortened(name, 90))
        st.html(f'<div class="av-name" dir="auto" title="{escape(name)}">{escape(what)}</div>')
    return chosen


def _to_train() -> None:
    st.session_state[VIEW] = "train"


def _made(frame: Frame) -> Run:
    """A new run of the choices."""
    choices = current()
    config = next_run.run_config(frame, choices, task_of(choices))
    return library().create(config, choices.own.data if choices.own else None)


def _train_anew(frame: Frame) -> None:
    """A run of the data that are shown, whatever run was open before."""
    choose_run(PAGE, None)
    DRIVER.tell(frame, None, "play")


DRIVER = Driver(PAGE, _made, _to_train)


def _watch(frame: Frame) -> None:
    view = view_of(PAGE, frame.language)
    if view is None:
        st.rerun()
        return
    DRIVER.follow(view)

    def tell(kind: str, **arguments: object) -> None:
        DRIVER.tell(frame, view, kind, **arguments)

    panels: dict[str, dashboard.Panel] = {
        "phases": lambda view, at, model: phases.show(frame, view, model, tell),
        "break": lambda view, at, model: breaking.show(frame, PAGE, view, at, model),
    }
    dashboard.dashboard(
        frame,
        PAGE,
        view,
        panels if chosen_run(PAGE).controls else {},
        {"phases": lambda view: phases.attention(frame, view)},
        partial(claim.of_run, frame, controls=chosen_run(PAGE).controls),
    )
