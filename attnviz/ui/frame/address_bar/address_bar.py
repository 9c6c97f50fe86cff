"""Two elements that know the address: one keeps it up to date, one copies it."""

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
def _component(name: str) -> Callable[..., Any]:
    import streamlit as st

    html, css = ((ASSETS / f"{name}.{kind}").read_text(encoding="utf-8") for kind in ("html", "css"))
    return st.components.v2.component(f"attnviz_address_{name}", html=html, css=css, js=bundle(ASSETS / f"{name}.js"))


def mirror(key: str, **values: str | int | None) -> None:
    """Write these into the page's address, without a new history entry; None takes a name out of it.

    It takes no room. Never hand it what people typed: an address is shared, and logged on its way.
    """
    written = {name: None if value is None else str(value) for name, value in values.items()}
    _component("mirror")(key=key, data=plain_data(written))


def share_button(t: Words, key: str) -> None:
    """A button that copies the address as it is at that moment."""
    _component("share")(key=key, data=plain_data(t.table("share", "share_help", "share_done", "share_failed")))
