"""The strip of a page with runs: play and pause, steps, phases, reset, speed, changes on the way, and the numbers."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

from attnviz.runs.feed import RunView
from attnviz.ui.frame.controls import choose
from attnviz.ui.runs.acting import Act
from attnviz.ui.runs.adjusting import adjust, pick_device
from attnviz.ui.runs.curves import number
from attnviz.ui.runs.series import left
from attnviz.ui.text import Words

TOLD = "run-told"  # session state: what buttons have asked for and no run has heard
SPEEDS = ("0", "1", "5", "20", "100")  # steps a second; "0": as fast as it goes


def console(
    t: Words, view: RunView | None, act: Act, *, controls: bool, reset: Callable[[], None], take: Callable[[], None]
) -> None:
    """Draw the controls and the numbers, side by side."""
    with st.container(key="rn-strip", horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False):
        if controls:
            _buttons(t, view, act, reset)
        else:
            watching = f"◉ {escape(t('read_only'))}"
            st.html(f'<span class="rn-watching" title="{escape(t("read_only_help"))}">{watching}</span>')
            if st.button(t("take_over"), key="run-take", help=t("read_only_help")):
                take()
        st.html(numbers(t, view))


def _buttons(t: Words, view: RunView | None, act: Act, reset: Callable[[], None]) -> None:
    for told in st.session_state.pop(TOLD, []):  # pressed, and not heard yet
        act(told[0], **told[1])
    moving = view is not None and view.status.state in ("running", "waiting")
    done = view is not None and view.status.state == "finished"
    if moving:
        if st.button(t("pause"), icon=":material/pause:", key="run-pause", type="primary"):
            act("pause")
    elif st.button(
        t("play"), icon=":material/play_arrow:", key="run-play", type="primary", help=t("play_help"), disabled=done
    ):
        act("play")
    for name, icon, kind, arguments in (
        ("one_step", ":material/skip_next:", "step", {"n": 1}),
        ("ten_steps", ":material/fast_forward:", "step", {"n": 10}),
        ("phase", ":material/footprint:", "phase", {}),
    ):
        st.button(
            t(name),
            icon=icon,
            key=f"run-{name}",
            help=t(f"{name}_help"),
            disabled=moving or done,
            on_click=tell_soon,
            args=(kind,),
            kwargs=arguments,
        )
    if st.button("", icon=":material/restart_alt:", key="run-reset", help=t("reset_help"), disabled=view is None):
        reset()
    _speed(t, view, act)
    if not done:
        with st.popover("", icon=":material/tune:", help=t("adjust_help"), key="run-adjust"):
            if view is None:
                pick_device(t)
            else:
                adjust(t, view, act)


def tell_soon(kind: str, **arguments: object) -> None:
    """Keep what was pressed until the strip is drawn: a page that is drawn anew in between would forget it."""
    st.session_state.setdefault(TOLD, []).append((kind, arguments))


def _speed(t: Words, view: RunView | None, act: Act) -> None:
    now = "0" if view is None or view.status.speed is None else f"{view.status.speed:g}"
    if view is not None and st.session_state.get("run-speed-of") != view.id:
        st.session_state["run-speed-of"] = view.id
        st.session_state["run-speed"] = now if now in SPEEDS else "0"
    before = st.session_state.get("run-speed", "0")
    picked = choose(
        "run-speed",
        t("speed"),
        SPEEDS,
        lambda code: t(f"speed_{code}"),
        default=before if before in SPEEDS else "0",
        width=128,
        help=t("speed"),
    )
    sent, st.session_state["run-speed-sent"] = st.session_state.get("run-speed-sent"), picked
    if view is not None and picked not in (now, sent):  # said once, however long a worker takes to hear it
        act("speed", steps_per_second=None if picked == "0" else float(picked))


def numbers(t: Words, view: RunView | None) -> str:
    """State, step, loss, accuracy, speed and time left in one line."""
    if view is None:
        return f'<div class="rn-numbers"><span class="rn-state">{escape(t("state_new"))}</span></div>'
    status = view.status
    state = "starting" if status.state == "waiting" and not status.worker_alive else status.state
    standing, explained = t(f"state_{state}"), ""
    if status.turns > 1:
        standing = t("state_turns", state=standing, count=status.turns)
        explained = t("turns_help", count=status.turns)
    parts = [
        f'<span class="rn-state rn-{status.state}" title="{escape(explained)}">{escape(standing)}</span>',
        _pair(t("step_of"), f"{status.step:,}<i>/{status.steps:,}</i>", "step"),
    ]
    loss, accuracy, exact = view.last("loss"), view.last("validation_token_accuracy"), view.last("exact_match")
    if loss is not None:
        parts.append(_pair(t("loss"), number(loss), "loss"))
    if exact is not None:
        parts.append(_pair(t("exact_short"), f"{100 * exact:.0f}%", "exact"))
    elif accuracy is not None:
        parts.append(_pair(t("accuracy"), f"{100 * accuracy:.0f}%", "exact"))
    if view.moving and (said := left(status.seconds_left)) is not None:
        parts.append(_pair(t("time_left"), escape(t(said[0], **said[1])), "left"))
    return f'<div class="rn-numbers" aria-live="off">{"".join(parts)}</div>'


def _pair(label: str, value: str, name: str) -> str:
    return f'<span class="rn-number" data-number="{name}"><small>{escape(label)}</small> <b>{value}</b></span>'
