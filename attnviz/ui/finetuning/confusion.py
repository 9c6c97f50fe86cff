"""A confusion matrix whose cells can be chosen: a row is what it is, a column what it was called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Int

from attnviz.figures.theme import colorscale, palette, plotly_template
from attnviz.ui.frame.notices import shortened

NUMBERED = 14  # classes up to which counts are printed
ROW = 62  # pixels a class is high, while there are few of them
HIGHEST = 430  # pixels of all cells together
AROUND = 110  # pixels of titles and labels
REACH = 200  # pixels from a cell's middle at which it is still the one that is pointed at: its neighbours are nearer


def confusion_figure(
    counts: Int[np.ndarray, "L L"], names: Sequence[str], *, truth: str, called: str, dark: bool
) -> go.Figure:
    """Counts as cells, coloured by their share of the row; a click on one selects a point (x: called, y: truth)."""
    p = palette(dark)
    size = len(counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    rows, columns = (axis.ravel() for axis in np.indices(counts.shape))
    text = [f"{count:,}" if count else "" for count in counts.ravel()]
    cells = go.Heatmap(
        z=shares,
        zmin=0,
        zmax=1,
        colorscale=colorscale(p.weights),
        xgap=2,
        ygap=2,
        showscale=False,
        hoverinfo="skip",
        text=np.reshape(text, counts.shape),
        texttemplate="%{text}" if size <= NUMBERED else None,
        textfont={"size": 14 if size <= 8 else 11},
    )
    # A heatmap cannot be clicked: points that nobody sees stand on it.
    points = go.Scatter(
        x=columns,
        y=rows,
        mode="markers",
        marker={"size": 20, "color": "rgba(0,0,0,0)"},
        customdata=[[names[int(r)], names[int(c)], one or "0"] for r, c, one in zip(rows, columns, text, strict=True)],
        hovertemplate=(
            f"{truth} %{{customdata[0]}}<br>{called} %{{customdata[1]}}<br><b>%{{customdata[2]}}</b><extra></extra>"
        ),
    )
    ticks = {
        "tickvals": list(range(size)),
        "ticktext": [shortened(name, 18) for name in names],
        "showgrid": False,
        "ticks": "",
        "zeroline": False,
    }
    return go.Figure(
        [cells, points],
        {
            "template": plotly_template(dark),
            "height": min(ROW * size, HIGHEST) + AROUND,
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "dragmode": False,
            "clickmode": "event+select",
            "hoverdistance": REACH,
            "xaxis": {
                **ticks,
                "range": [-0.5, size - 0.5],
                "side": "top",
                "title": called,
                "automargin": True,
            },
            "yaxis": {
                **ticks,
                "range": [size - 0.5, -0.5],
                "title": {"text": truth, "standoff": 12},
                "automargin": True,
            },
            "showlegend": False,
        },
    )


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
