"""The stage as a Streamlit element, and how its values and arrays travel.

Walking through the steps, choosing maps, heads and branches happens in the browser; every message holds the whole state
of the view, so that the last one is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.ui import front as canvas
from attnviz.ui.front import bundle

ASSETS = Path(__file__).parent / "front"
FINE_NUMBERS = 65_536  # up to so many travel in 32 bits, more in 16


def module_source() -> str:
    """The component's JavaScript."""
    return bundle(ASSETS / "main.js")


def pack(values: Mapping[str, Any], arrays: Mapping[str, NDArray[np.float32]]) -> bytes:
    """One payload; very many numbers travel as halves."""
    kind = np.float32 if sum(array.size for array in arrays.values()) <= FINE_NUMBERS else np.float16
    return canvas.pack(values, {name: array.astype(kind) for name, array in arrays.items()})


@cache
def _component() -> Callable[..., Any]:
    import streamlit as st

    html, css = ((ASSETS / name).read_text(encoding="utf-8") for name in ("stage.html", "stage.css"))
    return st.components.v2.component("attnviz_decoding", html=html, css=css, js=module_source())


def said(key: str) -> object:
    """What the browser last sent to the element with this key, known before it is drawn; not to be trusted."""
    import streamlit as st

    state = st.session_state.get(key)
    return state.get("message") if isinstance(state, Mapping) else None


def decoding_stage(data: bytes, *, key: str) -> None:
    """Draw the stage; a message from the browser reruns the fragment around."""
    _component()(key=key, data=data, height="content", on_message_change=_nothing)


def _nothing() -> None:
    return None
