"""Curves over steps, each named at its end instead of in a legend, with baselines drawn in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from attnviz.figures.axes import headline
from attnviz.figures.colour import rgba
from attnviz.figures.text import term, width_em
from attnviz.figures.theme import DASHES, FONT_SIZE, palette, plotly_template
from attnviz.language import Language

WIDTH, HEIGHT = 760, 380
LINE = 20  # pixels between two labels
Series = tuple[NDArray[np.float64], NDArray[np.float64]]


def curves(
    records: pd.DataFrame | Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    x: str = "step",
    y: Sequence[str] | None = None,
    baselines: Mapping[str, float] | None = None,
    events: Mapping[float, str] | None = None,
    bands: Mapping[str, tuple[ArrayLike, ArrayLike]] | None = None,
    x_title: str | None = None,
    y_title: str = "",
    log_x: bool = False,
    log_y: bool = False,
    title: str | None = None,
    language: Language = "en",
    dark: bool = False,
    width: int = WIDTH,
    height: int = HEIGHT,
) -> go.Figure:
    """Named curves from a table (column `x` against each of `y`, or against every other number) or from name → (x, y).

    Missing values (NaN) leave a gap in a dictionary's curves and are skipped in a table's, whose rows may record
    different things. `baselines` are dashed horizontals, `events` dotted verticals with a word, `bands` shade the room
    from low to high behind the curve of that name. Known names ('loss', 'exact_match' …) are translated. ValueError
    when a column is missing or x and y differ in length.
    """
    found = _from_table(records, x, y) if isinstance(records, pd.DataFrame) else _from_pairs(records)
    lines = {} if baselines is None else {name: float(value) for name, value in baselines.items()}
    p = palette(dark)
    x_range = _limits([at for at, _ in found.values()], log_x, "x", pad=0.01)
    shaded = [np.asarray(side, dtype=float) for pair in (bands or {}).values() for side in pair]
    y_range = _limits([*(v for _, v in found.values()), np.array(list(lines.values())), *shaded], log_y, "y", pad=0.06)
    figure = go.Figure()
    ends: list[tuple[float, str, str]] = []
    for i, (name, (at, values)) in enumerate(found.items()):
        colour = p.runs[i % len(p.runs)]
        if bands is not None and name in bands:
            low, high = (np.asarray(side, dtype=float) for side in bands[name])
            figure.add_scatter(
                x=np.concatenate([at, at[::-1]]),
                y=np.concatenate([high, low[::-1]]),
                fill="toself",
                fillcolor=rgba(colour, 0.16),
                mode="lines",
                line={"width": 0},
                hoverinfo="skip",
            )
        shown = term(name, language)
        usable = np.isfinite(values) & ((values > 0) | (not log_y))
        lone = len(at) == 1 or not (usable[:-1] & usable[1:]).any()
        figure.add_scatter(
            x=at,
            y=values,
            name=shown,
            mode="markers" if lone else "lines",
            line={"color": colour, "width": 2.5, "dash": DASHES[i // len(p.runs) % len(DASHES)]},
            marker={"color": colour, "size": 7},
            connectgaps=False,
            hovertemplate="%{y:.4g}<extra>%{fullData.name}</extra>",
        )
        if usable.any():
            ends.append((float(values[usable][-1]), shown, colour))
    for name, value in lines.items():
        figure.add_hline(y=value, line={"color": p.muted, "width": 1.5, "dash": "dash"})
        ends.append((value, term(name, language), p.muted))
    for where, text in (events or {}).items():
        mark = {"text": term(text, language), "font": {"color": p.muted, "size": FONT_SIZE - 2}}
        figure.add_vline(x=where, line={"color": p.muted, "width": 1, "dash": "dot"}, annotation=mark)
    room = max((width_em(name) for _, name, _ in ends), default=0) * FONT_SIZE
    margins = {"l": 64, "r": int(room) + 24, "t": 52 if title else 24, "b": 52}
    _label_ends(figure, ends, y_range, log_y, height - margins["t"] - margins["b"])
    figure.update_layout(
        template=plotly_template(dark),
        width=width,
        height=height,
        margin=margins,
        showlegend=False,
        hovermode="x unified",
        hoverlabel={"bgcolor": p.surface, "bordercolor": p.line, "font": {"color": p.ink}},
        xaxis={
            "type": "log" if log_x else "linear",
            "range": x_range,
            "showgrid": False,
            **(_log_ticks(x_range) if log_x else {}),
            "title": {"text": term(x if x_title is None else x_title, language), "standoff": 8},
        },
        yaxis={
            "type": "log" if log_y else "linear",
            "range": y_range,
            "title": {"text": term(y_title, language)},
            **(_log_ticks(y_range) if log_y else {}),
        },
    )
    headline(figure, title)
    return figure


def separated(wanted: Sequence[float], distance: float) -> list[float]:
    """The nearest places to those wanted that are at least `distance` apart, in the same order."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    groups: list[tuple[float, list[int]]] = []  # centre, members
    for i in order:
        groups.append((wanted[i], [i]))
        while len(groups) > 1:
            (a, left), (b, right) = groups[-2], groups[-1]
            if b - a >= distance * (len(left) + len(right)) / 2:
                break
            members = left + right
            groups[-2:] = [((a * len(left) + b * len(right)) / len(members), members)]
    places = [0.0] * len(wanted)
    for centre, members in groups:
        for rank, i in enumerate(members):
            places[i] = centre + (rank - (len(members) - 1) / 2) * distance
    return places


