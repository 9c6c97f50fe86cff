"""One neuron trained by hand: a click is a step, and every number of it is on screen."""

from __future__ import annotations

from functools import partial
from html import escape
from itertools import islice

import numpy as np
import streamlit as st

from attnviz.figures import curves
from attnviz.figures.theme import palette
from attnviz.training.neuron import INPUTS, TARGETS, Activation, Neuron, NeuronStep
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.claim import Trial, claim_row
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.link import said, written
from attnviz.ui.frame.notices import notice
from attnviz.ui.frame.page import Frame
from attnviz.ui.neuron import link
from attnviz.ui.neuron.settings import PICTURE, dark, pick_activation, with_derivative
from attnviz.ui.runs.style import card

START = Neuron(w=(0.5, -0.5), b=0.0)
STEP = "neuron-step"  # session state: what is trained, and after how many steps
Kept = tuple[tuple[str, str, str], int]


def show(frame: Frame) -> None:
    """The settings, the claim, the four parts of a step, and the pictures beside them."""
    t = frame.t
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        activation = pick_activation(frame)
        data = choose(
            "neuron-data",
            t("data_label"),
            tuple(TARGETS),
            lambda code: t(f"data_{code}"),
            default=said(link.DATA) or "or",
            look="segments",
        )
        st.html('<span class="nn-eta">η</span>', width="content")
        rate = choose(
            "neuron-rate",
            t("rate"),
            link.RATES,
            lambda code: code,
            default=said(link.RATE) or "0.5",
            look="segments",
            help=t("rate"),
        )
        what = (activation, data, rate)
        step = _step(what)
        for count in (1, 10, 100):
            st.button(
                t("step_one") if count == 1 else t("steps", count=count),
                key=f"neuron-go-{count}",
                on_click=partial(_go, what, step + count),
                disabled=step + count > link.MOST_STEPS,
            )
        st.button(
            t("restart"), key="neuron-restart", on_click=partial(_go, what, 0), disabled=not step, type="tertiary"
        )
    mirror(
        "address-neuron",
        **written({link.ACTIVATION: activation, link.DATA: data, link.RATE: rate, link.STEP: step, link.Z: None}),
    )
    steps = trained(activation, data, rate, step + 2)
    now, after = steps[step], steps[step + 1]
    _say(frame, now, after, what)
    left, right = st.columns([13, 7], gap="small")
    with left, card("neuron-step"):
        st.html(table(frame, now, after, data, float(rate)))
    with right, card("neuron-pictures"):
        _pictures(frame, activation, steps[: step + 1], data)
    if step + 1 > link.MOST_STEPS:
        notice(t("enough", most=link.MOST_STEPS))


def trained(activation: Activation, data: str, rate: str, count: int) -> list[NeuronStep]:
    """The first `count` steps."""
    neuron = Neuron(activation=activation, w=START.w, b=START.b, rate=float(rate))
    return list(islice(neuron.steps(np.array(INPUTS), np.array(TARGETS[data])), count))


def _step(what: tuple[str, str, str]) -> int:
    """Another neuron, other data or another rate begin anew."""
    kept: Kept = st.session_state.get(STEP) or (what, said(link.STEP) or 0)
    if kept[0] != what:
        kept = (what, 0)
    st.session_state[STEP] = kept
    return kept[1]


def _go(what: tuple[str, str, str], step: int) -> None:
    st.session_state[STEP] = (what, min(step, link.MOST_STEPS))


def _say(frame: Frame, now: NeuronStep, after: NeuronStep, what: tuple[str, str, str]) -> None:
    t = frame.t
    values = {"step": now.step, "loss": _n(now.loss), "next": _n(after.loss), "change": _n(after.loss - now.loss)}
    if not (np.isfinite(now.loss) and np.isfinite(after.loss)):
        key = "claim_broken"
    elif abs(after.loss - now.loss) < 5e-7:
        key = "claim_rest"
    else:
        key = "claim_down" if after.loss < now.loss else "claim_up"
    trial = Trial(t("step_one"), partial(_go, what, now.step + 1)) if now.step < link.MOST_STEPS else None
    claim_row(t(key, **values), trial)


def _n(value: float) -> str:
    """Four digits behind the point, with a real minus; powers of ten where that says nothing."""
    if not np.isfinite(value):
        return "∞"
    text = f"{value:.4f}" if abs(value) < 1000 and (value == 0 or abs(value) >= 5e-5) else f"{value:.1e}"
    return text.replace("-", "−")


def _product(a: float, b: float) -> str:
    return f"({_n(a)})·{b:g}" if a < 0 else f"{_n(a)}·{b:g}"


