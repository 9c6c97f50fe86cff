"""Figures: arrays and strings in, `plotly.graph_objects.Figure` out.

Usable in a notebook; knows neither torch nor the app. Names are imported when first used, so that
`attnviz.figures.theme` alone does not import Plotly.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attnviz.figures.differences import difference
    from attnviz.figures.grid import WatchedHeads, attention_grid
    from attnviz.figures.heads import attention_head, score_matrix
    from attnviz.figures.lines import attention_lines
    from attnviz.figures.masking import mask_matrix
    from attnviz.figures.predictions import bars, top_k
    from attnviz.figures.statistics import head_statistics
    from attnviz.figures.theme import palette, plotly_template
    from attnviz.figures.training_curves import curves

_WHERE = {
    "WatchedHeads": "grid",
    "attention_grid": "grid",
    "attention_head": "heads",
    "attention_lines": "lines",
    "bars": "predictions",
    "curves": "training_curves",
    "difference": "differences",
    "head_statistics": "statistics",
    "mask_matrix": "masking",
    "palette": "theme",
    "plotly_template": "theme",
    "score_matrix": "heads",
    "top_k": "predictions",
}
__all__ = [
    "WatchedHeads",
    "attention_grid",
    "attention_head",
    "attention_lines",
    "bars",
    "curves",
    "difference",
    "head_statistics",
    "mask_matrix",
    "palette",
    "plotly_template",
    "score_matrix",
    "top_k",
]


def __getattr__(name: str) -> Any:
    """Import a figure's module when it is first asked for."""
    if name in _WHERE:
        return getattr(importlib.import_module(f"attnviz.figures.{_WHERE[name]}"), name)
    raise AttributeError(f"module 'attnviz.figures' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
