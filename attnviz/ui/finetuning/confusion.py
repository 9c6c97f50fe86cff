"""A confusion matrix whose cells can be chosen: a row is what it is, a column what it was called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Int

from attnviz.figures.theme import colorscale, palette, plotly_template
from attnviz.ui.notices import shortened

NUMBERED = 14  # classes up to which counts are printed
SIDE = 430  # pixels


def confusion_figure(
    counts: Int[np.ndarray, "L L"], names: Sequence[str], *, truth: str, called: str, dark: bool
) -> go.Figure:
    """Counts as squares, coloured by their share of the row; a click on one selects a point (x: called, y: truth)."""
    p = palette(dark)
    size = len(counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    rows, columns = (axis.ravel() for axis in np.indices(counts.shape))
    ink = [p.surface if share > 0.55 else p.ink for share in shares.ravel()]
    cell = SIDE / size
    figure = go.Figure(
        go.Scatter(
            x=columns,
            y=rows,
            mode="markers+text" if size <= NUMBERED else "markers",
            text=[f"{count:,}" if count else "" for count in counts.ravel()],
            textfont={"size": 14 if size <= 8 else 11, "color": ink},
            marker={
                "symbol": "square",
                "size": 0.92 * cell,
                "color": shares.ravel(),
                "colorscale": colorscale(p.weights),
                "cmin": 0,
                "cmax": 1,
                "line": {"color": p.line, "width": 1},
                "opacity": 1,
            },
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}, "textfont": {"color": p.ink}},
            customdata=[[names[int(r)], names[int(c)]] for r, c in zip(rows, columns, strict=True)],
            hovertemplate=(
                f"{truth} %{{customdata[0]}}<br>{called} %{{customdata[1]}}<br><b>%{{text}}</b><extra></extra>"
            ),
        )
    )
    ticks = {
        "tickvals": list(range(size)),
        "ticktext": [shortened(name, 18) for name in names],
        "showgrid": False,
        "ticks": "",
    }
    figure.update_layout(
        template=plotly_template(dark),
        height=int(SIDE + 110),
        width=None,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        dragmode=False,
        clickmode="event+select",
        xaxis={**ticks, "range": [-0.55, size - 0.45], "side": "top", "title": called, "constrain": "domain"},
        yaxis={**ticks, "range": [size - 0.45, -0.55], "title": truth, "scaleanchor": "x", "constrain": "domain"},
    )
    return figure


def chosen_cell(event: object, classes: int) -> tuple[int, int] | None:
    """(truth, called) of the square that was clicked; None for nothing, and for what is no cell."""
    selection = event.get("selection") if isinstance(event, Mapping) else None
    points = selection.get("points") if isinstance(selection, Mapping) else None
    if not points:
        return None
    try:
        cell = int(points[0]["y"]), int(points[0]["x"])
    except (KeyError, TypeError, ValueError):
        return None
    return cell if all(0 <= one < classes for one in cell) else None
