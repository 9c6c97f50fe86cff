"""The stage of a page as a Streamlit element: board, every head, answers.

Choosing, hovering and drawing happen in the browser. Every message holds the whole wish: the last one
is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from attnviz.ui.front import bundle

ASSETS = Path(__file__).parent / "front"


def module_source(page: str) -> str:
    """The JavaScript of a page's stage."""
    return bundle(Path(__file__).parents[1] / page / "front" / "main.js")


@cache
def _component(page: str) -> Callable[..., Any]:
    import streamlit as st

    html, css = ((ASSETS / name).read_text(encoding="utf-8") for name in ("stage.html", "stage.css"))
    return st.components.v2.component(f"attnviz_{page}", html=html, css=css, js=module_source(page))


def said(key: str) -> object:
    """What the browser last sent to the element with this key, known before it is drawn; not to be trusted."""
    import streamlit as st

    state = st.session_state.get(key)
    return state.get("message") if isinstance(state, Mapping) else None


def field_stage(page: str, data: bytes, *, key: str) -> None:
    """Draw the stage; a message from the browser reruns the fragment around."""
    _component(page)(key=key, data=data, height="content", on_message_change=_nothing)


def _nothing() -> None:
    return None
