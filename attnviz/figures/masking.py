"""A mask as a matrix: □ visible cells filled, ■ blocked cells hatched."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from attnviz.figures import checks
from attnviz.figures.axes import layout_matrix
from attnviz.figures.hatch import hatched, outline, rectangles
from attnviz.figures.heads import SIDE, SMALLEST_CELL
from attnviz.figures.matrix import HOVER_CELLS
from attnviz.figures.text import label, word
from attnviz.figures.theme import palette
from attnviz.figures.tiles import Tiles
from attnviz.language import Language

LARGEST_CELL = 44  # pixels


def mask_matrix(
    mask: ArrayLike,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    *,
    reference: ArrayLike | None = None,
    title: str | None = None,
    language: Language = "en",
    dark: bool = False,
) -> go.Figure:
    """A mask (T, S), True = may attend, queries going down; cells that differ from a `reference` mask are framed."""
    found = checks.plain("mask", mask)
    if found.ndim != 2 or 0 in found.shape:
        raise ValueError(f"mask has shape {found.shape}; allowed: (T, S), no axis empty")
    visible = checks.mask("mask", found, found.shape)
    t, s = visible.shape
    row_labels, column_labels = checks.labels("rows", rows, t), checks.labels("columns", columns, s)
    cell = min(max(SIDE / max(t, s), SMALLEST_CELL), LARGEST_CELL)
    tiles = Tiles(rows=t, columns=s, cell_width=cell, cell_height=cell)
    figure = go.Figure(_cells(visible, row_labels, column_labels, tiles, language, dark))

    p = palette(dark)
    square = {"symbol": "square", "size": 13, "color": p.visible, "line": {"color": p.line, "width": 1}}
    shown = word("visible", language).lstrip("□ ")
    figure.add_scatter(x=[None], y=[None], mode="markers", name=shown, marker=square, showlegend=True)
    if not visible.all():
        x, y = _polygons(~visible, tiles, merge=tiles.tiny, inset=tiles.cell_gap / 2)
        hidden = word("blocked", language).lstrip("■ ")
        figure.add_trace(hatched(x, y, name=hidden, line=p.blocked, fill=p.blocked_fill))
    if reference is not None:
        changed = visible != checks.mask("reference", reference, visible.shape)
        if changed.any():
            x, y = _polygons(changed, tiles, merge=tiles.tiny, inset=tiles.cell_gap / 2 + 1)
            line = {"color": p.alarm, "width": 1 if tiles.tiny else 2.5}
            name = word("changed", language)
            figure.add_scatter(x=x, y=y, mode="lines", line=line, name=name, hoverinfo="skip", showlegend=True)
    layout_matrix(
        figure,
        tiles,
        row_labels,
        column_labels,
        title=title,
        legend=1 if tiles.width > 340 else len(figure.data) - 1,
        language=language,
        dark=dark,
        colorbar=False,
    )
    return figure


def _cells(
    visible: NDArray[np.bool_],
    rows: Sequence[str],
    columns: Sequence[str],
    tiles: Tiles,
    language: Language,
    dark: bool,
) -> go.Heatmap:
    p = palette(dark)
    heat = go.Heatmap(
        z=visible.astype(np.uint8),
        zmin=0,
        zmax=1,
        colorscale=[[0, p.blocked_fill], [1, p.visible]],
        showscale=False,
        xgap=tiles.cell_gap,
        ygap=tiles.cell_gap,
        name="",
    )
    query, key = word("query", language), word("key", language)
    if visible.size <= HOVER_CELLS:
        row_texts, column_texts = ([label(token, 40) for token in side] for side in (rows, columns))
        state = (word("blocked", language), word("visible", language))
        heat.hovertext = [
            [
                f"{a} ← {b}  <b>{state[int(visible[i, j])]}</b><br>{query} {i} · {key} {j}"
                for j, b in enumerate(column_texts)
            ]
            for i, a in enumerate(row_texts)
        ]
        heat.hovertemplate = "%{hovertext}<extra></extra>"
    else:
        heat.hovertemplate = f"{query} %{{y}} · {key} %{{x}}  <b>%{{z}}</b><extra></extra>"
    return heat


def _polygons(
    cells: NDArray[np.bool_], tiles: Tiles, *, merge: bool, inset: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    share = (inset / tiles.cell_width, inset / tiles.cell_height)
    return outline(rectangles(cells, merge=merge), corner=(-0.5, -0.5), inset=share)
