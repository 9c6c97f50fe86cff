"""The page Attention, part by part: what the decoder reads, then sentence, stage and predictions."""

from __future__ import annotations

import streamlit as st

from attnviz.data import InputError
from attnviz.ui import reading, state, views
from attnviz.ui.boundary import explain, live
from attnviz.ui.components.address import mirror
from attnviz.ui.components.attention import attention_stage, stage_state
from attnviz.ui.components.prediction import prediction_panel
from attnviz.ui.controls import choose
from attnviz.ui.model_picker import CHOSEN, scope
from attnviz.ui.models import Loaded, ModelKey
from attnviz.ui.notices import notice, notice_lines, shortened
from attnviz.ui.page import Frame
from attnviz.ui.reading import Feed, Head, Output, Picture, Sentence
from attnviz.ui.sentence import sentence_row

STAGE = "attention-stage"
FEEDS: tuple[Feed, ...] = ("reference", "own")


def pick_feed(frame: Frame, loaded: Loaded) -> Feed:
    """What the decoder is fed; a language model has no choice."""
    if not loaded.model.config.has_encoder:
        return "own"
    with frame.controls:
        return choose(
            "feed",
            frame.t("feed"),
            FEEDS,
            lambda code: frame.t(f"feed_{code}"),
            default="reference",
            look="segments",
            help=frame.t("feed_help"),
        )


def extent(loaded: Loaded) -> tuple[tuple[str, ...], dict[str, int], int]:
    """The kinds of attention of a model, their layers, and its heads."""
    model = loaded.model
    return model.kinds, {kind: len(model.sites_of(kind)) for kind in model.kinds}, model.config.n_heads


@live
def explore(frame: Frame, loaded: Loaded, feed: Feed) -> None:
    """Sentence, stage and predictions: everything that changes with a sentence or a head, in a fragment of its own."""
    asked = state.arrival(frame.name).fitted(*extent(loaded), examples=len(loaded.task.examples))
    notice_lines([frame.t(remark.key, **remark.values) for remark in asked.remarks], "warning")
    chosen = sentence_row(frame, loaded.task, first=asked.example)
    mirror("address-example", example=chosen.example)
    switches = stage_state(STAGE, scope(loaded))
    try:
        sentence = _taken_in(loaded.key, chosen.text, chosen.reference, loaded)
    except InputError as error:
        notice(explain(error, frame.language), "warning")
        return
    remarks(frame, loaded, sentence, feed)
    intact = _looked(loaded.key, chosen.text, chosen.reference, feed, loaded, sentence)
    heads = reading.known_heads(loaded.model, switches.heads_off)
    now, output = intact, sentence.output
    if heads:
        now, output = _without(loaded.key, chosen.text, chosen.reference, feed, heads, loaded, sentence, intact)
    report = loaded.manifest.report
    attention_stage(
        views.stage_picture(
            views.kind_pictures(now, views.all_predictions(loaded.task, now)),
            asked=state.now().fitted(*extent(loaded)),
            best=report.aligned_head if report else None,
            heads_off=heads,
            seq=switches.seq,
            scope=scope(loaded),
            name=f"attnviz-{st.session_state[CHOSEN]}",
            language=frame.language,
        ),
        key=STAGE,
    )
    prediction_panel(views.panel(loaded.task, sentence, intact, now, output), language=frame.language, key="prediction")


def remarks(frame: Frame, loaded: Loaded, sentence: Sentence, feed: Feed) -> None:
    """Everything worth a sentence about this text."""
    said = [explain(remark, frame.language) for remark in sentence.notices]
    given = sentence.source.src.size(1) if sentence.source.src is not None else 0
    if given > loaded.task.max_src_len > 0:
        said.append(frame.t("longer", given=given, trained=loaded.task.max_src_len))
    if unknown := views.read_as_unknown(sentence):
        listed = " ".join(shortened(token, 12) for token in unknown[:12]) + (" …" if len(unknown) > 12 else "")
        said.append(frame.t("unknown", tokens=listed))
    if sentence.output is not None and feed == "reference" and not sentence.reference:
        said.append(frame.t("no_reference"))
    notice_lines(said)


# ---- what is computed once and shared by everybody who asks the same ----------------------------------------


@st.cache_resource(show_spinner=False, max_entries=64)
def _taken_in(key: ModelKey, text: str, given: str | None, _loaded: Loaded) -> Sentence:
    return reading.take_in(_loaded.model, _loaded.task, text, given)


@st.cache_resource(show_spinner=False, max_entries=32)
def _looked(key: ModelKey, text: str, given: str | None, feed: Feed, _loaded: Loaded, _sentence: Sentence) -> Picture:
    return reading.look(_loaded.model, _loaded.task, _sentence, feed)


@st.cache_resource(show_spinner=False, max_entries=32)
def _without(
    key: ModelKey,
    text: str,
    given: str | None,
    feed: Feed,
    heads: tuple[Head, ...],
    _loaded: Loaded,
    _sentence: Sentence,
    _intact: Picture,
) -> tuple[Picture, Output | None]:
    picture = reading.look_without(_loaded.model, _intact, heads)
    return picture, reading.output_without(_loaded.model, _loaded.task, _sentence, heads)
