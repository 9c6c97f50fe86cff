"""The page Attention, part by part: what the decoder reads, then sentence, stage and predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from attnviz.data import InputError
from attnviz.ui.attention import views
from attnviz.ui.attention.prediction import prediction_panel
from attnviz.ui.attention.stage import AttentionStageState, attention_stage, stage_state
from attnviz.ui.frame import address as state
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.boundary import explain, live, rerun
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.notices import listed, notice, notice_lines
from attnviz.ui.frame.page import Frame
from attnviz.ui.sentence import reading
from attnviz.ui.sentence.model_picker import CHOSEN, scope
from attnviz.ui.sentence.models import Loaded, ModelKey
from attnviz.ui.sentence.reading import Feed, Head, Output, Picture, Sentence
from attnviz.ui.sentence.row import sentence_row

STAGE, SWITCHES = "attention-stage", "attention-switches"
AT_ONCE = 128  # tokens up to which measuring every head is too quick to be put off
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
    # Every part has its place, filled or not, so that a remark that comes or goes moves no element to another one's.
    asked = state.arrival(frame.name).fitted(*extent(loaded), examples=len(loaded.task.examples))
    with st.container():
        notice_lines([frame.t(remark.key, **remark.values) for remark in asked.remarks], "warning")
    chosen = sentence_row(frame, loaded.task, first=asked.example, longest=reading.room(loaded.model) - 1)
    mirror("address-example", example=chosen.example)
    remarks, picture, predictions = st.container(), st.container(), st.container()
    question = Question(loaded.key, chosen.text, chosen.reference, feed)
    try:
        sentence = _taken_in(question, loaded)
    except InputError as error:
        with remarks:
            notice(explain(error, frame.language), "warning")
        return
    with remarks:
        notice_lines(remarks_on(frame, loaded, sentence, feed))
    intact = _looked(question, loaded, sentence)
    importance = _importance(question)
    if importance.measured is None and intact.trace.logits.shape[1] <= AT_ONCE:
        importance.measure(loaded, intact)
    switches = _switches(scope(loaded))
    heads = reading.known_heads(loaded.model, switches.heads_off)
    now, output = _without(question, heads, loaded, sentence, intact) if heads else (intact, sentence.output)
    with picture:
        draw_stage(frame, loaded, now, importance.measured, heads, switches.seq)
    with predictions:
        if now.trace.targets is not None:
            panel = views.panel(loaded.task, sentence, intact, now, output)
            prediction_panel(panel, language=frame.language, key="prediction")
    if importance.measured is None:
        # A long text: the picture is on screen, now what each head is worth follows.
        importance.measure(loaded, intact)
        rerun()


def _switches(of: str) -> AttentionStageState:
    """The switches as the browser last sent them; Streamlit forgets them while another page is shown, this does not."""
    sent = stage_state(STAGE, of)
    kept_of, kept = st.session_state.get(SWITCHES, (of, AttentionStageState()))
    if sent.seq > kept.seq:
        kept_of, kept = st.session_state[SWITCHES] = (of, sent)
    return kept if kept_of == of else AttentionStageState(seq=kept.seq)


def draw_stage(
    frame: Frame,
    loaded: Loaded,
    shown: Picture,
    importance: Mapping[Head, float] | None,
    heads_off: tuple[Head, ...],
    seq: int,
) -> None:
    """Every head, opened at what the address says, else at the one that points best."""
    report = loaded.manifest.report
    said = views.all_predictions(loaded.task, shown)
    attention_stage(
        views.stage_picture(
            views.kind_pictures(shown, said, importance),
            asked=state.now().fitted(*extent(loaded)),
            best=report.aligned_head if report else None,
            heads_off=heads_off,
            seq=seq,
            scope=scope(loaded),
            name=f"attnviz-{st.session_state[CHOSEN]}",
            language=frame.language,
        ),
        key=STAGE,
    )


def remarks_on(frame: Frame, loaded: Loaded, sentence: Sentence, feed: Feed) -> list[str]:
    """Everything worth a sentence about this text."""
    said = [explain(remark, frame.language) for remark in sentence.notices]
    source = sentence.source
    read, trained = (
        (source.decoder_input, loaded.task.max_tgt_len) if source.src is None else (source.src, loaded.task.max_src_len)
    )
    if read is not None and read.size(1) > trained > 0:
        said.append(frame.t("longer", given=read.size(1), trained=trained))
    if unknown := reading.unknown_tokens(sentence.source):
        said.append(frame.t("unknown", tokens=listed(unknown)))
    if sentence.output is not None and feed == "reference" and not sentence.reference:
        said.append(frame.t("no_reference"))
    return said


# ---- what is computed once and shared by everybody who asks the same ----------------------------------------


@dataclass(frozen=True)
class Question:
    """What a cached answer belongs to."""

    model: ModelKey
    text: str
    given: str | None  # people's own right answer
    feed: Feed


class Importance:
    """What each head is worth for one question; None until it was measured."""

    def __init__(self) -> None:
        self.measured: Mapping[Head, float] | None = None

    def measure(self, loaded: Loaded, intact: Picture) -> None:
        self.measured = reading.importance(loaded.model, intact)


@st.cache_resource(show_spinner=False, max_entries=64)
def _taken_in(question: Question, _loaded: Loaded) -> Sentence:
    return reading.take_in(_loaded.model, _loaded.task, question.text, question.given)


@st.cache_resource(show_spinner=False, max_entries=32)
def _looked(question: Question, _loaded: Loaded, _sentence: Sentence) -> Picture:
    return reading.look(_loaded.model, _loaded.task, _sentence, question.feed)


@st.cache_resource(show_spinner=False, max_entries=256)
def _importance(question: Question) -> Importance:
    return Importance()


@st.cache_resource(show_spinner=False, max_entries=32)
def _without(
    question: Question, heads: tuple[Head, ...], _loaded: Loaded, _sentence: Sentence, _intact: Picture
) -> tuple[Picture, Output | None]:
    picture = reading.look_without(_loaded.model, _intact, heads)
    return picture, reading.output_without(_loaded.model, _loaded.task, _sentence, heads)
