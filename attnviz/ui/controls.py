"""Widgets whose value lives elsewhere: with the caller, or beside them under a name that no language is part of.

Streamlit keeps a select box's label, so the language is part of a widget's key. And a key that is written before its
widget is drawn wins over what was just answered there: only `on_change` hears the answer, so that every such widget
needs one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import streamlit as st

from attnviz.ui import language

LARGEST_TABLE = 20  # megabytes of a text or table that is uploaded
T = TypeVar("T", bound=str)
V = TypeVar("V")


def put(key: str, value: object) -> None:
    """Let the widget with this key show a value.

    Only where it shows another one: a value that is written is pushed to the browser, where it would replace what
    somebody is choosing or typing just then, as often as a part of the page is drawn again by itself.
    """
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def held(key: str, value: V, fits: Callable[[V], bool] = lambda _: True) -> tuple[V, Callable[[], None]]:
    """The value to go on with, and the `on_change` of the widget with this key, which shows it.

    It is `value`, the caller's, except right after an answer that `fits`: that one, once, for the caller to keep.
    """
    answer = f"{key}:answer"
    given = st.session_state.pop(answer, value)
    now = given if fits(given) else value
    put(key, now)

    def answered() -> None:
        st.session_state[answer] = st.session_state[key]

    return now, answered


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
    key = f"{name}:{language.current()}"
    put(key, st.session_state[name])

    def keep() -> None:
        if st.session_state.get(key) in codes:
            st.session_state[name] = st.session_state[key]

    if look == "select":
        st.selectbox(
            label,
            codes,
            format_func=show,
            key=key,
            on_change=keep,
            help=help,
            label_visibility="collapsed",
            width=width or "stretch",
        )
    else:
        st.segmented_control(
            label,
            codes,
            format_func=show,
            key=key,
            on_change=keep,
            help=help,
            required=True,
            label_visibility="collapsed",
            width=width or "content",
        )
    chosen: T = st.session_state[name]
    return chosen
