"""The lab as a Streamlit element, and how its values and arrays travel.

Painting, hovering, zooming and choosing rows happen in the browser; what changes a number comes back as operations.
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
from attnviz.ui.components.packing import join, pack_bits

ASSETS = Path(__file__).parent / "assets"
FINE_CELLS = 128 * 128  # up to so many numbers travel in 32 bits, more in 16
# Drawing code of the attention stage: theme, elements, painters, labels, geometry.
SHARED_SCRIPTS = (
    "model.js",
    "theme.js",
    "dom.js",
    "labels.js",
    "painter.js",
    "cells.js",
    "layout.js",
    "matrix.js",
    "download.js",
)
SCRIPTS = (
    "shot.js",
    "operations.js",
    "tiles.js",
    "build.js",
    "bar.js",
    "formula.js",
    "paint.js",
    "flow.js",
    "numbers.js",
    "outcome.js",
    "heads.js",
    "reach.js",
    "field.js",
    "side.js",
    "lab.js",
    "main.js",
)


def module_source() -> str:
    """The component's JavaScript: the scripts joined, without indentation and comment lines."""
    files = [*(SHARED / name for name in SHARED_SCRIPTS), *(ASSETS / name for name in SCRIPTS)]
    lines = (line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def pack(values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any] | bytes]) -> bytes:
    """One payload. `values` must be JSON without NaN; booleans travel as bits, many floats as halves."""
    blocks: dict[str, NDArray[Any]] = {}
    described: dict[str, dict[str, Any]] = {}
    for name, array in arrays.items():
        if isinstance(array, bytes):
            blocks[name] = np.frombuffer(array, dtype=np.uint8)
            continue
        kind, blocks[name] = _encoded(array)
        described[name] = {"type": kind, "shape": list(array.shape)}
    header = {
        **values,
        "arrays": described,
        "theme": {
            "light": theme.LIGHT.to_dict(),
            "dark": theme.DARK.to_dict(),
            "font": theme.FONT_FAMILY,
            "hatch": theme.HATCH_SIZE,
        },
    }
    return join(header, blocks)


def _encoded(array: NDArray[Any]) -> tuple[str, NDArray[Any]]:
    if array.dtype == np.bool_:
        return "bits", pack_bits(array)
    if array.dtype == np.int8:
        return "int8", array
    if array.size <= FINE_CELLS:
        return "float32", array.astype(np.float32)
    with np.errstate(over="ignore"):
        return "float16", array.astype(np.float16)


@cache
def _component() -> Callable[..., Any]:
    import streamlit as st

    html, css = ((ASSETS / name).read_text(encoding="utf-8") for name in ("lab.html", "lab.css"))
    return st.components.v2.component("attnviz_mask_lab", html=html, css=css, js=module_source())


def sent(key: str) -> object:
    """What the browser last sent to the element with this key, known before it is drawn; not to be trusted."""
    import streamlit as st

    return st.session_state.get(key)


def mask_stage(data: bytes, *, key: str) -> None:
    """Draw the lab; an operation in the browser reruns the script, or the fragment around."""
    _component()(key=key, data=data, height="content", on_operations_change=_nothing)


def _nothing() -> None:
    return None
