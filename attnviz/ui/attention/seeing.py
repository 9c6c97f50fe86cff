"""A sentence as the stage shows it: computed once for everybody who asks the same; what a session asks directly."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from attnviz.data import InputError
from attnviz.foreign.texts import ForeignTexts
from attnviz.language import Language
from attnviz.trace import all_heads
from attnviz.ui.attention import claim, views
from attnviz.ui.attention.payload import pack, read_wanted
from attnviz.ui.attention.picture import AttentionPicture
from attnviz.ui.attention.stage import AttentionStageState, chosen_in, read_state
from attnviz.ui.attention.worth import QUICK, Worth, work_of
from attnviz.ui.frame.direct import Line
from attnviz.ui.frame.shared_link import SharedLink
from attnviz.ui.sentence import reading
from attnviz.ui.sentence.models import Loaded, ModelKey
from attnviz.ui.sentence.opened import Opened
from attnviz.ui.sentence.reading import Feed, Head, Output, Picture, Sentence
from attnviz.ui.sentence.shelf import Bounded

ASKED = "attention-asked"  # session state: what was asked on the stage's direct line
AT_ONCE = 16 * 128  # heads times tokens up to which measuring every head is too quick to be put off


@dataclass(eq=False)
class Asked:
    """The stage's direct line in one session, and what its answers have changed there."""

    line: Line = field(default_factory=Line)
    scope: str = ""
    state: AttentionStageState = field(default_factory=AttentionStageState)  # the newest switches of that scope
    sentences: int = 0  # that were answered directly: the run after one differs from the run before it

    def take(self, scope: str, state: AttentionStageState) -> None:
        """The switches of a question, where they are newer."""
        with self.line.lock:
            if scope != self.scope or state.seq > self.state.seq:
                self.scope, self.state = scope, state

    def spoken(self) -> int:
        """One more sentence."""
        with self.line.lock:
            self.sentences += 1
            return self.sentences


@dataclass(frozen=True)
class Question:
    """What a cached answer belongs to."""

    model: ModelKey
    text: str
    given: str | None  # people's own right answer
    feed: Feed
    hidden: tuple[int, ...] = ()  # places of tokens that the model has to find


@dataclass(frozen=True, eq=False)
class Seen:
    """A sentence, every head of the model that has read it, and what each is worth; `now` is without `heads`."""

    sentence: Sentence
    intact: Picture
    worth: Worth
    heads: tuple[Head, ...]  # that are off
    now: Picture
    output: Output | None

    @property
    def claimed(self) -> claim.Claim | None:
        """The head whose loss changes most, once all are measured."""
        return None if self.worth.effects is None else claim.strongest(self.worth.effects)


def see(question: Question, loaded: Loaded | Opened, heads: tuple[Head, ...]) -> Seen:
    """Raises InputError for a text that cannot be read."""
    sentence = taken_in(question, loaded)
    intact, worth = _looked(question, loaded, sentence), worth_of(question)
    worth.begin(loaded.model, intact)
    work, size = work_of(loaded.model, intact), intact.trace.logits.shape[1] * len(all_heads(loaded.model))
    if not worth.finished and (work <= QUICK or (size <= AT_ONCE and isinstance(loaded, Loaded))):
        worth.measure(loaded.model, intact.trace.batch)
    now, output = _without(question, heads, loaded, sentence, intact) if heads else (intact, sentence.output)
    return Seen(sentence, intact, worth, heads, now, output)


