"""Four activations with their derivatives, and what they are at one z."""

from __future__ import annotations

from functools import partial
from html import escape

import numpy as np
import streamlit as st

from attnviz.training.neuron import ACTIVATIONS, Activation, activate, derivative
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.claim import Trial, claim_row
from attnviz.ui.frame.controls import shown
from attnviz.ui.frame.link import said, written
from attnviz.ui.frame.page import Frame
from attnviz.ui.neuron import link
from attnviz.ui.neuron.settings import PICTURE, TITLES, with_derivative
from attnviz.ui.runs.style import card

Z = "neuron-z"
LAYERS = 8


def show(frame: Frame) -> None:
    """The claim about slopes, a slider for z, the table, and four pictures."""
    t = frame.t
    z = float(st.session_state.setdefault(Z, said(link.Z) or 0.0))
    most = largest_slope("sigmoid")
    back = t("claim_slope", most=f"{most:.2f}", layers=LAYERS, left=f"{most**LAYERS:.1e}".replace("-", "−"))
    claim_row(back, Trial(t("claim_slope_try"), _to_layers))
    mirror(
        "address-neuron",
        **written({link.Z: z, link.ACTIVATION: None, link.DATA: None, link.RATE: None, link.STEP: None}),
    )
    left, right = st.columns([6, 14], gap="small")
    with left, card("neuron-z"):
        field = shown("neuron-z-slider", z, partial(st.session_state.__setitem__, Z))
        st.slider("z", -link.LIMIT, link.LIMIT, field.value, 0.25, key=field.key, on_change=field.answered)
        st.html(table(frame, float(st.session_state[Z])))
    with right:
        for pair in (ACTIVATIONS[:2], ACTIVATIONS[2:]):
            for place, name in zip(st.columns(2, gap="small"), pair, strict=True):
                with place, card(f"neuron-{name}"):
                    figure = with_derivative(name, frame.language, height=262, title=TITLES[name])
                    figure.add_vline(x=z, line={"width": 1, "dash": "dot"})
                    st.plotly_chart(figure, key=f"neuron-{name}", theme=None, config=PICTURE)


def largest_slope(name: Activation) -> float:
    """The largest f′(z) that the pictures show."""
    return float(derivative(name, np.linspace(-link.LIMIT, link.LIMIT, 2401)).max())


def table(frame: Frame, z: float) -> str:
    """f(z), f′(z) and the largest slope of each, as HTML."""
    t = frame.t
    rows = ""
    for name in ACTIVATIONS:
        at = np.array([z])
        values = float(activate(name, at)[0]), float(derivative(name, at)[0]), largest_slope(name)
        rows += f"<tr><th>{TITLES[name]}</th>{''.join(f'<td>{value:.4f}</td>' for value in values)}</tr>"
    head = "".join(f"<th>{escape(one)}</th>" for one in (f"f({z:g})", f"f′({z:g})", t("largest_slope")))
    said_of = f'<p class="nn-note">{escape(t("activations_note"))}</p>'
    table_of = f'<table class="nn-table" data-z="{z:g}"><thead><tr><td></td>{head}</tr></thead>{rows}</table>'
    return table_of.replace("-0.0000", "0.0000") + said_of


def _to_layers() -> None:
    st.session_state["neuron-view"] = "layers"
    st.session_state["neuron-activation"] = "sigmoid"
