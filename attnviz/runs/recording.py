"""From a step's record to a row of the database."""

from __future__ import annotations

import json
import math
from typing import Any

from attnviz.runs.journal import METRICS
from attnviz.training import StepRecord

# An evaluation's figures that have a column of their own, by their names in it.
_COLUMNS = {
    "loss": "validation_loss",
    "token_accuracy": "validation_token_accuracy",
    "exact_match": "exact_match",
}
_NOT_SHOWN = {"examples", "tokens", "perplexity"}


def metrics_row(record: StepRecord) -> dict[str, Any]:
    """The columns of a step; figures of an evaluation without a column go into `more` as JSON."""
    row: dict[str, Any] = {name: getattr(record, name, None) for name in METRICS}
    row["more"] = None
    if record.metrics is None:
        return row
    figures = record.metrics.to_dict()
    more = {}
    for name, value in figures.items():
        if name in _COLUMNS:
            row[_COLUMNS[name]] = value
        elif name not in _NOT_SHOWN and isinstance(value, int | float) and math.isfinite(value):
            more[name] = value
    row["more"] = json.dumps(more) if more else None
    return row