def table(frame: Frame, now: NeuronStep, after: NeuronStep, data: str, rate: float) -> str:
    """Forward, loss, gradient, update, as HTML."""
    t = frame.t
    w1, w2 = now.w
    rows = []
    for (x1, x2), y, z, a, slope in zip(INPUTS, TARGETS[data], now.z, now.a, now.slope, strict=True):
        delta = (a - y) * slope
        sum_ = f"{_product(w1, x1)} + {_product(w2, x2)} + {_signed(now.b)}"
        cells = [f"{x1:g}", f"{x2:g}", f"{sum_} = <b>{_n(z)}</b>", f"<b>{_n(a)}</b>", f"{y:g}", _n((a - y) ** 2 / 2)]
        cells += [_n(a - y), _n(slope), f"<b>{_n(delta)}</b>"]
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    head = "".join(
        f"<th>{escape(name)}</th>" for name in ("x₁", "x₂", "z = w₁x₁ + w₂x₂ + b", "a = f(z)", "y", "½(a−y)²", "a−y")
    )
    head += "<th>f′(z)</th><th>δ = (a−y)·f′(z)</th>"
    groups = (
        f'<tr class="nn-groups"><th colspan="4">{escape(t("part_forward"))}</th>'
        f'<th colspan="2">{escape(t("part_loss"))}</th><th colspan="3">{escape(t("part_gradient"))}</th></tr>'
    )
    g1, g2 = now.gradient_w
    names = ("w₁", "w₂", "b")
    means = tuple(t("mean_of", what=what) for what in ("δ·x₁", "δ·x₂", "δ"))
    olds, gradients = (w1, w2, now.b), (g1, g2, now.gradient_b)
    news = (*after.w, after.b)
    updates = "".join(
        f"<tr><th>{name}</th><td>∂L/∂{name} = {mean} = <b>{_n(gradient)}</b></td>"
        f"<td>{name} ← {_n(old)} − {rate:g}·{_signed(gradient)} = <b>{_n(new)}</b></td></tr>"
        for name, mean, old, gradient, new in zip(names, means, olds, gradients, news, strict=True)
    )
    said = t("loss_line", loss=_n(now.loss), next=_n(after.loss))
    return (
        f'<h2 class="rn-small">{escape(t("step_title", step=now.step))}</h2>'
        f'<div class="nn-scroll"><table class="nn-table" data-step="{now.step}"><thead>{groups}<tr>{head}</tr></thead>'
        f"{''.join(rows)}</table></div>"
        f'<h2 class="rn-small">{escape(t("part_update", rate=f"{rate:g}"))}</h2>'
        f'<div class="nn-scroll"><table class="nn-table nn-update">{updates}</table></div>'
        f'<p class="nn-loss">{escape(said)}</p>'
    )


def _signed(value: float) -> str:
    return f"({_n(value)})" if value < 0 else _n(value)


def _pictures(frame: Frame, activation: Activation, steps: list[NeuronStep], data: str) -> None:
    """Where the four examples lie on the activation, and the loss so far."""
    now, p = steps[-1], palette(dark())
    figure = with_derivative(activation, frame.language, height=280, title=frame.t("on_curve"))
    inside = np.clip(now.z, -link.LIMIT, link.LIMIT)
    for value, mark in ((1.0, "circle"), (0.0, "circle-open")):
        here = np.array(TARGETS[data]) == value
        figure.add_scatter(
            x=inside[here],
            y=now.a[here],
            mode="markers",
            name=f"y = {value:g}",
            marker={"symbol": mark, "size": 12, "color": p.key, "line": {"width": 2.5, "color": p.key}},
            hovertemplate="z %{x:.3f}, a %{y:.3f}<extra>%{fullData.name}</extra>",
        )
    st.plotly_chart(figure, key="neuron-curve", theme=None, config=PICTURE)
    losses = np.array([step.loss for step in steps])
    drawn = curves(
        {"loss": (np.arange(len(steps)), losses)},
        title=frame.t("loss_so_far"),
        language=frame.language,
        dark=dark(),
        height=260,
    )
    drawn.update_yaxes(rangemode="tozero", range=[0, float(max(losses[np.isfinite(losses)], default=1.0)) * 1.1 or 1.0])
    drawn.update_xaxes(range=[0, max(len(steps) - 1, 10)], ticklabelstandoff=6)  # its 0 below the other one's
    drawn.update_traces(cliponaxis=False)  # the first step stands on the axis
    drawn.update_layout(width=None, margin={"l": 52, "t": 40, "b": 44})
    st.plotly_chart(drawn, key="neuron-loss", theme=None, config=PICTURE)
