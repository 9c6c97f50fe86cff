"""The activation, which all views share, and how its curves are drawn."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from attnviz.figures import curves
from attnviz.language import Language
from attnviz.training.neuron import ACTIVATIONS, Activation, activate, derivative
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.link import said
from attnviz.ui.frame.page import Frame
from attnviz.ui.neuron import link

ACTIVATION = "neuron-activation"
TITLES = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU", "gelu": "GELU"}
PICTURE = {"displayModeBar": False}


def dark() -> bool:
    """Whether the page is shown dark."""
    return bool(st.context.theme.type == "dark")


def pick_activation(frame: Frame) -> Activation:
    """The activation in use."""
    asked = said(link.ACTIVATION)
    found: Activation = choose(
        ACTIVATION,
        frame.t("activation"),
        ACTIVATIONS,
        TITLES.__getitem__,
        default=next((name for name in ACTIVATIONS if name == asked), ACTIVATIONS[0]),
        look="segments",
    )
    return found


def with_derivative(name: Activation, language: Language, *, height: int, title: str | None = None) -> go.Figure:
    """f and f′ over z."""
    z = np.linspace(-link.LIMIT, link.LIMIT, 241)
    drawn = {"f": (z, activate(name, z)), "f′": (z, derivative(name, z))}
    figure = curves(drawn, x_title="z", title=title, language=language, dark=dark(), height=height)
    low, high = (-1.15, 1.25) if name == "tanh" else (-0.25, 1.25)
    figure.update_yaxes(range=[low, high if name in ("sigmoid", "tanh") else 2.4])
    figure.update_layout(width=None, margin={"l": 44, "t": 40 if title else 12, "b": 44})
    return figure
