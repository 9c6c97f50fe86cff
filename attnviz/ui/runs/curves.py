"""The curves of a run, and the row of numbers under them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape

import numpy as np
import streamlit as st

from attnviz.runs.feed import RunView
from attnviz.ui.runs.chart import Line, chart
from attnviz.ui.runs.series import Series, accuracies, column, left, losses
from attnviz.ui.text import Words

SIMPLE = "curve_simple"  # among baselines the one that is an exact match, all others are losses
APART = 30  # times the smallest value: beyond it, the axis is logarithmic
# What a curve is: what the model learns from, or is helped at; and what counts.
ROLES = {"curve_train": "taught", "curve_validation": "tested", "curve_forced": "taught", "curve_free": "tested"}
SPARK = 60  # points of a small curve
TILES = ("perplexity", "learning_rate", "grad_norm", "update_ratio", "tokens_per_second", "time_left")


def draw(
    view: RunView,
    at: int | None,
    baselines: Mapping[str, float],
    t: Words,
    *,
    key: str,
    height: int = 146,
    labels: bool = False,
) -> None:
    """Loss and accuracy with a line at step `at`, and the numbers. `baselines`: losses, and SIMPLE.

    `labels`: it says labels and is fed nothing, so that there is one accuracy only.
    """
    series = losses(view)
    log = spread(series)
    title = t("loss_title_log" if log else "loss_title")
    mark = "" if at is None else t("at_step", step=f"{at:,}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        st.html(f'<h2 class="rn-small">{escape(title)}</h2>')
        st.download_button(
            "CSV",
            data=lambda: csv(view),
            file_name=f"{view.id}.csv",
            mime="text/csv",
            key=f"{key}-csv",
            help=t("curves_csv"),
            type="tertiary",
            icon=":material/download:",
            on_click="ignore",
        )
    chart(
        [Line(t(name), pair, ROLES[name]) for name, pair in series.items()],
        baselines={t(name): value for name, value in baselines.items() if name != SIMPLE},
        at=at,
        mark=mark,
        log=log,
        height=height,
        label=title,
        key=f"{key}-loss",
    )
    title = t("accuracy_labels" if labels else "accuracy_title")
    shown = accuracies(view)
    if labels:
        shown = {"curve_validation": shown["curve_forced"]} if "curve_forced" in shown else {}
    st.html(f'<h2 class="rn-small">{escape(title)}</h2>')
    chart(
        [Line(t(name), pair, ROLES[name]) for name, pair in shown.items()],
        baselines={t(name): value for name, value in baselines.items() if name == SIMPLE},
        at=at,
        mark=mark,
        share=True,
        height=height - 22,
        label=title,
        key=f"{key}-accuracy",
    )
    st.html(tiles(view.until(at), t))


def spread(series: Mapping[str, Series]) -> bool:
    """Whether values are so far apart that only a logarithmic axis shows them all."""
    values = np.concatenate([y for _, y in series.values()] or [np.zeros(0)])
    values = values[np.isfinite(values)]
    return bool(values.size and values.min() > 0 and values.max() > APART * values.min())


def csv(view: RunView) -> str:
    """Everything recorded, a line a step; empty where nothing was measured."""
    names = list(view.metrics)
    lines = [",".join(names)]
    for row in zip(*(view.metrics[name].tolist() for name in names), strict=True):
        lines.append(",".join("" if value != value else f"{value:g}" for value in row))
    return "\n".join(lines) + "\n"


# ---- the numbers -------------------------------------------------------------------------------------------------


def tiles(view: RunView, t: Words) -> str:
    """Small numbers with small curves."""
    return f'<div class="rn-tiles">{"".join(_tile(name, view, t) for name in TILES)}</div>'


def _tile(name: str, view: RunView, t: Words) -> str:
    spark, value = "", "–"
    if name == "time_left":
        said = left(view.status.seconds_left if view.moving else None)
        value = "–" if said is None else t(said[0], **said[1])
    else:
        _, y = column(view, "validation_loss" if name == "perplexity" else name, SPARK)
        if name == "perplexity":
            y = np.exp(np.minimum(y, 50.0))
        if y.size:
            value = number(float(y[-1]) if name == "perplexity" else view.last(name) or 0.0)
            spark = sparkline(y)
    return (
        f'<div title="{escape(t(f"{name}_help"))}"><small>{escape(t(name))}</small><b>{escape(value)}</b>{spark}</div>'
    )


def number(value: float) -> str:
    """Three digits, or a power of ten where that is shorter."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e6 or size < 1e-3:
        return f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e")
    if size >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def sparkline(values: np.ndarray) -> str:
    """A curve without axes: the area below it, cut out of a coloured strip."""
    known = values[np.isfinite(values)]
    if known.size < 2:
        return ""
    low, high = float(known.min()), float(known.max())
    span = (high - low) or 1.0
    points = ",".join(
        f"{100 * i / (known.size - 1):.1f}% {88 - 88 * (value - low) / span:.0f}%" for i, value in enumerate(known)
    )
    return f'<i class="rn-spark" style="clip-path:polygon(0% 100%,{points},100% 100%)"></i>'
