"""The chart, the heads in the order in which they go, and the numbers of the three models side by side."""

from __future__ import annotations

from html import escape

import streamlit as st

from attnviz.figures import curves
from attnviz.model import Transformer
from attnviz.trace.interventions import Head
from attnviz.training.compress import PruningChart, pruned_heads
from attnviz.ui.compress.measuring import LIMIT, Smaller, score
from attnviz.ui.frame.page import Frame

HEIGHT = 330
WAITED_FOR = "…"  # instead of a number that is being measured


def chart(frame: Frame, found: PruningChart, out: int, order: str, small: Smaller | None, *, exact: bool) -> None:
    """Both curves over the number of heads out; the random one is a mean, with the range of its orders behind it."""
    t = frame.t
    by = {"importance": t("order_importance"), "random": t("order_random")}
    drawn = {by["importance"]: ([len(p.out) for p in found.importance], [p.score for p in found.importance])}
    if not found.importance:
        drawn = {}
    bands = {}
    means = found.random_means
    if means:
        drawn[by["random"]] = ([at for at, _ in means], [mean for _, mean in means])
        scores = [[point.score for point in row] for row in zip(*found.random, strict=False)][: len(means)]
        bands[by["random"]] = ([min(row) for row in scores], [max(row) for row in scores])
    title = t("score_exact" if exact else "score_tokens")
    st.html(f'<h2 class="rn-small">{escape(t("chart_title", score=title, count=LIMIT))}</h2>')
    figure = curves(
        drawn,
        bands=bands,
        events={out: t("now_out", out=out)} if out else {},
        x_title=t("heads_out_of", heads=found.heads),
        language=frame.language,
        dark=bool(st.context.theme.type == "dark"),
        height=HEIGHT,
    )
    figure.update_xaxes(range=[-0.3, found.heads - 0.7])
    figure.update_yaxes(range=[-0.04, 1.04], tickformat=".0%")
    if small is not None and small.metrics is not None:
        figure.add_scatter(
            x=[out],
            y=[score(small.metrics)],
            name=by[order],
            mode="markers",
            marker={"size": 13, "symbol": "diamond", "color": figure.layout.font.color or "#888"},
            hovertemplate="%{y:.1%}<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(width=None, margin={"t": 20})
    st.plotly_chart(figure, key="compress-chart", theme=None, config={"displayModeBar": False})


def heads(frame: Frame, model: Transformer, order: tuple[Head, ...] | None, out: int) -> None:
    """A row an attention, a cell a head: the number is its turn; those that are out are hatched. `order` None: nobody
    knows yet."""
    t = frame.t
    turn = {head: number for number, head in enumerate(order or (), 1)}
    gone = pruned_heads(model)
    rows = []
    for site in model.sites:
        stack, layer, kind = site.split(".")
        name = t(f"site_{stack}_{kind}", layer=int(layer) + 1)
        every = [(site, head) for head in range(model.heads(site))]
        cells = "".join(_turn(turn.get(head), out, gone=head in gone) for head in every)
        rows.append(f"<tr><th>{escape(name)}</th>{cells}</tr>")
    most = max((model.heads(site) for site in model.sites), default=0)
    head = "".join(f"<th>H{number + 1}</th>" for number in range(most))
    st.html(
        f'<h2 class="rn-small">{escape(t("heads_title"))}</h2><div class="cp-scroll"><table class="cp-heads">'
        f"<thead><tr><td></td>{head}</tr></thead>{''.join(rows)}</table></div>"
        f'<p class="cp-note">{escape(t("heads_note"))}</p>'
    )


def _turn(turn: int | None, out: int, *, gone: bool) -> str:
    """A head's cell: when its turn is, as soon as that is known; a dash if it was gone before."""
    if gone:
        return '<td class="cp-gone">–</td>'
    if turn is None:
        return f'<td class="cp-in">{WAITED_FOR}</td>'
    return f'<td class="{"cp-out" if turn <= out else "cp-in"}">{turn}</td>'


def numbers(frame: Frame, small: Smaller, *, exact: bool) -> None:
    """The model with its heads out beside the same in one byte a weight."""
    t = frame.t
    q, before, cost = small.quantized, small.metrics, small.cost
    after = None if cost is None else cost.after
    none = "–" if q is None else WAITED_FOR
    rows = [
        (t("row_bytes"), "–" if q is None else f"{q.bytes_before:,}", "–" if q is None else f"{q.bytes_after:,}"),
        (
            t("score_exact" if exact else "score_tokens"),
            WAITED_FOR if before is None else f"{score(before):.1%}",
            none if after is None else f"{score(after):.1%}",
        ),
        (
            t("row_loss"),
            WAITED_FOR if before is None else f"{before.loss:.4f}",
            none if after is None else f"{after.loss:.4f}",
        ),
        (t("row_moved_mean"), "", none if cost is None else f"{cost.moved_mean:.5f}"),
        (t("row_moved_most"), "", none if cost is None else f"{cost.moved_most:.4f}"),
    ]
    body = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(one)}</td><td>{escape(other)}</td></tr>" for name, one, other in rows
    )
    said = "" if q is None else t("bytes_share", share=f"{q.share:.0%}")
    if small.zeros:
        said += " " + t("zeros_note", zeros=f"{small.zeros:,}")
    st.html(
        f'<h2 class="rn-small">{escape(t("numbers_title"))}</h2><table class="cp-table"><thead><tr><td></td>'
        f"<th>{escape(t('column_float'))}</th><th>{escape(t('column_int8'))}</th></tr></thead>{body}</table>"
        f'<p class="cp-note">{escape(said)}</p>'
    )