@dataclass(frozen=True)
class Screen:
    """What the stage shows beside the heads: the same for every sentence and every switch of a model."""

    loaded: Loaded | Opened
    asked: SharedLink
    point: tuple[str, str] | None  # a query and a key between which a model's telling head looks
    scope: str
    name: str  # of files that are saved
    language: Language
    looks: frozenset[str] = frozenset()
    line: str = ""  # where the browser asks directly

    def picture(
        self, seen: Seen, seq: int, sentences: int, segments: tuple[int, ...] | None = None
    ) -> AttentionPicture:
        """Every head, opened at what the address says, else at the one that is claimed to matter, else at the best."""
        claimed, worth = seen.claimed, seen.worth
        best = self.loaded.best_head or views.pointing(seen.now, self.point)
        exact = worth.exact
        importance = {**worth.estimate, **exact} if worth.finished or worth.estimate else None
        estimated = frozenset(worth.estimate) - frozenset(exact)
        kinds = views.kind_pictures(seen.now, importance, worth.effects, estimated)
        return views.stage_picture(
            views.looked_at(self.loaded.task, seen.now, kinds, self.looks, segments),
            asked=self.asked,
            best=claimed.head if claimed is not None and claimed.matters else best,
            row=None if claimed is None or "words" in self.looks else claimed.row,
            heads_off=seen.heads,
            seq=seq,
            scope=self.scope,
            name=self.name,
            language=self.language,
            line=self.line,
            sentences=sentences,
        )


def directly(
    asked: Asked,
    screen: Screen,
    question: Question,
    given: Callable[[str], str | None],
    segments: tuple[int, ...] | None,
    message: Mapping[str, Any],
) -> bytes | None:
    """The stage after a switch, on another sentence, or with further heads; None: a run of the page has to see to it.

    `given` is people's own right answer to a text.
    """
    if message.get("scope") != screen.scope:
        return None
    state = read_state({"heads_off": message}, screen.scope)
    heads = reading.known_heads(screen.loaded.model, state.heads_off)
    text = message.get("text")
    if isinstance(text, str) and text != question.text:
        if isinstance(screen.loaded.task, ForeignTexts):
            return None
        question = replace(question, text=text, given=given(text))
    try:
        seen = see(question, screen.loaded, heads)
    except InputError:
        return None
    if not seen.worth.finished and question.text == text:
        return None
    asked.take(screen.scope, state)
    sentences = asked.spoken() if question.text == text else asked.sentences
    wanted = read_wanted(message.get("wanted"))
    return pack(screen.picture(seen, state.seq, sentences, segments), wanted=wanted, chosen=chosen_in(message))


def asked_directly() -> Asked:
    """What was asked on the direct line in this session."""
    if ASKED not in st.session_state:
        st.session_state[ASKED] = Asked()
    asked: Asked = st.session_state[ASKED]
    return asked


def answered_by(
    asked: Asked,
    screen: Screen,
    question: Question,
    given: Callable[[str], str | None],
    segments: tuple[int, ...] | None,
) -> None:
    """From now on the line answers so. It keeps nothing that keeps the line."""
    session = weakref.ref(asked)

    def answer(message: Mapping[str, Any]) -> bytes | None:
        asked = session()
        return None if asked is None else directly(asked, screen, question, given, segments, message)

    asked.line.answer = answer


@st.cache_resource(show_spinner=False, max_entries=64)
def taken_in(question: Question, _loaded: Loaded | Opened) -> Sentence:
    """The sentence as the model reads it; raises InputError where it cannot."""
    sentence = reading.take_in(_loaded.model, _loaded.task, question.text, question.given)
    task = _loaded.task
    if isinstance(task, ForeignTexts) and task.hides:
        sentence = replace(sentence, source=task.hidden(sentence.source, question.hidden))
    return sentence


@st.cache_resource(show_spinner=False, max_entries=256)
def worth_of(question: Question) -> Worth:
    """What each head is worth, as far as it is known."""
    return Worth()


def _looked(question: Question, loaded: Loaded | Opened, sentence: Sentence) -> Picture:
    def look() -> tuple[Picture, None]:
        return reading.look(loaded.model, loaded.task, sentence, question.feed), None

    return PICTURES.get((question, ()), look)[0]


def _without(
    question: Question, heads: tuple[Head, ...], loaded: Loaded | Opened, sentence: Sentence, intact: Picture
) -> tuple[Picture, Output | None]:
    def look() -> tuple[Picture, Output | None]:
        model, task = loaded.model, loaded.task
        picture = reading.look_without(model, task, intact, heads)
        return picture, reading.output_without(model, task, sentence, heads)

    return PICTURES.get((question, heads), look)


# Of a long text one picture of a large model is a quarter of a gigabyte.
PICTURES: Bounded[tuple[Picture, Output | None]] = Bounded(lambda kept: kept[0].bytes, most_bytes=2**30, most=64)
