"""One head as lines from each query (below) to the keys it looks at (above)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from attnviz.figures import checks, colour
from attnviz.figures.axes import headline, slant, ticks
from attnviz.figures.scales import largest
from attnviz.figures.text import label, word
from attnviz.figures.theme import FONT_SIZE, palette, plotly_template
from attnviz.language import Language

WIDTH = (420, 900)  # pixels
HEIGHT = 190  # between the two rows of tokens
BANDS = 10  # lines of similar weight share one path
HOVER_KEYS = 3


def attention_lines(
    weights: ArrayLike,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    mask: ArrayLike | None = None,
    *,
    query: int | None = None,
    threshold: float = 0.02,
    maximum: float | None = 1.0,
    title: str | None = None,
    language: Language = "en",
    dark: bool = False,
) -> go.Figure:
    """Weights (T, S) as lines, thick and dark for much weight; below `threshold` none is drawn.

    With `query` that row's lines stand out and the others step back. Blocked cells with weight are drawn in the alarm
    colour. A query with NaN has a × instead of lines.
    """
    values = checks.array("weights", weights, 2)
    t, s = values.shape
    visible = checks.mask("mask", mask, values.shape)
    row_labels, column_labels = checks.labels("rows", rows, t), checks.labels("columns", columns, s)
    checks.index("query", query, t)
    if not 0 <= threshold < 1:
        raise ValueError(f"threshold is {threshold}; allowed: 0 to below 1")
    top = largest(values) if maximum is None else float(maximum)
    p = palette(dark)
    figure = go.Figure()
    x_keys, x_queries = spread(s, max(t, s)), spread(t, max(t, s))

    drawn = np.isfinite(values) & (values >= threshold * top) & (values > 0)
    chosen = np.ones(t, dtype=bool) if query is None else np.arange(t) == query
    band = np.minimum(
        (np.clip(values / top, 0, 1, where=drawn, out=np.zeros_like(values)) * BANDS).astype(int), BANDS - 1
    )
    paths = []
    for number in range(BANDS):
        strength = (number + 0.5) / BANDS
        strong = colour.hex_colour(colour.at(p.weights, 0.15 + 0.85 * strength)[0])
        for which, alpha in ((drawn & ~chosen[:, None], 0.18), (drawn & chosen[:, None], 1.0)):
            for cells, line in ((which & visible, strong), (which & ~visible, p.alarm)):
                path = _path(cells & (band == number), x_queries, x_keys)
                if path:
                    stroke = {"color": line, "width": 0.8 + 6.2 * strength}
                    opacity = alpha * (0.35 + 0.65 * strength)
                    paths.append({"type": "path", "path": path, "line": stroke, "opacity": opacity, "layer": "below"})
    figure.update_layout(shapes=paths)
    _tokens(figure, values, visible, (row_labels, column_labels), (x_queries, x_keys), query, language, dark)
    width = min(max(max(t, s) * 46, WIDTH[0]), WIDTH[1])
    _layout(figure, (row_labels, column_labels), (x_queries, x_keys), width, title, language, dark)
    return figure


def spread(n: int, of: int) -> NDArray[np.floating]:
    """n places, centred on those of the longer side."""
    return np.arange(n) * ((of - 1) / (n - 1) if n > 1 else 0) + (0 if n > 1 else (of - 1) / 2)


def _path(cells: NDArray[np.bool_], x_queries: NDArray[np.floating], x_keys: NDArray[np.floating]) -> str:
    """Gentle curves from queries (y 0) to keys (y 1)."""
    pairs = [(x_queries[i], x_keys[j]) for i, j in np.argwhere(cells)]
    return "".join(f"M{a:.5g},0C{a:.5g},0.4 {b:.5g},0.6 {b:.5g},1" for a, b in pairs)


def _tokens(
    figure: go.Figure,
    values: NDArray[np.floating],
    visible: NDArray[np.bool_],
    labels: tuple[list[str], list[str]],
    places: tuple[NDArray[np.floating], NDArray[np.floating]],
    query: int | None,
    language: Language,
    dark: bool,
) -> None:
    """A dot a token; the query's hover box names what it looks at most."""
    p = palette(dark)
    rows, columns = ([label(token, 40) for token in side] for side in labels)
    broken = np.isnan(values).any(axis=1)
    texts = []
    for i, row in enumerate(np.nan_to_num(values, nan=0.0)):
        best = np.argsort(-row, kind="stable")[:HOVER_KEYS]
        seen = "<br>".join(f"← {columns[j]}  <b>{row[j]:.4f}</b>" + _note(visible[i, j], language) for j in best)
        texts.append(f"{word('query', language)} {i}  {rows[i]}<br>" + (word("nan", language) if broken[i] else seen))
    sizes = np.where(np.arange(len(rows)) == query, 11, 7)
    figure.add_scatter(
        x=places[0],
        y=np.zeros(len(rows)),
        mode="markers",
        name=word("query", language),
        marker={
            "color": np.where(broken, p.alarm, p.query),
            "size": np.where(broken, 11, sizes),
            "symbol": np.where(broken, "x", "circle"),
            "opacity": 1,
        },
        hovertext=texts,
        hovertemplate="%{hovertext}<extra></extra>",
    )
    figure.add_scatter(
        x=places[1],
        y=np.ones(len(columns)),
        mode="markers",
        name=word("key", language),
        marker={"color": p.key, "size": 7},
        hovertext=[f"{word('key', language)} {j}  {token}" for j, token in enumerate(columns)],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _note(visible: np.bool_, language: Language) -> str:
    return "" if visible else f" · {word('blocked', language)}"


def _layout(
    figure: go.Figure,
    labels: tuple[list[str], list[str]],
    places: tuple[NDArray[np.floating], NDArray[np.floating]],
    width: float,
    title: str | None,
    language: Language,
    dark: bool,
) -> None:
    p = palette(dark)
    longer = max(len(labels[0]), len(labels[1]))
    axes, rooms = [], []
    for side, at in zip(labels, places, strict=True):
        cell = width / longer * (at[1] - at[0] if len(at) > 1 else 1)
        where, texts = ticks(side, cell)
        room = cell * (where[1] - where[0] if len(where) > 1 else 1)
        angle, height = slant([side[i] for i in where], room, FONT_SIZE)
        rooms.append(height + 4)
        axes.append(
            {
                "range": [-0.6, longer - 0.4],
                "tickmode": "array",
                "tickvals": [at[i] for i in where],
                "ticktext": texts,
                "tickangle": angle,
                "ticklabelstandoff": 4,
                "showgrid": False,
                "ticks": "",
            }
        )
    names = [
        {"text": word(name, language), "font": {"color": ink, "size": FONT_SIZE - 1}, "standoff": 6}
        for name, ink in (("query", p.query), ("key", p.key))
    ]
    top, bottom = (46 if title else 8) + rooms[1] + 26, rooms[0] + 34
    figure.update_layout(
        template=plotly_template(dark),
        width=int(width + 48),
        height=HEIGHT + top + bottom,
        margin={"l": 24, "r": 24, "t": top, "b": bottom},
        showlegend=False,
        hovermode="closest",
        xaxis={**axes[0], "side": "bottom", "title": names[0]},
        xaxis2={**axes[1], "side": "top", "overlaying": "x", "matches": "x", "title": names[1]},
        yaxis={"range": [-0.04, 1.04], "visible": False, "fixedrange": True},
    )
    figure.data[1].xaxis = "x2"
    headline(figure, title)
