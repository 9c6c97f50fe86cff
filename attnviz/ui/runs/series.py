"""From what a run recorded to the series that are drawn: plain functions."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from attnviz.runs.feed import RunView

POINTS = 400  # of a curve: a screen has no more columns to show
Series = tuple[NDArray[np.float64], NDArray[np.float64]]


def thinned(steps: NDArray[np.floating], values: NDArray[np.floating], points: int = POINTS) -> Series:
    """At most `points` points: each the mean of as many neighbours, at their last step. Missing values are left out."""
    known = np.isfinite(values)
    at, y = np.asarray(steps, dtype=float)[known], np.asarray(values, dtype=float)[known]
    size = math.ceil(len(y) / points)
    if size <= 1:
        return at, y
    parts = np.arange(0, len(y), size)
    counts = np.diff(np.append(parts, len(y)))
    ends = np.append(parts[1:], len(y)) - 1
    return at[ends], np.add.reduceat(y, parts) / counts


def column(view: RunView, name: str, points: int = POINTS) -> Series:
    """One recorded number over the steps; empty where it was never recorded."""
    if name not in view.metrics:
        return np.zeros(0), np.zeros(0)
    return thinned(view.metrics["step"], view.metrics[name], points)


def losses(view: RunView) -> dict[str, Series]:
    """Training and validation loss."""
    named = {"curve_train": column(view, "loss"), "curve_validation": column(view, "validation_loss")}
    return {name: series for name, series in named.items() if series[0].size}


def accuracies(view: RunView) -> dict[str, Series]:
    """Teacher-forced accuracy beside free-running exact match, both on the validation split."""
    named = {
        "curve_forced": column(view, "validation_token_accuracy"),
        "curve_free": column(view, "exact_match"),
    }
    return {name: series for name, series in named.items() if series[0].size}


def left(seconds: float | None) -> tuple[str, dict[str, str]] | None:
    """How a time is said: the key of its text and the values."""
    if seconds is None or not math.isfinite(seconds):
        return None
    if seconds < 90:
        return "seconds_left", {"seconds": f"{seconds:.0f}"}
    if seconds < 5400:
        return "minutes_left", {"minutes": f"{seconds / 60:.0f}"}
    return "hours_left", {"hours": f"{seconds / 3600:.1f}"}
