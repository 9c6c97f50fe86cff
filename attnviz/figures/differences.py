"""What moved between two passes: rust for less, sea blue for more, the sign printed."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from numpy.typing import ArrayLike

from attnviz.figures import checks
from attnviz.figures.grid import Heads, draw_grid
from attnviz.figures.heads import one
from attnviz.figures.scales import Scale, symmetric
from attnviz.figures.text import word
from attnviz.figures.theme import palette
from attnviz.language import Language


def difference(
    weights_a: ArrayLike,
    weights_b: ArrayLike,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    mask: ArrayLike | None = None,
    *,
    limit: float | None = None,
    notes: Sequence[Sequence[str]] | None = None,
    title: str | None = None,
    language: Language = "en",
    dark: bool = False,
) -> go.Figure:
    """b − a of one head (T, S) or of all heads (L, H, T, S); `limit` is the change of the strongest colour.

    A blocked cell (mask False) that did not change is hatched; one that did, as a cell newly blocked does, keeps its
    number.
    """
    a = checks.array("weights_a", weights_a, 2, 4)
    b = checks.array("weights_b", weights_b, a.ndim)
    if a.shape != b.shape:
        raise ValueError(f"weights_b has shape {b.shape}; allowed: {a.shape}, that of weights_a")
    moved = b - a
    high = symmetric(moved) if limit is None else float(limit)
    scale = Scale(stops=palette(dark).difference, low=-high, high=high, title=word("difference", language), signed=True)
    visible = checks.mask("mask", mask, a.shape) | ((moved != 0) & (moved == moved))
    if a.ndim == 2:
        return one(moved, rows, columns, visible, scale, title=title, language=language, dark=dark).draw()
    heads = Heads(
        moved, visible, checks.labels("rows", rows, a.shape[2]), checks.labels("columns", columns, a.shape[3])
    )
    return draw_grid(heads, scale, notes=notes, title=title, language=language, dark=dark)
