"""A signal through equal layers, and the gradient coming back, for every initialiser."""

from __future__ import annotations

import math
from html import escape

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from attnviz.config import Initialiser
from attnviz.figures import curves
from attnviz.training.neuron import ACTIVATIONS, Activation, Spread, spreads
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.claim import Trial, claim_row
from attnviz.ui.frame.link import written
from attnviz.ui.frame.page import Frame
from attnviz.ui.neuron import link
from attnviz.ui.neuron.settings import ACTIVATION, PICTURE, TITLES, dark, pick_activation
from attnviz.ui.runs.style import card

SEED = 0


@st.cache_resource(show_spinner=False)
def measured(activation: Activation) -> tuple[Spread, ...]:
    """Every initialiser with this activation; some tenths of a second."""
    return spreads(activations=(activation,), seed=SEED)


def change(values: tuple[float, ...]) -> float:
    """The last layer's spread by the first's."""
    return values[-1] / values[0] if values[0] > 0 else 0.0


def flattest(found: tuple[Spread, ...]) -> Spread:
    """The initialiser whose signal is, over all layers, nearest to what it was after the first, and alive: its spread
    stays away from the ends of the activation."""
    alive = [one for one in found if one.initialiser != "too-large"]
    return min(alive, key=lambda one: abs(math.log(max(change(one.forward), 1e-300))))


def show(frame: Frame) -> None:
    """The activation, the claim, two charts, and the numbers."""
    t = frame.t
    activation = pick_activation(frame)
    found = measured(activation)
    named = {one.initialiser: t(f"init_{one.initialiser.replace('-', '_')}") for one in found}
    mirror(
        "address-neuron",
        **written({link.ACTIVATION: activation, link.Z: None, link.DATA: None, link.RATE: None, link.STEP: None}),
    )
    _say(frame, activation, found, named)
    left, middle, right = st.columns([8, 8, 7], gap="small")
    for place, key, back in ((left, "forward", False), (middle, "backward", True)):
        with place, card(f"neuron-{key}"):
            figure = _chart(frame, found, named, back=back)
            st.plotly_chart(figure, key=f"neuron-{key}", theme=None, config=PICTURE)
    with right, card("neuron-spreads"):
        st.html(table(frame, found, named))


def _chart(frame: Frame, found: tuple[Spread, ...], named: dict[Initialiser, str], *, back: bool) -> go.Figure:
    drawn = {}
    for one in found:
        values = np.array(one.backward if back else one.forward)
        drawn[named[one.initialiser]] = (np.arange(1, len(values) + 1), np.where(values > 1e-12, values, np.nan))
    figure = curves(
        drawn,
        x_title=frame.t("layer"),
        title=frame.t("chart_backward" if back else "chart_forward"),
        log_y=True,
        language=frame.language,
        dark=dark(),
        height=430,
    )
    figure.update_layout(width=None, margin={"l": 64})
    return figure


def table(frame: Frame, found: tuple[Spread, ...], named: dict[Initialiser, str]) -> str:
    """First layer, last layer, and their ratio; the ratio of the gradients."""
    t = frame.t
    rows = "".join(
        f"<tr><th>{escape(named[one.initialiser])}</th><td>{_short(one.forward[0])}</td><td>{_short(one.forward[-1])}</td>"
        f"<td><b>{_short(change(one.forward))}</b></td><td>{_short(change(one.backward[::-1]))}</td></tr>"
        for one in found
    )
    names = (t("first_layer"), t("last_layer", layers=len(found[0].forward)), t("ratio"), t("ratio_back"))
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    note = f'<p class="nn-note">{escape(t("layers_note"))}</p>'
    return f'<table class="nn-table"><thead><tr><td></td>{head}</tr></thead>{rows}</table>{note}'


def _short(value: float) -> str:
    text = f"{value:.3f}" if 0.01 <= abs(value) < 1000 else f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")
    return "0" if value == 0 else text.replace("-", "−")


def _say(frame: Frame, activation: Activation, found: tuple[Spread, ...], named: dict[Initialiser, str]) -> None:
    best = flattest(found)
    worst = min(found, key=lambda one: change(one.forward))
    other = ACTIVATIONS[(ACTIVATIONS.index(activation) + 1) % len(ACTIVATIONS)]
    said = frame.t(
        "claim_layers",
        activation=TITLES[activation],
        best=named[best.initialiser],
        ratio=_short(change(best.forward)),
        back=_short(change(best.backward[::-1])),
        worst=named[worst.initialiser],
        least=_short(change(worst.forward)),
        least_back=_short(change(worst.backward[::-1])),
        layers=len(best.forward),
    )
    claim_row(said, Trial(frame.t("claim_layers_try", activation=TITLES[other]), lambda: _set(other)))


def _set(activation: Activation) -> None:
    st.session_state[ACTIVATION] = activation
