"""The page, part by part: what to look at, then the lab itself in a fragment of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import streamlit as st

from attnviz.data import InputError
from attnviz.errors import ForeignError
from attnviz.masks import Kind, Own
from attnviz.model import Transformer, WatchedModel, heads_of
from attnviz.ui.frame import shared_link
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.boundary import explain, live
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.link import Refused, here, read, said, written
from attnviz.ui.frame.notices import listed, notice, notice_lines
from attnviz.ui.frame.page import Frame
from attnviz.ui.frame.shared_link import EXAMPLE, MODEL
from attnviz.ui.masks import link
from attnviz.ui.masks.first_lab import TRIED, opened
from attnviz.ui.masks.lab import Lab
from attnviz.ui.masks.measuring import passes_unasked
from attnviz.ui.masks.practice import HEADS, LAYERS, LONGEST, SHORTEST, practice_model, practice_subject
from attnviz.ui.masks.rounds import Kept, Round, SubjectKey, leak_of
from attnviz.ui.masks.setting import Setting, refitted
from attnviz.ui.masks.stage import mask_stage, sent
from attnviz.ui.masks.subject import Scored, Subject, most_pads
from attnviz.ui.sentence import reading
from attnviz.ui.sentence.model_picker import pick_model
from attnviz.ui.sentence.models import Loaded, ModelKey
from attnviz.ui.sentence.opened import SHELF, Opened
from attnviz.ui.sentence.row import sentence_row

STAGE = "mask-lab"
EXAMPLES_TRIED = 4  # when the address names none
FIRST_LENGTH = 64  # tokens of a long sequence, at first
WHAT_WIDTH = 172  # pixels


def show(frame: Frame) -> None:
    """Choose a view, and a sentence or a length, and open the lab on it."""
    with frame.controls:
        view = choose(
            "masks-view",
            frame.t("view"),
            link.VIEWS,
            lambda code: frame.t(f"view_{code}"),
            default=link.view_of(read(link.FIELDS, here())),
            look="segments",
            help=frame.t("view_help"),
        )
        what = choose(
            "masks-what",
            frame.t("what"),
            link.WHATS,
            lambda code: frame.t(f"what_{code}"),
            default=said(link.WHAT) or "sentence",
            help=frame.t("what_help"),
            width=WHAT_WIDTH,
        )
    mirror("address-view", **written({link.VIEW: view}))
    if what == "tokens":
        tokens = _length(frame)
        mirror("address-what", **written({link.WHAT: what, link.TOKENS: tokens, MODEL: None, EXAMPLE: None}))
        key, subject = SubjectKey("practice", str(tokens)), practice(tokens)
        _arrived(frame, subject.model)
        laboratory(frame, _kept(frame, key, subject), _round(frame, view, key, partial(practice, tokens), str(tokens)))
        return
    mirror("address-what", **written({link.WHAT: None, link.TOKENS: None}))
    loaded = pick_model(frame, elsewhere=True)
    if loaded is None:
        return
    if "paint" in loaded.model.can:
        _sentence_lab(frame, view, loaded)
    else:
        notice(explain(ForeignError("foreign_maps_only", name=loaded.name), frame.language), "info")


def _sentence_lab(frame: Frame, view: str, loaded: Loaded | Opened) -> None:
    examples = len(loaded.task.examples)
    _arrived(frame, loaded.model, examples)
    asked = shared_link.arrival(frame.name).example
    fits = asked is not None and asked <= examples
    first = asked if fits else _first_example(loaded.key, loaded)
    chosen = sentence_row(frame, loaded.task, first=first, longest=reading.room(loaded.model) - 1)
    mirror("address-example", **written({EXAMPLE: chosen.example}))
    key = SubjectKey(loaded.key.folder, chosen.text, chosen.reference, loaded.key.stamp)
    try:
        subject, said = _sentence(key, loaded)
    except InputError as error:
        notice(explain(error, frame.language), "warning")
        return
    lines = [explain(remark, frame.language) for remark in said]
    if unknown := reading.unknown_tokens(subject.batch):
        lines.append(frame.t("unknown", tokens=listed(unknown)))
    notice_lines([*lines, *_layers_differ(frame, subject)])
    kept = _kept(frame, key, subject)
    laboratory(frame, kept, _round(frame, view, key, lambda: _sentence(key, loaded)[0], loaded.name))


def _round(frame: Frame, view: str, key: SubjectKey, subject_of: Callable[[], Subject], name: str) -> Round:
    near = st.context.ip_address is None
    return Round(key, subject_of, view, f"attnviz-mask-{name}", frame.language, near)


def _layers_differ(frame: Frame, subject: Subject) -> list[str]:
    """Which layers of a kind have another mask of their own than most."""
    found = []
    for kind in subject.model.kinds:
        layers: dict[str, list[int]] = {}
        for number, site in enumerate(subject.model.sites_of(kind), start=1):
            mask = subject.own.at(site)
            layers.setdefault((mask.of if isinstance(mask, Own) else mask).formula, []).append(number)
        if len(layers) > 1:
            said = frame.t("own_join").join(f"{_ranges(of)} {formula}" for formula, of in layers.items())
            found.append(frame.t("own_differ", kind=frame.t(f"kind_{kind}"), layers=said))
    return found


def _ranges(numbers: list[int]) -> str:
    """1, 2, 3, 5 → "L1–L3, L5"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"L{run[0]}" if len(run) == 1 else f"L{run[0]}–L{run[-1]}" for run in runs)


