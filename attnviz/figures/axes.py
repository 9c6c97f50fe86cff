"""Labels and size of a matrix: keys on top, queries at the left, thinned until each label has room."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil

import plotly.graph_objects as go

from attnviz.figures.text import escape, label, printable, widest, width_em, word
from attnviz.figures.theme import FONT_SIZE, palette, plotly_template
from attnviz.figures.tiles import Tiles
from attnviz.language import Language

LABEL_LIMIT = 12  # characters of a token on an axis
LABEL_ROOM = 17  # pixels between two labels
MAX_LABELS = 64  # on one side of a tile


def ticks(tokens: Sequence[str], cell: float, most: int = MAX_LABELS) -> tuple[list[int], list[str]]:
    """Positions and escaped labels, evenly thinned; the first token always keeps its label."""
    step = max(1, ceil(LABEL_ROOM / cell), ceil(len(tokens) / most))
    if step > 5:
        step += -step % 5  # 0, 10, 20 … reads better than 0, 7, 14 …
    at = list(range(0, len(tokens), step))
    return at, [label(tokens[i], LABEL_LIMIT) for i in at]


def slant(tokens: Sequence[str], room: float, size: float) -> tuple[int, int]:
    """The angle at which horizontal labels with `room` pixels each don't touch, and the height they take."""
    widths = [width_em(printable(token, LABEL_LIMIT)) * size for token in tokens]
    touching = any((a + b) / 2 + 5 > room for a, b in pairwise(widths))
    if not touching and max(widths) <= 2 * room:
        return 0, int(size) + 8
    return (-45, int(max(widths) * 0.72) + 14) if room >= 22 else (-90, int(max(widths)) + 14)


def layout_matrix(
    figure: go.Figure,
    tiles: Tiles,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str | None,
    legend: int,
    language: Language,
    dark: bool,
    colorbar: bool = True,
    axis_titles: tuple[str, str] = ("query", "key"),
) -> None:
    """Set axes, margins and size, so that a cell has the pixels that `tiles` gives it; `legend` counts its lines."""
    t, p = tiles, palette(dark)
    size = FONT_SIZE if t.single else FONT_SIZE - 2
    row_at, row_text = ticks(rows, t.cell_height)
    column_at, column_text = ticks(columns, t.cell_width)
    room = (column_at[1] - column_at[0] if len(column_at) > 1 else t.columns) * t.cell_width
    angle, label_height = slant([columns[i] for i in column_at], room, size)
    standoff = 3 if t.single else 24
    margins = {
        "l": int(widest(rows, LABEL_LIMIT) * size) + 44,
        "r": 84 if colorbar else 28,
        "t": (46 if title else 8) + label_height + standoff + 24,
        "b": 16 + 24 * legend,
    }
    shared = {"showgrid": False, "ticks": "", "tickmode": "array", "tickfont": {"size": size, "color": p.ink}}
    colours = {"query": p.query, "key": p.key}
    row_title, column_title = axis_titles
    figure.update_layout(
        template=plotly_template(dark),
        width=int(t.width + margins["l"] + margins["r"]),
        height=int(t.height + margins["t"] + margins["b"]),
        margin=margins,
        legend={"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom", "itemclick": False},
        xaxis={
            **shared,
            "side": "top",
            "range": t.x_range,
            "tickvals": [head * t.stride_x + at for head in range(t.heads) for at in column_at],
            "ticktext": column_text * t.heads,
            "tickangle": angle,
            "ticklabelstandoff": standoff,
            "title": {
                "text": word(column_title, language),
                "font": {"color": colours.get(column_title, p.muted), "size": FONT_SIZE - 1},
                "standoff": 4,
            },
        },
        yaxis={
            **shared,
            "range": t.y_range,
            "tickvals": [layer * t.stride_y + at for layer in range(t.layers) for at in row_at],
            "ticktext": row_text * t.layers,
            "ticklabelstandoff": 6,
            "title": {
                "text": word(row_title, language),
                "font": {"color": colours.get(row_title, p.muted), "size": FONT_SIZE - 1},
                "standoff": 4,
            },
        },
    )
    headline(figure, title)


def headline(figure: go.Figure, title: str | None) -> None:
    """The title in the top left corner, printed as it is."""
    if title:
        place = {"y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 14, "l": 16}}
        figure.update_layout(title={"text": escape(title), **place})
