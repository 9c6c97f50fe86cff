"""The button that turns presentation on and off; everything it does happens in the browser."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from attnviz.ui.front.bundle import bundle
from attnviz.ui.front.plain_data import plain_data
from attnviz.ui.text import Words

ASSETS = Path(__file__).parent / "front"


@cache
def _component() -> Callable[..., Any]:
    import streamlit as st

    html, css = ((ASSETS / f"present.{kind}").read_text(encoding="utf-8") for kind in ("html", "css"))
    return st.components.v2.component("attnviz_present", html=html, css=css, js=bundle(ASSETS / "present.js"))


def present_button(t: Words, key: str) -> None:
    """Draw it. P turns presentation on and off, F puts the panel under the pointer on the whole screen."""
    _component()(key=key, data=plain_data(t.table("present", "present_help", "present_end")))
