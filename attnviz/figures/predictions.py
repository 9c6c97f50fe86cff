"""Bars: what the model would say next, before and after; and any other few numbers side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from attnviz.figures.axes import headline
from attnviz.figures.text import escape, label, printable, term, width_em, word
from attnviz.figures.theme import FONT_SIZE, palette, plotly_template
from attnviz.language import Language

ROW = 40  # pixels a bar or a pair of bars takes
WIDTH = 560
Probabilities = Mapping[str, float] | Sequence[tuple[str, float]]


def top_k(
    before: Probabilities | None,
    after: Probabilities,
    *,
    k: int = 5,
    reference: str | None = None,
    title: str | None = None,
    language: Language = "en",
    dark: bool = False,
) -> go.Figure:
    """The k likeliest tokens of `after`, likeliest on top, each above what `before` gave it.

    `before` is None where there is nothing to compare with. Probabilities are in 0..1 (NaN is shown as NaN). A token
    that was likeliest before stays on the picture though it fell out of the k. The `reference` is marked ✓.
    """
    if k < 1:
        raise ValueError(f"k is {k}; allowed: 1 or more")
    new, old = _pairs("after", after), _pairs("before", before or {})
    tokens = sorted(new, key=lambda token: -np.nan_to_num(new[token], nan=-1))[:k]
    likeliest = max(old, key=lambda token: np.nan_to_num(old[token], nan=-1), default=None)
    if likeliest is not None and likeliest not in tokens:
        tokens.append(likeliest)
    p = palette(dark)
    names = [label(token) + (" ✓" if token == reference else "") for token in tokens]
    colours = [p.right if token == reference else p.ink for token in tokens]
    figure = go.Figure()
    series = (
        [("after", new, p.after, p.ink)]
        if before is None
        else [
            ("before", old, p.before, p.muted),
            ("after", new, p.after, p.ink),
        ]
    )
    for key, found, fill, ink in series:
        values = np.array([found.get(token, np.nan) for token in tokens], dtype=float)
        offset = 0.0 if len(series) == 1 else -0.19 if key == "before" else 0.19
        texts = ["" if token not in found else _percent(v) for token, v in zip(tokens, values, strict=True)]
        _add_bars(
            figure, values, offset, 0.36 if len(series) == 2 else 0.6, word(key, language), fill, ink, texts, names
        )
    marked = [f"<span style='color:{c}'>{name}</span>" for c, name in zip(colours, names, strict=True)]
    widest = max((width_em(printable(token)) + 2 for token in tokens), default=0)
    heading = term("probability", language)
    _bar_layout(figure, marked, widest, [0, 1.14], heading, legend=len(series) == 2, titled=bool(title), dark=dark)
    figure.update_xaxes(tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1])
    headline(figure, title)
    return figure


def bars(
    values: Mapping[str, float],
    *,
    errors: ArrayLike | None = None,
    baselines: Mapping[str, float] | None = None,
    name: str = "value",
    digits: int = 2,
    title: str | None = None,
    language: Language = "en",
    dark: bool = False,
) -> go.Figure:
    """Named numbers as bars, in the order given; `errors` (±, one a bar) and `baselines` as dashed lines."""
    if not values:
        raise ValueError("values is empty; allowed: one number or more")
    heights = np.array([float(v) for v in values.values()])
    spreads = None if errors is None else np.asarray(errors, dtype=float)
    if spreads is not None and (spreads.shape != heights.shape or (spreads < 0).any()):
        raise ValueError(f"errors is {spreads.tolist()}; allowed: {len(heights)} numbers of 0 or more")
    p = palette(dark)
    names = [term(key, language) for key in values]
    figure = go.Figure()
    texts = [_number(v, digits) for v in heights]
    _add_bars(figure, heights, 0.0, 0.6, term(name, language), p.after, p.ink, texts, names)
    if spreads is not None:
        figure.data[0].error_x = {"type": "data", "array": spreads, "color": p.ink, "thickness": 1.5}
        figure.data[0].textposition = "none"
        for i, (text, height) in enumerate(zip(texts, heights, strict=True)):
            at, font = height + np.nan_to_num(spreads[i]), {"color": p.ink}
            if np.isfinite(height):
                figure.add_annotation(x=at, y=i, text=text, showarrow=False, xanchor="left", xshift=6, font=font)
    lines = {} if baselines is None else {key: float(v) for key, v in baselines.items()}
    reach = np.concatenate([heights + (0 if spreads is None else np.nan_to_num(spreads)), [*lines.values()], [0.0]])
    reach = reach[np.isfinite(reach)]
    low, high = float(reach.min()), float(reach.max())
    span = (high - low) or 1.0
    limits = [low - (0.14 * span if low < 0 else 0), high + 0.16 * span]
    room, heading = max(map(width_em, values)) + 1, term(name, language)
    _bar_layout(figure, names, room, limits, heading, marks=bool(lines), titled=bool(title), dark=dark)
    for key, at in lines.items():
        figure.add_vline(
            x=at,
            line={"color": p.muted, "width": 1.5, "dash": "dash"},
            annotation={"text": term(key, language), "font": {"color": p.muted, "size": FONT_SIZE - 2}, "yshift": 4},
            annotation_position="top",
        )
    headline(figure, title)
    return figure


def _add_bars(
    figure: go.Figure,
    values: np.ndarray,
    offset: float,
    thickness: float,
    name: str,
    fill: str,
    ink: str,
    texts: Sequence[str],
    names: Sequence[str],
) -> None:
    """Horizontal bars at rows 0, 1 … with their numbers behind them."""
    figure.add_bar(
        x=np.where(np.isfinite(values), values, np.nan),
        y=np.arange(len(values)) + offset,
        width=thickness,
        orientation="h",
        name=name,
        marker={"color": fill, "line": {"width": 0}, "cornerradius": 3},
        text=list(texts),
        textposition="outside",
        textfont={"color": ink, "size": FONT_SIZE - 1},
        constraintext="none",
        cliponaxis=False,
        hovertext=[f"{label}  <b>{text or '–'}</b>" for label, text in zip(names, texts, strict=True)],
        hovertemplate="%{hovertext}<extra>%{fullData.name}</extra>",
    )
    for i, text in enumerate(texts):
        if text and not np.isfinite(values[i]):  # it has no bar, and its row must not look like 0
            mark, font = f"× {text}", {"color": ink}
            figure.add_annotation(x=0, y=i + offset, text=mark, showarrow=False, xanchor="left", font=font)


def _bar_layout(
    figure: go.Figure,
    names: Sequence[str],
    widest: float,
    limits: Sequence[float],
    title: str,
    *,
    legend: bool = False,
    marks: bool = False,
    titled: bool,
    dark: bool,
) -> None:
    top, bottom = (46 if titled else 16) + (28 if legend or marks else 0), 48
    figure.update_layout(
        template=plotly_template(dark),
        barmode="overlay",
        width=WIDTH,
        height=int(len(names) * ROW + top + bottom),
        margin={"l": int(widest * FONT_SIZE) + 16, "r": 24, "t": top, "b": bottom},
        showlegend=legend,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        xaxis={"range": list(limits), "title": {"text": title, "standoff": 6}, "zeroline": True},
        yaxis={
            "range": [len(names) - 0.5, -0.5],
            "tickmode": "array",
            "tickvals": list(range(len(names))),
            "ticktext": list(names),
            "showgrid": False,
            "ticks": "",
            "ticklabelstandoff": 6,
        },
    )


def _pairs(name: str, given: Probabilities) -> dict[str, float]:
    found: dict[str, float] = {}
    for token, probability in given.items() if isinstance(given, Mapping) else given:
        value = float(probability)
        if not (np.isnan(value) or -1e-6 <= value <= 1 + 1e-6):
            raise ValueError(f"{name} gives {token!r} the probability {value}; allowed: 0 to 1")
        found[str(token)] = value
    if name == "after" and not found:
        raise ValueError("after is empty; allowed: one token or more")
    return found


def _number(value: float, digits: int) -> str:
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else "∞" if value > 0 else "−∞"
    return f"{value:.{digits}f}".replace("-", "−")


def _percent(value: float) -> str:
    if np.isnan(value):
        return "NaN"
    return f"{value:.1%}" if value >= 0.001 or value == 0 else escape("<0.1%")
