"""The walk as a Streamlit element, and how its values and matrices travel.

Stepping, hovering, scrolling and choosing a head happen in the browser; edits and switches come back as operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.figures import theme
from attnviz.ui.components.attention.stage import ASSETS as ATTENTION
from attnviz.ui.components.mask.stage import ASSETS as MASK
from attnviz.ui.components.packing import join, pack_bits

ASSETS = Path(__file__).parent / "assets"
# Shared with the other pages: the packed payload, colours, elements, labels, and numbered operations.
SHARED_SCRIPTS = (
    ATTENTION / "model.js",
    ATTENTION / "theme.js",
    ATTENTION / "dom.js",
    ATTENTION / "labels.js",
    MASK / "operations.js",
)
SCRIPTS = (
    "numbers.js",
    "expression.js",
    "rules.js",
    "walk.js",
    "equations.js",
    "room.js",
    "matrix.js",
    "editor.js",
    "board.js",
    "why.js",
    "rail.js",
    "switches.js",
    "code.js",
    "shapes.js",
    "keyboard.js",
    "sheet.js",
    "main.js",
)


def module_source() -> str:
    """The component's JavaScript: the scripts joined, without indentation and comment lines."""
    files = (*SHARED_SCRIPTS, *(ASSETS / name for name in SCRIPTS))
    lines = (line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def pack(values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """One payload. `values` must be JSON without NaN; numbers travel as they are, booleans as bits."""
    blocks: dict[str, NDArray[Any]] = {}
    described: dict[str, dict[str, Any]] = {}
    for name, array in arrays.items():
        is_bool = array.dtype == np.bool_
        blocks[name] = pack_bits(array) if is_bool else array
        described[name] = {"type": "bits" if is_bool else str(array.dtype), "shape": list(array.shape)}
    colours = {"light": theme.LIGHT.to_dict(), "dark": theme.DARK.to_dict(), "font": theme.FONT_FAMILY}
    return join({**values, "arrays": described, "theme": {**colours, "hatch": theme.HATCH_SIZE}}, blocks)


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
