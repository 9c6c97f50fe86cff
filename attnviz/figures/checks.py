"""What a figure accepts: arrays with the right number of axes, masks that fit, as many labels as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

LETTERS = {2: "(T, S)", 4: "(L, H, T, S)", 5: "(L, B, H, T, S)"}


def plain(name: str, values: Any) -> NDArray[Any]:
    """Any numbers as an array: lists, tensors (also such as want gradients, of bfloat16, on another device), and the
    tuples of them that Hugging Face hands out, a layer an entry."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        if "bfloat16" in str(values.dtype):  # NumPy has no such type
            values = values.float()
        return np.asarray(values)
    if isinstance(values, list | tuple) and any(hasattr(one, "detach") or one is None for one in values):
        if any(one is None for one in values):
            raise ValueError(f"{name} holds None where a layer's weights should be; ask the model for its attentions")
        layers = [plain(name, one) for one in values]
        if len({layer.shape for layer in layers}) > 1:
            shapes = ", ".join(sorted({str(layer.shape) for layer in layers}))
            raise ValueError(f"{name} holds layers of different shapes, {shapes}; draw them one by one")
        return np.stack(layers)
    try:
        return np.asarray(values)
    except ValueError:  # rows of different length
        raise ValueError(f"{name} is ragged: its rows have different lengths") from None


def array(name: str, values: ArrayLike, *axes: int, letters: str = "") -> NDArray[np.floating]:
    """Numbers with an allowed number of axes, none empty; floats keep their precision, others become float64."""
    found = plain(name, values)
    if found.dtype.kind not in "fiub":
        raise ValueError(f"{name} has dtype {found.dtype}; allowed: real numbers")
    if found.ndim not in axes or 0 in found.shape:
        wanted = letters or " or ".join(LETTERS.get(n, f"{n} axes") for n in axes)
        raise ValueError(f"{name} has shape {found.shape}; allowed: {wanted}, no axis empty")
    return found.astype(np.float32) if found.dtype == np.float16 else found if found.dtype.kind == "f" else found + 0.0


def mask(name: str, values: ArrayLike | None, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """A mask (True = may attend) broadcast to a shape; None sees everything."""
    if values is None:
        return np.ones(shape, dtype=bool)
    found = plain(name, values)
    if found.dtype != bool:
        if found.dtype.kind not in "fiu" or not np.isin(found, (0, 1)).all():
            raise ValueError(f"{name} holds {found.dtype} values; allowed: True/False (or 1/0), True = may attend")
        found = found.astype(bool)
    try:
        return np.broadcast_to(found, shape)
    except ValueError:
        raise ValueError(f"{name} has shape {found.shape}; allowed: {shape}, or what broadcasts to it") from None


def labels(name: str, tokens: Sequence[str] | None, n: int) -> list[str]:
    """One string a row or column; None numbers them from 0."""
    if tokens is None:
        return [str(i) for i in range(n)]
    if isinstance(tokens, str):
        raise ValueError(f"{name} is the string {tokens[:20]!r}; allowed: a list of {n} strings")
    found = [str(token) for token in tokens]
    if len(found) != n:
        raise ValueError(f"{name} has {len(found)} labels; allowed: {n}, one for each")
    return found


def index(name: str, value: int | None, n: int) -> int | None:
    """A position in 0..n-1, or None."""
    if value is not None and not 0 <= value < n:
        raise ValueError(f"{name} is {value}; allowed: 0 to {n - 1}")
    return value
