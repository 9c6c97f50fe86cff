"""Choices whose labels are translated: the code is kept, the label is only how it is shown.

Streamlit keeps a select box's label; so the language is part of the widget's key and the code lives beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import streamlit as st

from attnviz.ui import language

T = TypeVar("T", bound=str)


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
    st.session_state[key] = st.session_state[name]

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