def _label_ends(
    figure: go.Figure, ends: Sequence[tuple[float, str, str]], y_range: Sequence[float], log: bool, height: float
) -> None:
    """Names at the right edge, moved apart where they would overlap."""
    low, high = y_range
    share = [((np.log10(value) if log else value) - low) / (high - low) for value, _, _ in ends]
    for place, at, (_, name, colour) in zip(separated([s * height for s in share], LINE), share, ends, strict=True):
        figure.add_annotation(
            text=name,
            x=1,
            xref="paper",
            xanchor="left",
            xshift=8,
            y=at,
            yref="paper",
            yanchor="middle",
            yshift=place - at * height,
            showarrow=False,
            font={"color": colour, "size": FONT_SIZE},
        )


def _log_ticks(limits: Sequence[float]) -> dict[str, object]:
    """Labels at 1, 10, 100 … or, on a short axis, at 1, 2, 5, 10 …; whole numbers, not Plotly's single digits."""
    digits = (1,) if limits[1] - limits[0] >= 3 else (1, 2, 5)
    decades = range(int(np.floor(limits[0])), int(np.ceil(limits[1])) + 1)
    values = [digit * 10.0**power for power in decades for digit in digits]
    return {"tickmode": "array", "tickvals": values, "ticktext": [f"{value:g}" for value in values]}


def _from_table(table: pd.DataFrame, x: str, y: Sequence[str] | None) -> dict[str, Series]:
    columns = [str(c) for c in table.columns]
    if x not in columns:
        raise ValueError(f"x is {x!r}; allowed: {', '.join(map(repr, columns)) or 'a table with columns'}")
    wanted = [c for c in columns if c != x and pd.api.types.is_numeric_dtype(table[c])] if y is None else list(y)
    if missing := [c for c in wanted if c not in columns]:
        raise ValueError(f"y has {missing[0]!r}; allowed: {', '.join(repr(c) for c in columns if c != x)}")
    found = {}
    for name in wanted:
        recorded = table[[x, name]].dropna()
        found[name] = (recorded[x].to_numpy(dtype=float), recorded[name].to_numpy(dtype=float))
    return found


def _from_pairs(records: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> dict[str, Series]:
    found = {}
    for name, pair in records.items():
        at, values = (np.asarray(side, dtype=float) for side in pair)
        if at.ndim != 1 or at.shape != values.shape:
            raise ValueError(f"{name!r} has x of shape {at.shape} and y of {values.shape}; allowed: two equal lengths")
        found[name] = (at, values)
    return found


def _limits(parts: Sequence[NDArray[np.float64]], log: bool, axis: str, pad: float) -> list[float]:
    """A range around all finite values (exponents on a log axis), a little wider; 0..1 where there is nothing."""
    values = np.concatenate([*parts, np.empty(0)])
    values = values[np.isfinite(values)]
    if log:
        if values.size and not (values > 0).any():
            raise ValueError(f"a log scale for {axis} got no value above 0; allowed: positive values")
        values = np.log10(values[values > 0])
    if not values.size:
        return [0.0, 1.0]
    low, high = float(values.min()), float(values.max())
    span = (high - low) or max(abs(high), 1.0) * 0.5
    return [low - pad * span, high + pad * span]
