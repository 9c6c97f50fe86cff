"""Hatching: blocked cells as polygons of one trace with a line pattern, which stays a vector pattern in exported SVG.

Plotly's heat map has no pattern fill, and a shape or bar for each cell is too slow beyond a few thousand cells. One
`Scatter` with `fill="toself"` is one element in the page, however many cells it covers.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from attnviz.figures.theme import HATCH_SIZE


def rectangles(cells: NDArray[np.bool_], *, merge: bool) -> NDArray[np.int64]:
    """True cells of (T, S) as rows of (top, left, bottom, right), half open: one a cell, or merged into few."""
    if not merge:
        where = np.argwhere(cells)
        return np.concatenate([where, where + 1], axis=1)
    edges = np.diff(np.pad(cells, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    tops, lefts = np.nonzero(edges == 1)
    _, rights = np.nonzero(edges == -1)
    done: list[tuple[int, int, int, int]] = []
    growing: dict[tuple[int, int], int] = {}  # (left, right) of a rectangle still growing → its top
    runs = np.split(np.stack([lefts, rights], axis=1), np.searchsorted(tops, np.arange(1, len(cells))))
    for row, found in enumerate(runs):
        here = {(int(left), int(right)) for left, right in found}
        for span in [span for span in growing if span not in here]:
            done.append((growing.pop(span), span[0], row, span[1]))
        for span in here:
            growing.setdefault(span, row)
    done += [(top, left, len(cells), right) for (left, right), top in growing.items()]
    return np.array(sorted(done), dtype=np.int64).reshape(-1, 4)


def outline(
    boxes: NDArray[np.int64], *, corner: tuple[float, float], inset: tuple[float, float]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Closed polygons x, y with NaN between them; `corner` is where cell (0, 0) begins, a cell is 1 wide."""
    top, left, bottom, right = (boxes[:, i] for i in range(4))
    x0, x1 = corner[0] + left + inset[0], corner[0] + right - inset[0]
    y0, y1 = corner[1] + top + inset[1], corner[1] + bottom - inset[1]
    gap = np.full(len(boxes), np.nan)
    x = np.stack([x0, x1, x1, x0, x0, gap], axis=1).ravel()
    y = np.stack([y0, y0, y1, y1, y0, gap], axis=1).ravel()
    return x.astype(np.float32), y.astype(np.float32)


def hatched(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    *,
    name: str,
    line: str,
    fill: str,
    frame: str | None = None,
    size: int | None = None,
) -> go.Scatter:
    """Polygons filled with diagonal lines `size` pixels apart; `frame` colours their edges."""
    pattern = {"shape": "/", "fgcolor": line, "bgcolor": fill, "size": size or HATCH_SIZE, "solidity": 0.22}
    return go.Scatter(
        x=x,
        y=y,
        name=name,
        mode="lines" if frame else "none",
        line={"color": frame, "width": 2} if frame else None,
        fill="toself",
        fillpattern=pattern,
        hoverinfo="skip",
        showlegend=True,
    )
