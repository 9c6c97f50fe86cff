"""Curves that move: one small SVG that is drawn anew in place, where a Plotly chart would be mounted again."""

from attnviz.ui.runs.chart.chart import Line, chart, payload

__all__ = ["Line", "chart", "payload"]
