"""Widgets whose value lives elsewhere: with the caller, or beside them under a name that no language is part of.

Such a widget is never written to. A value that is pushed to the browser replaces what somebody is typing just then, and
is lost when the run that pushed it gives way to the next one. Instead a widget is born with its value, and another one,
with another key, takes its place when the value is changed by anything but an answer. Streamlit keeps a select box's
label, so the language is part of the names of those.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import streamlit as st

from attnviz.ui.frame import language
from attnviz.ui.frame.whereabouts import brought_back

T = TypeVar("T", bound=str)
V = TypeVar("V")


@dataclass(frozen=True)
class Shown(Generic[V]):
    """A widget to be drawn: with this value as its default, this key and this `on_change`."""

    value: V
    key: str
    answered: Callable[[], None]


def shown(name: str, value: V, heard: Callable[[V], None]) -> Shown[V]:
    """The widget `name`, showing a value; `heard` is told each answer before anything of the page is drawn again.

    A frozenset is a choice of several whose order says nothing. A browser repeats what a widget said that was replaced,
    or that stayed behind on another page: that is no answer.
    """
    places: dict[str, tuple[int, Any]] = st.session_state.setdefault("shown", {})
    turn, before = places.get(name, (0, value))
    if before != value:
        turn += 1
    places[name] = (turn, value)
    key = f"{name}~{turn}" if turn else name

    def answered() -> None:
        brought_back()
        if places[name][0] != turn or key not in st.session_state:
            return
        given = st.session_state[key]
        if isinstance(value, frozenset):
            given = frozenset(given)
        places[name] = (turn, given)
        heard(given)

    return Shown(value, key, answered)


def choose(
    name: str,
    label: str,
    codes: Sequence[T],
    show: Callable[[T], str],
    *,
    default: T,
    look: Literal["select", "segments"] = "select",
    help: str | None = None,
    width: int | None = None,
) -> T:
    """One of `codes`; session state `name` holds it, across pages and languages."""
    if st.session_state.get(name) not in codes:
        st.session_state[name] = default

    def keep(given: T | None) -> None:
        if given in codes:
            st.session_state[name] = given

    widget = shown(f"{name}:{language.current()}", st.session_state[name], keep)
    if look == "select":
        st.selectbox(
            label,
            codes,
            list(codes).index(widget.value),
            format_func=show,
            key=widget.key,
            on_change=widget.answered,
            help=help,
            label_visibility="collapsed",
            width=width or "stretch",
        )
    else:
        st.segmented_control(
            label,
            codes,
            default=widget.value,
            format_func=show,
            key=widget.key,
            on_change=widget.answered,
            help=help,
            required=True,
            label_visibility="collapsed",
            width=width or "content",
        )
    chosen: T = st.session_state[name]
    return chosen