def _arrived(frame: Frame, model: WatchedModel, examples: int = shared_link.LARGEST) -> None:
    """What the common part of the address says and this model has not."""
    layers: dict[str, int] = {kind: len(model.sites_of(kind)) for kind in model.kinds}
    asked = shared_link.arrival(frame.name).fitted(model.kinds, layers, heads_of(model), examples=examples)
    with frame.notices:
        notice_lines([frame.t(remark.key, **remark.values) for remark in asked.remarks], "warning")


def _length(frame: Frame) -> int:
    """How many tokens; at first what the address says."""
    kept = st.session_state.setdefault("masks-tokens", said(link.TOKENS) or FIRST_LENGTH)
    with frame.controls:
        tokens = st.number_input(
            frame.t("length"), SHORTEST, LONGEST, kept, key="masks-length", width=150, label_visibility="collapsed"
        )
    st.session_state["masks-tokens"] = int(tokens)
    with frame.notices:
        notice(frame.t("practice", layers=LAYERS, heads=HEADS, tokens=int(tokens)))
    return int(tokens)


@live
def laboratory(frame: Frame, kept: Kept, round: Round) -> None:
    """One round in Streamlit's way, and a direct line for those to come; only this runs again for an operation."""
    round.opens(kept)
    message = sent(STAGE)
    done = round(kept, message.get("operations") if isinstance(message, Mapping) else None)
    if done is None:  # another run has gone on to another sentence
        return
    payload, address, whole = done
    mask_stage(payload, key=STAGE)
    _mirror(frame, address, whole)


def _mirror(frame: Frame, values: Mapping[str, str | None], whole: bool) -> None:
    """The lab in the address; names written before and no longer true are taken out."""
    before: set[str] = st.session_state.setdefault("masks-in-address", set())
    before |= {name for name in here() if name.startswith(link.MASKS.name)}
    mirror("address-masks", **{**dict.fromkeys(before), **values})
    before |= set(values)
    if not whole:
        notice(frame.t("long_link"), "warning")


# ---- what the session keeps -----------------------------------------------------------------------------------


def _kept(frame: Frame, key: SubjectKey, subject: Subject) -> Kept:
    """The lab of this model: the session's, or a new one from the address, or one that opens with a leak."""
    labs: dict[str, Kept] = st.session_state.setdefault("mask-labs", {})
    kept = labs.get(key.model)
    if kept is None:
        asked = read(link.FIELDS, here() if not labs else {})
        leak = None if link.says_something(asked) else leak_of(key, subject)
        lab, refused = opened(asked, subject, leak)
        lines = [_refusal(frame, one) for one in refused]
        with frame.notices:
            notice_lines(lines, "warning")
        kept = labs[key.model] = Kept(lab, subject.reals, key)
    with kept.line.lock:
        kept.key = key
        if kept.reals != subject.reals:
            kept.lab = _refitted(kept.lab, kept.reals, subject)
            kept.reals = subject.reals
    return kept


def _refusal(frame: Frame, refused: Refused) -> str:
    if isinstance(refused, link.RefusedFormula):
        return frame.t("url_mask", name=refused.name, why=explain(refused.why, frame.language))
    return frame.t(refused.remark.key, **refused.remark.values)


def _refitted(lab: Lab, old: Mapping[Kind, int], subject: Subject) -> Lab:
    """The same lab for another sentence of the same model."""

    def fit(setting: Setting) -> Setting:
        moved = refitted(setting, old, subject.reals, subject.own)
        return replace(moved, pads=min(moved.pads, subject.most_pads))

    return replace(
        lab,
        setting=fit(lab.setting),
        past=tuple((fit(setting), target) for setting, target in lab.past),
        future=tuple((fit(setting), target) for setting, target in lab.future),
        stroke=None,
        measured=None,
    )


# ---- what is computed once and shared by everybody who asks the same ---------------------------------------------


@st.cache_resource(show_spinner=False, max_entries=1)
def _practice_model() -> Transformer:
    return practice_model()


@st.cache_resource(show_spinner=False, max_entries=8)
def practice(tokens: int) -> Subject:
    return practice_subject(_practice_model(), tokens)


@st.cache_resource(show_spinner=False, max_entries=64)
def _sentence(key: SubjectKey, _loaded: Loaded | Opened) -> tuple[Subject, tuple[object, ...]]:
    model, task = _loaded.model, _loaded.task
    sentence = reading.take_in(model, task, key.text, key.given)
    batch, scored = reading.fed(model, task, sentence, "reference")
    pads = most_pads(model, batch, reading.room(model))
    what: Scored = scored
    if not model.has_decoder and batch.targets is None:
        what = "hidden" if "loss" in model.can else "vector"
    subject = Subject(
        model=model,
        batch=batch,
        vocabulary=task.tgt_vocab,
        scored=what,
        most_pads=pads,
        rules=reading.rules_of(task),
        specials=task.tgt_vocab.special_ids,
    )
    return subject, sentence.notices


SHELF.cleared.append(_sentence.clear)  # a subject holds its model


@st.cache_data(show_spinner=False, max_entries=16)
def _first_example(key: ModelKey, _loaded: Loaded | Opened) -> int:
    """The first example, counted from 1, in which one leaking cell makes the model say something else; of a model
    too large to be tried so, the first."""
    first = SubjectKey(key.folder, _loaded.task.examples[0], None, key.stamp)
    if passes_unasked(_sentence(first, _loaded)[0]) < TRIED:
        return 1
    for number, text in enumerate(_loaded.task.examples[:EXAMPLES_TRIED], start=1):
        of_text = SubjectKey(key.folder, text, None, key.stamp)
        leak = leak_of(of_text, _sentence(of_text, _loaded)[0])
        if leak is not None and leak.flips:
            return number
    return 1
