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

from attnviz.figures import theme
from attnviz.ui.components.attention.stage import ASSETS as SHARED
from attnviz.ui.components.packing import join

ASSETS = Path(__file__).parent / "assets"
FINE_NUMBERS = 65_536  # up to so many travel in 32 bits, more in 16
SHARED_SCRIPTS = ("model.js", "theme.js", "dom.js", "labels.js", "painter.js", "download.js")
SCRIPTS = (
    "shot.js",
    "path.js",
    "numbers.js",
    "take.js",
    "heatmap.js",
    "map.js",
    "parts.js",
    "ribbon.js",
    "alternatives.js",
    "tree.js",
    "steps.js",
    "lanes.js",
    "forcing.js",
    "cache.js",
    "stage.js",
    "main.js",
)


def module_source() -> str:
    """The component's JavaScript: the scripts joined, without indentation and comment lines."""
    files = [*(SHARED / name for name in SHARED_SCRIPTS), *(ASSETS / name for name in SCRIPTS)]
    lines = (line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def pack(values: Mapping[str, Any], arrays: Mapping[str, NDArray[np.float32]]) -> bytes:
    """One payload; `values` must be JSON without NaN."""
    fine = sum(array.size for array in arrays.values()) <= FINE_NUMBERS
    blocks = {name: array.astype(np.float32 if fine else np.float16) for name, array in arrays.items()}
    header = {
        **values,
        "arrays": {
            name: {"type": "float32" if fine else "float16", "shape": list(array.shape)}
            for name, array in arrays.items()
        },
        "theme": {
            "light": theme.LIGHT.to_dict(),
            "dark": theme.DARK.to_dict(),
            "font": theme.FONT_FAMILY,
            "hatch": theme.HATCH_SIZE,
        },
    }
    return join(header, blocks)


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
