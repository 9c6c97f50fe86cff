"""A race drawn: every strategy over time with its spread, gained against kept, and the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go

from attnviz.figures.theme import palette, plotly_template
from attnviz.settings import FINETUNING
from attnviz.training.finetuning.spread import Spread
from attnviz.ui.finetuning.entry_figures import Course, EntryFigures
from attnviz.ui.finetuning.picture import size_of
from attnviz.ui.runs.curves import number
from attnviz.ui.text import Words

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "hexagon", "x")
NAME_ROOM = 0.065  # between the middles of two names, on the axis of shares
Named = Callable[[str], str]


def over_time(found: Mapping[str, Course], named: Named, *, title: str, dark: bool, height: int = 330) -> go.Figure:
    """Means as lines, one standard deviation as bands."""
    p = palette(dark)
    figure = go.Figure()
    for entry, course in found.items():
        i = FINETUNING["strategy"].values.index(entry)
        ink = p.runs[i % len(p.runs)]
        if course.sd.any():
            x = np.concatenate([course.steps, course.steps[::-1]])
            y = np.concatenate([course.mean + course.sd, (course.mean - course.sd)[::-1]])
            red, green, blue = (int(ink[k : k + 2], 16) for k in (1, 3, 5))
            fill = f"rgba({red},{green},{blue},0.16)"
            figure.add_scatter(
                x=x, y=y, fill="toself", fillcolor=fill, mode="lines", line={"width": 0}, hoverinfo="skip"
            )
        figure.add_scatter(
            x=course.steps,
            y=course.mean,
            name=named(entry),
            mode="lines+markers",
            line={"color": ink, "width": 2.5},
            marker={"symbol": SYMBOLS[i % len(SYMBOLS)], "size": 7, "color": ink},
            customdata=course.sd,
            hovertemplate="%{y:.1%} ± %{customdata:.1%}<extra>%{fullData.name}</extra>",
        )
    _layout(figure, dark, height, title)
    figure.update_xaxes(rangemode="tozero", showgrid=False)
    return figure


def plane(
    found: Sequence[EntryFigures], named: Named, *, new: str, old: str, dark: bool, height: int = 330
) -> go.Figure:
    """Each strategy as a point: what it kept of the old task (right is better) and gained of the new one (up)."""
    p = palette(dark)
    figure = go.Figure()
    for one in found:
        if one.new is None or one.old is None:
            continue
        i = FINETUNING["strategy"].values.index(one.entry)
        ink = p.runs[i % len(p.runs)]
        figure.add_scatter(
            x=[one.old.mean],
            y=[one.new.mean],
            name=named(one.entry),
            mode="markers",
            cliponaxis=False,
            marker={"symbol": SYMBOLS[i % len(SYMBOLS)], "size": 13, "color": ink},
            error_x={"array": [one.old.sd], "color": ink, "visible": one.old.sd > 0},
            error_y={"array": [one.new.sd], "color": ink, "visible": one.new.sd > 0},
            hovertemplate="%{y:.1%} · %{x:.1%}<extra>%{fullData.name}</extra>",
        )
    _names(figure)
    _layout(figure, dark, height, new)
    figure.update_xaxes(title=old, range=[-0.06, 1.06], tickformat=".0%")
    figure.update_layout(showlegend=False)
    return figure


def apart(places: Sequence[float], room: float, most: float) -> list[float]:
    """Rising places moved as little as one sweep up and one down must, until `room` lies between any two."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + room) if moved else place)
    limit = most
    for i in reversed(range(len(moved))):
        moved[i] = min(moved[i], limit)
        limit = moved[i] - room
    return moved


def _names(figure: go.Figure) -> None:
    """The name of each point beside it, on the side with more room; names that would lie on each other move apart."""
    for left in (False, True):
        beside = sorted((one for one in figure.data if (one.x[0] >= 0.5) == left), key=lambda one: one.y[0])
        for one, y in zip(beside, apart([float(one.y[0]) for one in beside], NAME_ROOM, 1.02), strict=True):
            figure.add_annotation(
                x=one.x[0],
                y=y,
                text=one.name,
                font={"color": one.marker.color},
                showarrow=False,
                xanchor="right" if left else "left",
                xshift=-12 if left else 12,
            )


def _layout(figure: go.Figure, dark: bool, height: int, title: str) -> None:
    figure.update_layout(
        template=plotly_template(dark),
        height=height,
        width=None,
        margin={"l": 8, "r": 8, "t": 12, "b": 8},
        legend={"orientation": "h", "y": -0.14, "yanchor": "top"},
        hovermode="closest",
    )
    for trace in figure.data:
        trace.showlegend = trace.name is not None
    figure.update_yaxes(title=title, range=[-0.04, 1.06], tickformat=".0%")


def table(found: Sequence[EntryFigures], named: Named, t: Words, *, seeds: int, labels: bool) -> str:
    """Every entry with what it trains, gained, kept and took; the best of a column stands out."""
    columns = ["trained", "rate", "memory", "new", "old", *(["f1"] if labels else []), "loss", "seconds"]
    best = {
        "new": max((one.new.mean for one in found if one.new), default=None),
        "old": max((one.old.mean for one in found if one.old), default=None),
    }
    rows = []
    for one in found:
        share = 100 * one.member.trained / one.member.parameters
        cells = {
            "trained": f"{one.member.trained:,} <small>{share:.3g}%</small>",
            "rate": f"{one.rate:.2g}",
            "memory": size_of(one.member.size),
            "new": _spread(one.new),
            "old": _spread(one.old),
            "f1": _spread(one.f1),
            "loss": "–" if one.loss is None else _pair(number(one.loss.mean), one.loss, number),
            "seconds": "–" if one.seconds is None else f"{one.seconds.mean:.1f} s",
        }
        body = "".join(
            f'<td class="{"ft-best" if _is_best(name, one, best) else ""}">{cells[name]}</td>' for name in columns
        )
        rows.append(f'<tr data-entry="{escape(one.entry)}"><th>{escape(named(one.entry))}</th>{body}</tr>')
    head = "".join(f"<th>{escape(t(f'race_{name}'))}</th>" for name in columns)
    note = t("race_note", seeds=seeds) if seeds > 1 else t("race_note_one")
    return (
        f'<table class="ft-table" data-table="race"><thead><tr><td></td>{head}</tr></thead>{"".join(rows)}</table>'
        f'<p class="ft-note">{escape(note)}</p>'
    )


def _is_best(name: str, one: EntryFigures, best: Mapping[str, float | None]) -> bool:
    spread = {"new": one.new, "old": one.old}.get(name)
    return spread is not None and spread.mean == best.get(name) and spread.mean > 0


def _spread(spread: Spread | None) -> str:
    return "–" if spread is None else _pair(_percent(spread.mean), spread, _percent)


def _pair(mean: str, spread: Spread, said: Callable[[float], str]) -> str:
    return mean if spread.count < 2 else f"{mean} <small>± {said(spread.sd)}</small>"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"
