"""One attention head, large: queries going down, keys on top, numbers in the cells as soon as they fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from attnviz.figures import checks
from attnviz.figures.matrix import Drawing
from attnviz.figures.scales import Scale, exponent, largest, symmetric
from attnviz.figures.text import word
from attnviz.figures.theme import palette
from attnviz.figures.tiles import Tiles
from attnviz.language import Language

SIDE = 560  # pixels that the longer side of a head takes
LARGEST_CELL = 58
SMALLEST_CELL = 1.4


def attention_head(
    weights: ArrayLike,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    mask: ArrayLike | None = None,
    *,
    title: str | None = None,
    query: int | None = None,
    scale: Literal["linear", "sqrt"] = "linear",
    maximum: float | None = 1.0,
    language: Language = "en",
    dark: bool = False,
) -> go.Figure:
    """Weights (T, S) of one head; rows are queries, columns keys, mask True = may attend.

    Blocked cells are hatched and carry no number, unless they have weight: that is a leak, and is framed. NaN is drawn
    as ×. `query` frames one row; `maximum` is the weight of the darkest colour (None: the largest there is);
    `scale="sqrt"` makes small weights easier to see. ValueError for shapes that do not fit.
    """
    values = checks.array("weights", weights, 2)
    top = largest(values) if maximum is None else float(maximum)
    p = palette(dark)
    drawing = one(
        values,
        rows,
        columns,
        mask,
        Scale(stops=p.weights, low=0.0, high=top, title=word("weight", language), power=exponent(scale)),
        title=title,
        language=language,
        dark=dark,
    )
    figure = drawing.draw()
    if checks.index("query", query, len(values)) is not None and query is not None:
        frame = {"x0": -0.5, "x1": values.shape[1] - 0.5, "y0": query - 0.5, "y1": query + 0.5}
        figure.add_shape(type="rect", **frame, line={"color": p.query, "width": 2.5})
    return figure


def score_matrix(
    scores: ArrayLike,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    mask: ArrayLike | None = None,
    *,
    title: str | None = None,
    limit: float | None = None,
    language: Language = "en",
    dark: bool = False,
) -> go.Figure:
    """Scores (T, S) before softmax, on a scale symmetric about 0; −∞ is printed and hatched.

    Scores under a mask keep their number, since before masking a blocked pair has a score like any other.
    """
    values = checks.array("scores", scores, 2)
    visible = checks.mask("mask", mask, values.shape)
    high = symmetric(values) if limit is None else float(limit)
    scale = Scale(stops=palette(dark).difference, low=-high, high=high, title=word("score", language))
    drawing = one(values, rows, columns, visible, scale, title=title, language=language, dark=dark)
    drawing.hide_blocked = False
    return drawing.draw()


def one(
    values: NDArray[np.floating],
    rows: Sequence[str] | None,
    columns: Sequence[str] | None,
    mask: ArrayLike | None,
    scale: Scale,
    *,
    title: str | None,
    language: Language,
    dark: bool,
) -> Drawing:
    """A drawing of a single matrix (T, S), its cells as large as fits."""
    t, s = values.shape
    cell = min(max(SIDE / max(t, s), SMALLEST_CELL), LARGEST_CELL)
    return Drawing(
        tiles=Tiles(rows=t, columns=s, cell_width=cell, cell_height=min(max(cell, 24 if t <= 8 else 0), cell * 3)),
        values=values[None, None],
        visible=checks.mask("mask", mask, values.shape)[None, None],
        rows=checks.labels("rows", rows, t),
        columns=checks.labels("columns", columns, s),
        scale=scale,
        language=language,
        dark=dark,
        title=title,
    )
