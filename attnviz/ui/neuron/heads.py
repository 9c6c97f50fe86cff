"""Heads against cost: exact match of 1 … 64 heads over seeds, as recorded, and the time of a step, here too."""

from __future__ import annotations

from html import escape

import streamlit as st

from attnviz.errors import ExperimentError
from attnviz.experiments import Found
from attnviz.experiments.catalogue import e11_more_heads as e11
from attnviz.experiments.plan import At
from attnviz.experiments.recording import recorded
from attnviz.experiments.trained import Trained
from attnviz.figures import curves
from attnviz.training.build import build_trainer
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.claim import Trial, claim_row
from attnviz.ui.frame.link import written
from attnviz.ui.frame.notices import notice
from attnviz.ui.frame.page import Frame
from attnviz.ui.neuron import link
from attnviz.ui.neuron.settings import PICTURE, dark
from attnviz.ui.runs.style import card

TIMED = "neuron-timed"  # session state: whether this machine's times are asked for


def show(frame: Frame) -> None:
    """The claim, the chart with its spread, and the table."""
    t = frame.t
    mirror("address-neuron", **written(dict.fromkeys((link.ACTIVATION, link.DATA, link.RATE, link.STEP, link.Z))))
    try:
        found = recorded(e11.EXPERIMENT)
    except ExperimentError as error:
        notice(explain(error, frame.language), "error")
        return
    means = found.means
    best = max(e11.HEADS[1:5], key=lambda heads: means[f"exact.{heads}"])
    last = e11.HEADS[-1]
    said = t(
        "claim_heads",
        best=best,
        best_score=f"{means[f'exact.{best}']:.1%}",
        best_dim=e11.D_MODEL // best,
        last=last,
        last_score=f"{means[f'exact.{last}']:.1%}",
        last_dim=e11.D_MODEL // last,
        time=f"{means[f'cost.{last}'] / means[f'cost.{best}']:.1f}",
        memory=f"{means[f'bytes.{last}'] / means[f'bytes.{best}']:.0f}",
    )
    timed = bool(st.session_state.get(TIMED))
    claim_row(said, None if timed else Trial(t("claim_heads_try"), lambda: st.session_state.__setitem__(TIMED, True)))
    left, right = st.columns([9, 11], gap="small")
    with left, card("neuron-heads-chart"):
        _chart(frame, found)
    with right, card("neuron-heads"):
        here = None
        if timed:
            with st.spinner(t("timing")):
                here = times()
        st.html(table(frame, found, here))


@st.cache_resource(show_spinner=False, ttl=600)
def times() -> dict[str, float]:
    """CPU time of an update with each number of heads against that with 4, on this machine, now: untrained models."""
    models = {}
    for name, plan in e11.plans(At()).items():
        trainer = build_trainer(plan)
        models[name] = Trained(plan, trainer.model, trainer.task, 0.0, 0)
    return e11.cost(models)


def _chart(frame: Frame, found: Found) -> None:
    rows = {row.quantity.name: row.spread for row in found.rows}
    of = [rows[f"exact.{heads}"] for heads in e11.HEADS]
    name = frame.t("score_exact")
    figure = curves(
        {name: (e11.HEADS, [one.mean for one in of])},
        bands={name: ([min(one.values) for one in of], [max(one.values) for one in of])},
        x_title=frame.t("heads_axis"),
        log_x=True,
        language=frame.language,
        dark=dark(),
        height=420,
    )
    figure.update_xaxes(tickvals=list(e11.HEADS), ticktext=[str(heads) for heads in e11.HEADS])
    figure.update_yaxes(range=[-0.02, 1.04], tickformat=".0%")
    figure.update_layout(width=None, margin={"l": 56, "t": 16})
    st.plotly_chart(figure, key="neuron-heads", theme=None, config=PICTURE)


def table(frame: Frame, found: Found, here: dict[str, float] | None) -> str:
    """A row a number of heads."""
    t = frame.t
    spread = {row.quantity.name: row.spread for row in found.rows}
    rows = ""
    for heads in e11.HEADS:
        exact = spread[f"exact.{heads}"]
        cells = [
            f"{e11.D_MODEL // heads}",
            f"<b>{exact.mean:.1%}</b> ± {exact.sd:.1%}",
            f"{spread[f'cost.{heads}'].mean:.2f}",
            *([f"{here[str(heads)]:.2f}"] if here is not None else []),
            f"{spread[f'bytes.{heads}'].mean / 1024:,.0f}",
        ]
        rows += f"<tr><th>{heads}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    names = [t("column_heads"), "head_dim", t("score_exact"), t("column_time"), t("column_bytes")]
    if here is not None:
        names.insert(4, t("column_here"))
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    assert found.recorded is not None, "it was read from a recording"
    note = t("heads_note", seeds=", ".join(map(str, found.seeds)), date=found.recorded.date)
    return (
        f'<table class="nn-table nn-heads"><thead><tr>{head}</tr></thead>{rows}</table>'
        f'<p class="nn-note">{escape(note)}</p>'
    )
