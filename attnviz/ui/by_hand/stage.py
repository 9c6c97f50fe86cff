"""The walk as a Streamlit element, and how its values and matrices travel.

Stepping, hovering, scrolling and choosing a head happen in the browser; edits and switches come back as operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from attnviz.ui.front import bundle

ASSETS = Path(__file__).parent / "front"


def module_source() -> str:
    """The component's JavaScript."""
    return bundle(ASSETS / "main.js")


@cache
def _component() -> Callable[..., Any]:
    import streamlit as st

    html, css = ((ASSETS / name).read_text(encoding="utf-8") for name in ("by_hand.html", "by_hand.css"))
    return st.components.v2.component("attnviz_by_hand", html=html, css=css, js=module_source())


def sent(key: str) -> object:
    """What the browser last sent to the element with this key, known before it is drawn; not to be trusted."""
    import streamlit as st

    value = st.session_state.get(key)
    return value.get("operations") if isinstance(value, Mapping) else None


def by_hand_stage(data: bytes, *, key: str) -> None:
    """Draw the walk; an operation in the browser reruns the script, or the fragment around."""
    _component()(key=key, data=data, height="content", on_operations_change=_nothing)


def _nothing() -> None:
    return None
