"""The time line as a Streamlit element. Dragging is client-side; the step it stops at comes back."""

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
TEXTS = ("timeline_label", "timeline_live", "timeline_live_help", "timeline_step", "timeline_none")


@dataclass(frozen=True)
class Mark:
    """Something that happened at a step; `what` is its kind, which gives it its colour."""

    step: int
    what: str
    label: str


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
    """Draw it. What was chosen is known before the next drawing, from `chosen_step`."""
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
                "marks": [{"step": mark.step, "what": mark.what, "label": mark.label} for mark in line.marks],
                "text": t.table(*TEXTS),
            }
        ),
        on_chosen_change=_nothing,
    )


def chosen_step(key: str, scope: str, steps: tuple[int, ...], first: int | None = None) -> int | None:
    """The kept step that the browser asked for, for this run; None follows the run.

    `first` is what counts before anything was asked for. What is no kept step is ignored.
    """
    import streamlit as st

    return read_choice(st.session_state.get(key), scope, steps, first)


def read_choice(value: object, scope: str, steps: tuple[int, ...], first: int | None = None) -> int | None:
    """What the browser sent, checked."""
    chosen = value.get("chosen") if isinstance(value, Mapping) else None
    step = first
    if isinstance(chosen, Mapping) and chosen.get("scope") == scope:
        step = chosen.get("step")
    return step if isinstance(step, int) and not isinstance(step, bool) and step in steps else None


def _nothing() -> None:
    return None
