"""The page, part by part: model and view in the strip, then sentence, knobs and stage in a fragment of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from attnviz.data import InputError
from attnviz.foreign.texts import ForeignTexts
from attnviz.ui.decoding import claim, forcing, handover, knobs, link, measuring, picture, progress, running
from attnviz.ui.decoding.forcing import Lesson, Mistake
from attnviz.ui.decoding.link import VIEWS, View
from attnviz.ui.decoding.progress import Progress
from attnviz.ui.decoding.running import DecodedText, Search
from attnviz.ui.decoding.settings import MOST, Settings
from attnviz.ui.decoding.stage import decoding_stage, pack, said
from attnviz.ui.decoding.subject import Subject, take_in
from attnviz.ui.frame import shared_link
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.boundary import explain, live, rerun
from attnviz.ui.frame.claim import Trial, claim_row
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.link import Field, here, read, written
from attnviz.ui.frame.notices import notice, notice_lines, shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.frame.shared_link import EXAMPLE
from attnviz.ui.sentence import reading
from attnviz.ui.sentence.inability import unable
from attnviz.ui.sentence.model_picker import pick_model
from attnviz.ui.sentence.models import Loaded, ModelKey
from attnviz.ui.sentence.opened import SHELF, Opened
from attnviz.ui.sentence.row import Chosen, sentence_row
from attnviz.ui.text import texts

STAGE = "decoding-stage"
MOST_KEPT = 32  # sentences whose progress a session keeps


def show(frame: Frame) -> None:
    """The whole page."""
    knobs.style()
    view = _pick_view(frame, read([link.VIEW], _arrival(frame))[link.VIEW])
    loaded = pick_model(frame, elsewhere=True)
    if loaded is None:
        return
    if "decode" not in loaded.model.can:
        unable(frame, frame.t("no_decoder"), "decode")
        return
    explore(frame, loaded, view)


def _arrival(frame: Frame) -> dict[str, str]:
    """What the address said when this session first came here; the settings begin with it."""
    if "decoding-arrived" not in st.session_state:
        st.session_state["decoding-arrived"] = params = here()
        asked = read(link.ARRIVAL, params)
        knobs.settle(link.settings_of(asked))
        st.session_state["decoding-remarks"] = asked.remarks
    kept: dict[str, str] = st.session_state["decoding-arrived"]
    remarks = st.session_state["decoding-remarks"]
    with frame.notices:
        notice_lines([frame.t(remark.key, **remark.values) for remark in remarks], "warning")
    return kept


def _pick_view(frame: Frame, asked: str | None) -> View:
    default = next((view for view in VIEWS if view == asked), VIEWS[0])
    with frame.controls:
        view = choose(
            "decoding-view",
            frame.t("view"),
            VIEWS,
            lambda code: frame.t(f"view_{code}"),
            default=default,
            look="segments",
        )
    mirror("address-view", **written({link.VIEW: view}))
    return view


@live
def explore(frame: Frame, loaded: Loaded | Opened, view: View) -> None:
    """Sentence, knobs and stage: what changes with a click, in a fragment of its own."""
    asked = shared_link.arrival(frame.name).fitted((), {}, shared_link.LARGEST, examples=len(loaded.task.examples))
    chosen = sentence_row(frame, loaded.task, first=asked.example, longest=reading.room(loaded.model, MOST) - 1)
    mirror("address-example", **written({EXAMPLE: chosen.example}))
    row, remarks, stage = st.container(), st.container(), st.container()
    task = reading.name_of(loaded.task)
    has_encoder = loaded.model.has_encoder
    typed: dict[str, str] = st.session_state.setdefault(knobs.PREFIXES, {})
    chats = isinstance(loaded.task, ForeignTexts) and loaded.task.has_chat
    asked_chat = chats and st.session_state.get(knobs.CHAT, True)
    typed_prefix = typed.get(task, "") if has_encoder and view == "steps" else ""
    question = Question(loaded.key, chosen.text, typed_prefix, asked_chat)
    problem, subject = None, None
    try:
        subject = _taken_in(question, loaded)
    except InputError as error:
        problem = error
    settings: Settings = st.session_state[knobs.KEPT]
    if view == "steps":
        usual = 1 if subject is None else subject.usual_limit
        with row:
            settings, now_typed = knobs.knob_row(frame, task, prefix=has_encoder, defaults={"limit": usual}, chat=chats)
        assert now_typed == question.prefix, "the field shows what the session keeps"
    mirror("address-knobs", **link.parameters(settings))
    if subject is None:
        with remarks:
            notice(explain(problem, frame.language), "warning")
        return
    kept = _progress(question, subject)
    kept.take(said(STAGE), subject)
    with remarks:
        notice_lines(_remarks(frame, subject, asked, kept))
    with stage:
        _draw(frame, loaded, view, question, subject, settings, chosen, kept)


def _remarks(frame: Frame, subject: Subject, asked: shared_link.SharedLink, kept: Progress) -> list[str]:
    ours = (one for one in asked.remarks if one.key == "url_language" or one.values.get("name") == "example")
    found = (*ours, *kept.remarks, *subject.remarks)
    lines = [frame.t(remark.key, **remark.values) for remark in found]
    return lines + [explain(remark, frame.language) for remark in subject.notices]


def _draw(
    frame: Frame,
    loaded: Loaded | Opened,
    view: View,
    question: Question,
    subject: Subject,
    settings: Settings,
    chosen: Chosen,
    kept: Progress,
) -> None:
    """Compute what the view shows, hand it to the browser, and keep the address."""
    values, arrays = dict[str, object](), picture.Arrays()
    place = link.place_in(subject)
    address: dict[Field[Any], Any] = dict.fromkeys(place)
    timing: Timing | None = None
    if view == "steps" and settings.strategy == "beam":
        found = _searched(question, settings.used, subject)
        kept.step = _settled(kept.step, len(found.trees), 0, subject)
        values, arrays = picture.search_values(subject, found, settings)
        address[place.step] = kept.step
        handover.leave_branch(subject, found, kept, chosen.text)
    elif view == "steps" or view == "cache":
        own = settings if view == "steps" else Settings()
        forced = {at: token for at, token in kept.forced.items() if at >= len(subject.prefix)}
        forced = forced if view == "steps" else {}
        run = _ran(question, own.used, tuple(sorted(forced.items())), subject)
        kept.step = _settled(kept.step, len(run.steps), len(subject.prefix), subject)
        values, arrays = picture.run_values(subject, run, own)
        address |= {place.step: kept.step, place.forced: forced if chosen.example else None}
        if view == "cache":
            timing = _timing(question, kept.attempt)
            values["speeds"] = timing.values
        else:
            handover.leave(subject, run, kept, chosen.text)
            _say(frame, subject, run, kept)
    else:
        lesson = _lesson(question, chosen.reference, kept, subject)
        values = {"lesson": forcing.values(subject, lesson)}
        mistake = dict([lesson.mistake]) if lesson.mistake else {}
        address[place.mistake] = mistake if chosen.example else None
    address |= {place.part: kept.site, place.head: None if kept.head is None else kept.head + 1}
    name = f"attnviz-decoding-{reading.name_of(loaded.task)}"
    shared = {
        "view": view,
        "strategy": settings.strategy,
        "name": name,
        "language": frame.language,
        "text": frame.t.table(*texts(frame.name)),
        "model": picture.model_values(subject.model),
        "subject": picture.subject_values(subject),
        "state": picture.state_values(kept),
    }
    arrays = picture.within_reason(arrays, kept.site or handover.opening_site(subject))
    decoding_stage(pack(picture.merged(shared, values), arrays), key=STAGE)
    mirror("address-decoding", **written(address))
    if timing is not None and not timing.values:
        timing.measure(subject)  # the map is on screen; how fast it was follows
        rerun()


def _say(frame: Frame, subject: Subject, run: DecodedText, kept: Progress) -> None:
    """Where the choice was closest, and a button that takes the other token; or what came of it."""
    forced = {at: token for at, token in kept.forced.items() if at >= len(subject.prefix)}

    def named(token: int) -> str:
        return shortened(subject.task.tgt_vocab.tokens[token].replace(" ", "␣"), 20)

    def force(tokens: dict[int, int]) -> None:
        kept.forced = tokens
        kept.step = None if not tokens else max(tokens) + 2

    if forced:
        at, token = max(forced.items())
        text = shortened(subject.written(run.steps[-1].tokens[len(subject.prefix) :]) if run.steps else "", 60)
        values = {"position": at + 1, "token": named(token), "text": text}
        claim_row(frame.t("claim_forced", **values), Trial(frame.t("claim_free"), lambda: force({}), undoes=True))
        return
    shown = [step for step in run.steps if step.position <= (kept.step or 0)]  # what is on screen, and what comes next
    found = claim.closest(shown)
    if found is None:
        return
    values = {
        "position": found.position + 1,
        "token": named(found.token),
        "p": f"{found.probability:.2f}",
        "other": named(found.other),
        "q": f"{found.other_probability:.2f}",
    }
    trial = Trial(frame.t("claim_force", **values), lambda: force({found.position: found.other}))
    claim_row(frame.t("claim", **values), trial)


def _settled(step: int | None, length: int, prefix: int, subject: Subject) -> int:
    """How many tokens are on screen: what was clicked, at most all."""
    if step is None:
        step = prefix + progress.FIRST if subject.src is not None or not prefix else prefix + 1
    return max(0, min(step, length))


# ---- what the session keeps -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """What a cached answer belongs to."""

    model: ModelKey
    text: str
    prefix: str
    chat: bool = False  # the text is a message, as the model's own template writes it


def _progress(question: Question, subject: Subject) -> Progress:
    """How far this sentence has been walked; the first one of a session begins where the address says."""
    walked: dict[Question, Progress] = st.session_state.setdefault("decoding-walked", {})
    if question not in walked:
        before: Progress | None = st.session_state.get("decoding-last")
        params: Mapping[str, str] = {} if before is not None else st.session_state["decoding-arrived"]
        kept = link.begun(params, subject)
        if before is not None:
            kept.look(subject.model, before.site, before.head)
        while len(walked) >= MOST_KEPT:
            walked.pop(next(iter(walked)))
        walked[question] = kept
    st.session_state["decoding-last"] = walked[question]
    return walked[question]


# ---- what is computed once and shared by everybody who asks the same ---------------------------------------------


@st.cache_resource(show_spinner=False, max_entries=64)
def _taken_in(question: Question, _loaded: Loaded | Opened) -> Subject:
    return take_in(_loaded.model, _loaded.task, question.text, question.prefix, chat=question.chat)


SHELF.cleared.append(_taken_in.clear)  # a subject holds its model


@st.cache_resource(show_spinner=False, max_entries=64)
def _ran(question: Question, settings: Settings, forced: tuple[tuple[int, int], ...], _subject: Subject) -> DecodedText:
    return running.decode(_subject, settings, dict(forced))


@st.cache_resource(show_spinner=False, max_entries=32)
def _searched(question: Question, settings: Settings, _subject: Subject) -> Search:
    return running.search(_subject, settings)


@st.cache_resource(show_spinner=False, max_entries=64)
def _compared(
    question: Question, given: str | None, settled: bool, mistake: Mistake | None, _subject: Subject
) -> Lesson:
    reference = forcing.reference_of(_subject, given)
    clean = forcing.clean_run(_subject, reference)
    wrong = mistake if settled else forcing.telling_mistake(_subject, reference, clean)
    return forcing.lesson(_subject, reference, clean, wrong)


def _lesson(question: Question, given: str | None, kept: Progress, subject: Subject) -> Lesson:
    return _compared(question, given, kept.mistake_settled, kept.mistake, subject)


class Timing:
    """How fast one sentence was decoded; empty until it was measured."""

    def __init__(self) -> None:
        self.values: list[dict[str, object]] = []

    def measure(self, subject: Subject) -> None:
        self.values = measuring.values(measuring.measure(subject))


@st.cache_resource(show_spinner=False, max_entries=16)
def _timing(question: Question, attempt: int) -> Timing:
    return Timing()
