"""The page Attention, part by part: model, sentence, stage, predictions."""

from __future__ import annotations

import html

import streamlit as st

from attnviz.data import InputError
from attnviz.training.checkpoint_error import CheckpointError
from attnviz.ui import reading, state, views
from attnviz.ui.boundary import explain, live
from attnviz.ui.components.address import mirror
from attnviz.ui.components.attention import attention_stage, stage_state
from attnviz.ui.components.prediction import prediction_panel
from attnviz.ui.controls import choose
from attnviz.ui.models import Loaded, ModelKey, choices, label, load
from attnviz.ui.notices import notice, shortened
from attnviz.ui.page import Frame
from attnviz.ui.reading import Feed, Head, Output, Picture, Sentence
from attnviz.ui.sentence import sentence_row

STAGE = "attention-stage"
FEEDS: tuple[Feed, ...] = ("reference", "own")


def show(frame: Frame) -> None:
    """The whole page."""
    address = state.arrival(frame.name)
    loaded = pick_model(frame, address)
    if loaded is None:
        return
    feed = pick_feed(frame, loaded)
    chips(frame, loaded)
    address = address.fitted(*extent(loaded), examples=len(loaded.task.examples))
    for remark in address.remarks:
        with frame.notices:
            notice(frame.t(remark.key, **remark.values), "warning")
    explore(frame, loaded, feed, address.example)


def pick_model(frame: Frame, address: state.Address) -> Loaded | None:
    """The picker, and the model; None when it cannot be opened (the page says why and stays usable)."""
    names = tuple(choices())
    if not names:
        notice(frame.t("no_models"), "error")
        return None
    asked = address.model if address.model in names else names[0]
    with frame.controls:
        name = choose(
            "model", frame.t("model"), names, lambda name: label(name, frame.language), default=asked, width=340
        )
    if address.model is not None and address.model not in names:
        with frame.notices:
            shown = label(name, frame.language)
            notice(frame.t("url_model", value=shortened(address.model, 40), used=shown), "warning")
    mirror("address-model", model=name)
    try:
        return load(name)
    except CheckpointError as error:
        notice(frame.t("model_failed", name=name, why=explain(error, frame.language)), "error")
        return None


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


def chips(frame: Frame, loaded: Loaded) -> None:
    """What the model is made of and where its data come from."""
    info, config = loaded.task.info, loaded.model.config
    layers = config.n_encoder_layers * config.has_encoder + config.n_decoder_layers * config.has_decoder
    source = f"{info.source}{' · ' + frame.t('synthetic') if info.synthetic else ''}"
    shown = {
        frame.t("heads", layers=layers, heads=config.n_heads): frame.t(
            "size", parameters=f"{loaded.manifest.parameters:,}", minutes=round(loaded.manifest.seconds / 60, 1)
        ),
        f"{frame.t('licence')} {info.licence}": f"{frame.t('data')}: {source} · {frame.t('licence')} {info.licence}",
    }
    spans = "".join(
        f'<span class="av-chip" title="{html.escape(hint)}">{html.escape(text)}</span>' for text, hint in shown.items()
    )
    with frame.chips:
        st.html(f'<div class="av-chips">{spans}</div>', width="content")


def extent(loaded: Loaded) -> tuple[tuple[str, ...], dict[str, int], int]:
    """The kinds of attention of a model, their layers, and its heads."""
    model = loaded.model
    return model.kinds, {kind: len(model.sites_of(kind)) for kind in model.kinds}, model.config.n_heads


@live
def explore(frame: Frame, loaded: Loaded, feed: Feed, first: int | None) -> None:
    """Sentence, stage and predictions: everything that changes with a sentence or a head, in a fragment of its own."""
    chosen = sentence_row(frame, loaded.task, first=first)
    mirror("address-example", example=chosen.example)
    scope = f"{st.session_state['model']} {loaded.key.stamp}"
    switches = stage_state(STAGE, scope)
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
            scope=scope,
            name=f"attnviz-{st.session_state['model']}",
            language=frame.language,
        ),
        key=STAGE,
    )
    prediction_panel(views.panel(loaded.task, sentence, intact, now, output), language=frame.language, key="prediction")


def remarks(frame: Frame, loaded: Loaded, sentence: Sentence, feed: Feed) -> None:
    """Everything worth a sentence about this text."""
    for remark in sentence.notices:
        notice(explain(remark, frame.language))
    if unknown := views.read_as_unknown(sentence):
        listed = " ".join(shortened(token, 12) for token in unknown[:12]) + (" …" if len(unknown) > 12 else "")
        notice(frame.t("unknown", tokens=listed), "warning")
    if sentence.source.src is not None and feed == "reference" and not sentence.reference:
        notice(frame.t("no_reference"))


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
