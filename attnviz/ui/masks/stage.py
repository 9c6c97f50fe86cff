"""The lab as a Streamlit element, and how its values and arrays travel.

Painting, hovering, zooming and choosing rows happen in the browser; what changes a number comes back as operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from attnviz.ui import front as canvas
from attnviz.ui.front import bundle

ASSETS = Path(__file__).parent / "front"
FINE_CELLS = 128 * 128  # up to so many numbers travel in 32 bits, more in 16


def module_source() -> str:
    """The component's JavaScript."""
    return bundle(ASSETS / "main.js")


def pack(values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any] | bytes], *, near: bool = False) -> bytes:
    """One payload; many floats travel as halves, which keep NaN and infinities. `near`: not over a network."""
    return canvas.pack(values, {name: _narrowed(array) for name, array in arrays.items()}, near=near)


def _narrowed(array: NDArray[Any] | bytes) -> NDArray[Any] | bytes:
    if isinstance(array, bytes) or array.dtype in (np.bool_, np.int8):
        return array
    if array.size <= FINE_CELLS:
        return array.astype(np.float32)
    # PyTorch makes halves with the processor's own instruction, NumPy one by one.
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)).half().numpy()


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
    """Draw the lab; an operation in the browser reruns the script, or the fragment around, and so does quiet after
    operations on the direct line."""
    _component()(key=key, data=data, height="content", on_operations_change=_nothing, on_settled_change=_nothing)


def _nothing() -> None:
    return None
