"""The page Compress, part by part: the claim, the chart with its slider, the heads, the numbers, one head before and
after, and the way to keep the smaller model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from attnviz.errors import InputError
from attnviz.ui.compress import keeping, link, looking, pictures, style
from attnviz.ui.compress.claim import claimed
from attnviz.ui.compress.measuring import Smaller, Work, is_exact, smaller, unmeasured, work
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.claim import Trial, claim_row
from attnviz.ui.frame.controls import choose, shown
from attnviz.ui.frame.link import here, read, said, written
from attnviz.ui.frame.notices import notice, notice_lines
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs.polling import polled
from attnviz.ui.runs.style import apply as apply_cards
from attnviz.ui.runs.style import card
from attnviz.ui.sentence.model_picker import CHOSEN, pick_model, scope
from attnviz.ui.sentence.models import Loaded

OUT, ORDER = "compress-out", "compress-order"
COLUMNS = (11, 9)


@dataclass(frozen=True)
class Asked:
    """How many heads of which model are to be out."""

    scope: str
    out: int = 0


def show(frame: Frame) -> None:
    """Draw the page for the model that is picked."""
    apply_cards()
    style.apply()
    loaded = pick_model(frame)
    if loaded is None:
        return
    with frame.notices:
        arrived = read(link.FIELDS, here())
        lines = [frame.t(one.remark.key, **one.remark.values) for one in arrived.refused if one.of in link.OWN]
        notice_lines(lines, "warning")
    measured, drawn = work(loaded.key, loaded), st.session_state[CHOSEN]

    def body() -> None:
        if st.session_state.get(CHOSEN) != drawn:
            st.rerun()  # one was kept or thrown away here, and the picker stands outside of this part
        _body(frame, loaded, measured)

    # The same fragment while it is measured and afterwards, so that nothing that is pressed in between is lost.
    polled(body, moving=not measured.done, resting=False)


def _body(frame: Frame, loaded: Loaded, measured: Work) -> None:
    heads = measured.chart.heads
    out = min(_asked(loaded).out, heads)
    order = st.session_state.get(ORDER) or said(link.ORDER) or link.ORDERS[0]
    _say(frame, loaded, measured, out)
    small, refused = _smaller(loaded, measured, order, out)
    left, right = st.columns(COLUMNS, gap="small")
    with left, card("chart"):
        pictures.chart(frame, measured.chart, out, order, small, exact=is_exact(loaded.task))
        order = _controls(frame, loaded, heads, out)
    with right, card("heads"):
        pictures.heads(frame, loaded.model, measured.orders.get(order), out)
    if small is not None:
        with right, card("numbers"):
            pictures.numbers(frame, small, exact=is_exact(loaded.task))
            keeping.show(frame, loaded, small, order)
    if refused is not None:
        notice(explain(refused, frame.language), "warning")
    if small is not None:
        if small.refused is not None:
            notice(explain(small.refused, frame.language), "warning")
        with card("look"):
            looking.show(frame, loaded, small)
    mirror("address-compress", **written({link.OUT: out, link.ORDER: order}))


def _smaller(loaded: Loaded, measured: Work, order: str, out: int) -> tuple[Smaller | None, InputError | None]:
    """The model without these heads. Until it is known which they are, or what all together achieve, what needs no
    measuring: so the page has its shape at once."""
    if order not in measured.orders or not (out or measured.whole):
        return unmeasured(loaded.key, loaded), None
    try:
        return smaller(loaded.key, measured.orders[order][:out], loaded), None
    except InputError as error:  # every head is out: a sentence says so, and the slider stays where it is
        return None, error


def _controls(frame: Frame, loaded: Loaded, heads: int, out: int) -> str:
    """In which order heads go, and how many; the order now."""
    slider = shown(OUT, out, partial(_set_out, loaded))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        order = choose(
            ORDER,
            frame.t("order"),
            link.ORDERS,
            lambda code: frame.t(f"order_{code}"),
            default=said(link.ORDER) or link.ORDERS[0],
            look="segments",
        )
        st.slider(
            frame.t("heads_out"), 0, heads, slider.value, key=slider.key, on_change=slider.answered, help=frame.t("why")
        )
    return order


def _asked(loaded: Loaded) -> Asked:
    kept = st.session_state.get("compress")
    if not isinstance(kept, Asked):
        kept = Asked(scope(loaded), said(link.OUT) or 0)
    if kept.scope != scope(loaded):
        kept = Asked(scope(loaded))
    st.session_state["compress"] = kept
    return kept


def _set_out(loaded: Loaded, out: int) -> None:
    st.session_state["compress"] = replace(_asked(loaded), out=int(out))


def _say(frame: Frame, loaded: Loaded, measured: Work, out: int) -> None:
    """What can go, or what has gone, and the button that takes it out or puts it back; before that how far it is."""
    if measured.problem is not None:
        notice(explain(measured.problem, frame.language), "error")
        return
    found = claimed(measured.chart)
    if found is None and measured.done:
        return  # no head can be taken out
    if found is None:
        ranked = "importance" in measured.orders
        done, every = measured.chart.done, measured.chart.measurements
        claim_row(frame.t("measuring", done=done, all=every) if ranked else frame.t("measuring_order"))
        return
    score = frame.t("score_exact" if is_exact(loaded.task) else "score_tokens")
    values = {
        "score": score,
        "out": found.out,
        "heads": found.heads,
        "whole": f"{found.whole:.1%}",
        "left": f"{found.importance:.1%}",
        "random": f"{found.random:.1%}",
    }
    key = "claim" if found.keeps else "claim_none"
    if out == found.out:
        trial = Trial(frame.t("claim_back"), lambda: _tried(loaded, 0), undoes=True)
        claim_row(frame.t(f"{key}_tried", **values), trial)
    else:
        trial = Trial(frame.t("claim_try", **values), lambda: _tried(loaded, found.out))
        claim_row(frame.t(key, **values), trial)


def _tried(loaded: Loaded, out: int) -> None:
    _set_out(loaded, out)
    st.session_state[ORDER] = link.ORDERS[0]
