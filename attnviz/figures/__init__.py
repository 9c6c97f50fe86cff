"""Figures: arrays and strings in, `plotly.graph_objects.Figure` out. Usable in a notebook; knows neither torch nor the app.

Names are imported when first used, so that `attnviz.figures.theme` alone does not import Plotly.
"""
