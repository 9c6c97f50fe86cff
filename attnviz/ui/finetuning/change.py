"""The same sentence before and after: where every head looks now that it did not look before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from attnviz.data import InputError
from attnviz.figures import difference
from attnviz.language import Language
from attnviz.masks import Kind, kind_of
from attnviz.training.finetuning.attention_change import AttentionChange, HeadChange, attention_change
from attnviz.ui.finetuning.tuned_models import Tuned
from attnviz.ui.frame.appearance import colour_names, dark
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.notices import notice, notice_lines
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs import heads
from attnviz.ui.runs.marks import where_of
from attnviz.ui.sentence import reading
from attnviz.ui.sentence.before_after import before_after
from attnviz.ui.sentence.reading import Sentence
from attnviz.ui.sentence.row import sentence_row
from attnviz.ui.text import words

RANKED = 8  # heads that the list shows
LONGEST = 24  # tokens that the maps of all heads show


@dataclass(frozen=True, eq=False)
class Compared:
    """A sentence as the model reads it before the first step and now."""

    sentence: Sentence
    change: AttentionChange


def show(frame: Frame, now: Tuned) -> None:
    """The sentence, the heads by how much they changed, the difference maps, and one head large."""
    t = words("runs", frame.language)
    chosen = sentence_row(frame, now.task)
    try:
        found = _compared(now.run, now.step, chosen.text, now)
    except InputError as error:
        notice(explain(error, frame.language), "warning")
        return
    kinds: list[str] = list(dict.fromkeys(kind_of(head.site) for head in found.change.after.records.values()))
    most = found.change.heads[0]
    said = heads.verdict_line(heads.Reading(found.sentence, None, ()), now.task, t)  # type: ignore[arg-type]
    st.html(f'<div class="rn-line"><small>{escape(t("attention_at", step=f"{now.step:,}"))}</small>{said}</div>')
    notice_lines([explain(remark, frame.language) for remark in found.sentence.notices])
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        kind = choose(
            "ft-kind",
            frame.t("kind"),
            kinds,
            lambda code: frame.t(f"kind_{code}"),
            default=kind_of(most.site),
            look="segments",
        )
    ranked = [head for head in found.change.heads if kind_of(head.site) == kind]
    maps, list_of = st.columns([15, 5], gap="small")
    with list_of:
        st.html(f'<h2 class="rn-small">{escape(frame.t("ranked_title"))}</h2>{_ranked(ranked, kind)}')
        picked = _pick(frame, ranked)
    with maps:
        title = frame.t("difference_title", **colour_names(frame.language, "more", "less"))
        st.html(f'<h2 class="rn-small">{escape(title)}</h2>')
        _plot(_all(found.change, kind, frame.language, dark()), f"ft-differences-{kind}")  # type: ignore[arg-type]
    _one(frame, found.change, picked)


@st.cache_resource(show_spinner=False, max_entries=32)
def _compared(run: str, step: int, text: str, _now: Tuned) -> Compared:
    sentence = reading.take_in(_now.model, _now.task, text)
    batch, _ = reading.fed(_now.model, _now.task, sentence, "reference")
    return Compared(sentence, attention_change(_now.prepared.before, _now.model, batch))


def _name(head: HeadChange) -> str:
    return where_of(head.site, head.head)


def _ranked(ranked: Sequence[HeadChange], kind: str) -> str:
    """Heads by change, with bars; the measure is the share of its attention that a head moved."""
    most = max((head.change for head in ranked), default=0.0) or 1.0
    rows = "".join(
        f"<b>{escape(_name(head))}</b><i style='width:{100 * head.change / most:.0f}%'></i>"
        f"<span>{100 * head.change:.0f}%</span>"
        for head in ranked[:RANKED]
    )
    return f'<div class="ft-ranked">{rows}</div>'


def _pick(frame: Frame, ranked: Sequence[HeadChange]) -> HeadChange:
    names = [_name(head) for head in ranked]
    picked = choose("ft-head", frame.t("pick_head"), names, lambda name: name, default=names[0])
    return ranked[names.index(picked)]


def _all(change: AttentionChange, kind: Kind, language: Language, is_dark: bool):  # type: ignore[no-untyped-def]
    before, after = change.before.weights(kind)[:, 0], change.after.weights(kind)[:, 0]
    rows, columns = change.after.labels(kind)
    rows, columns = rows[:LONGEST], columns[:LONGEST]
    cut = np.s_[:, :, : len(rows), : len(columns)]
    mask = change.after.mask(kind)[:, 0][cut]
    sites = change.after.sites_of(kind)
    notes = [[f"{100 * change.of(site, head):.0f}%" for head in range(after.shape[1])] for site in sites]
    return difference(
        before[cut], after[cut], rows, columns, mask, limit=1.0, notes=notes, language=language, dark=is_dark
    )


def _one(frame: Frame, change: AttentionChange, head: HeadChange) -> None:
    """One head large: before, after, and what moved."""
    name = _name(head)
    titles = frame.t("head_before", head=name), frame.t("head_after", head=name), frame.t("head_moved", head=name)
    before_after(change, head, titles, language=frame.language, key="ft-head")


def _plot(figure: object, key: str) -> None:
    st.plotly_chart(figure, key=key, theme=None, config={"displaylogo": False})
