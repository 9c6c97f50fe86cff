"""The time line as a Streamlit element. Dragging is client-side; the step it stops at comes back.

Clicking something that happened to a head asks for its step and for that head. A page can ask for both as well (`go`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from attnviz.ui.front import bundle
from attnviz.ui.front.plain_data import plain_data
from attnviz.ui.text import Words

ASSETS = Path(__file__).parent / "front"
Head = tuple[str, int]  # site, head from 0
TEXTS = ("timeline_label", "timeline_live", "timeline_live_help", "timeline_step", "timeline_none")


@dataclass(frozen=True)
class Mark:
    """Something that happened at a step; `what` is its kind, which gives it its colour."""

    step: int
    what: str
    label: str
    head: Head | None = None  # that it happened to


@dataclass(frozen=True)
class Moment:
    """What is looked at: a step (None follows the run), and the head that was last asked for in so many words."""

    step: int | None
    head: Head | None = None
    asked: str = ""  # another text: the head was asked for anew


@dataclass(frozen=True)
class TimeLine:
    """What is drawn: the steps one can go to, the length of the run, what happened; `at` None follows the run."""

    scope: str  # the run it belongs to
    steps: tuple[int, ...]
    total: int
    done: int
    at: int | None
    marks: tuple[Mark, ...] = field(default=())
    moving: bool = False  # the run goes on


@cache
def _component() -> Callable[..., Any]:
    import streamlit as st

    html, css = ((ASSETS / f"timeline.{kind}").read_text(encoding="utf-8") for kind in ("html", "css"))
    return st.components.v2.component("attnviz_timeline", html=html, css=css, js=bundle(ASSETS / "timeline.js"))


def timeline(line: TimeLine, t: Words, *, key: str) -> None:
    """Draw it. What was chosen is known before the next drawing, from `chosen_moment`."""
    _component()(
        key=key,
        data=plain_data(
            {
                "scope": line.scope,
                "steps": list(line.steps),
                "total": line.total,
                "done": line.done,
                "at": line.at,
                "moving": line.moving,
                "marks": [
                    {"step": mark.step, "what": mark.what, "label": mark.label, "head": mark.head and [*mark.head]}
                    for mark in line.marks
                ],
                "text": t.table(*TEXTS),
            }
        ),
        on_chosen_change=_nothing,
    )


def chosen_moment(key: str, scope: str, steps: tuple[int, ...], first: int | None = None) -> Moment:
    """What the browser, or the page by `go`, last asked for, for this run.

    `first` is the step that counts before anything was asked for. What is no kept step is ignored.
    """
    import streamlit as st

    sent = st.session_state.get(key)
    told = st.session_state.get(f"{key}-told")
    return read_moment(sent, told if isinstance(told, Told) else None, scope, steps, first)


def chosen_step(key: str, scope: str, steps: tuple[int, ...], first: int | None = None) -> int | None:
    """The step of `chosen_moment`, where no head is shown."""
    return chosen_moment(key, scope, steps, first).step


def go(key: str, scope: str, step: int | None, head: Head | None = None) -> None:
    """Look at a step (None follows the run) of this run, and at a head of it, until the browser asks for another."""
    import streamlit as st

    before = st.session_state.get(f"{key}-told")
    number = before.number + 1 if isinstance(before, Told) else 1
    st.session_state[f"{key}-told"] = Told(scope, step, head, st.session_state.get(key), number)


@dataclass(frozen=True)
class Told:
    """What a page asked for, and what the browser had said by then."""

    scope: str
    step: int | None
    head: Head | None
    after: object
    number: int


def read_moment(
    sent: object, told: Told | None, scope: str, steps: tuple[int, ...], first: int | None = None
) -> Moment:
    """The newer of what the browser sent and what the page told; the head of the one that named one last."""
    named, said = read_head(sent, scope)
    if told is None or told.scope != scope:
        return Moment(read_choice(sent, scope, steps, first), named, said)
    step = told.step if sent == told.after else read_choice(sent, scope, steps, first)
    step = step if step in steps else None
    if told.head is not None and said == read_head(told.after, scope)[1]:
        return Moment(step, told.head, f"told {told.number}")
    return Moment(step, named, said)


def read_head(sent: object, scope: str) -> tuple[Head | None, str]:
    """The head that was last clicked on the time line of this run, and which click that was."""
    chosen = sent.get("chosen") if isinstance(sent, Mapping) else None
    if not isinstance(chosen, Mapping) or chosen.get("scope") != scope:
        return None, ""
    match chosen.get("head"), chosen.get("click"):
        case [str(site), int(head)], int(click) if head >= 0:
            return (site, head), f"click {click}"
    return None, ""


def read_choice(value: object, scope: str, steps: tuple[int, ...], first: int | None = None) -> int | None:
    """What the browser sent, checked."""
    chosen = value.get("chosen") if isinstance(value, Mapping) else None
    step = first
    if isinstance(chosen, Mapping) and chosen.get("scope") == scope:
        step = chosen.get("step")
    return step if isinstance(step, int) and not isinstance(step, bool) and step in steps else None


def _nothing() -> None:
    return None
