"""One round of the lab: take in what the browser did, compute, answer.

Streamlit's run of the fragment is one; a painted cell that comes on the direct line is another.
"""

from __future__ import annotations

import secrets
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import Any

import streamlit as st

from attnviz.language import Language
from attnviz.masks import Kind
from attnviz.model.threads import one_thread
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.direct import Line
from attnviz.ui.masks import link
from attnviz.ui.masks.first_lab import TellingLeak, telling_leak
from attnviz.ui.masks.lab import Lab
from attnviz.ui.masks.measuring import Baseline, baseline, measure
from attnviz.ui.masks.operations import Surroundings, carry_out, pending
from attnviz.ui.masks.picture import values_and_arrays
from attnviz.ui.masks.setting import Setting, Target
from attnviz.ui.masks.stage import pack
from attnviz.ui.masks.subject import Subject, answers
from attnviz.ui.masks.verdicts import conclude
from attnviz.ui.sentence.shelf import Bounded
from attnviz.ui.text import texts, words

PAGE = "masks"
MOST_KEPT = 2**20  # bytes of an answer that a session keeps


Done = tuple[bytes, dict[str, str | None], bool]  # the payload, what the address says of it, whether that is all


@dataclass(frozen=True)
class SubjectKey:
    """A subject as caches know it."""

    model: str
    text: str
    given: str | None = None
    stamp: float = 0.0


@dataclass(eq=False)
class Kept:
    """What the session keeps of the lab of one model."""

    lab: Lab
    reals: Mapping[Kind, int]
    key: SubjectKey  # the subject that the lab fits
    scope: str = field(default_factory=lambda: secrets.token_hex(6))  # operations of another session are not ours
    line: Line = field(default_factory=Line)
    done: tuple[Round, Lab, Done] | None = None  # the last answer: the run that follows a direct one asks for it again


@dataclass(frozen=True)
class Round:
    """What stays the same from one painted cell to the next. Between two the session holds no model: others may need
    its bytes."""

    key: SubjectKey
    subject_of: Callable[[], Subject] = field(compare=False)
    view: str
    name: str  # of files that are saved
    language: Language
    near: bool  # the browser is on this machine

    def __call__(self, kept: Kept, message: object) -> Done | None:
        """The payload, what the address says of the lab, and whether that is all of it; None when the lab has gone on
        to another sentence."""
        with kept.line.lock:
            if kept.key != self.key:
                return None
            subject = self.subject_of()
            if isinstance(message, Mapping) and message.get("scope") == kept.scope:
                for operation in pending(message, kept.lab.answered):
                    kept.lab = carry_out(kept.lab, operation, _surroundings(subject, kept.lab.setting.pads))
            lab, done = kept.lab, kept.done
        if done is not None and done[1] is lab and done[0] == self:
            return done[2]
        padded = subject.padded(lab.setting.pads)
        with one_thread(subject.small):
            values, arrays = self._measured(kept, lab, padded, subject)
            found = (pack(values, arrays, near=self.near), *link.parameters(lab, padded))
        kept.done = (self, lab, found) if len(found[0]) <= MOST_KEPT else None
        return found

    def opens(self, kept: Kept) -> None:
        """From now on the direct line answers with such rounds. It keeps nothing that keeps the line."""
        kept.line.answer = partial(_directly, self, weakref.ref(kept))

    def _measured(self, kept: Kept, lab: Lab, padded: Subject, subject: Subject) -> tuple[dict[str, Any], Any]:
        own = own_of(self.key, lab.setting.pads, padded)
        everything = lab.measured == lab.setting
        measured = measure(padded, own, lab.setting, lab.target.kind, lab.look, everything=everything)
        conclusion = conclude(padded, lab.setting, measured, lab.target.kind)
        tried = lab.setting == Setting() and lab.target == Target("decoder_self")
        leak = leak_of(self.key, subject) if tried else None
        values, arrays = values_and_arrays(
            lab,
            padded,
            measured,
            conclusion,
            own.kept("answers", partial(answers, padded)),
            scope=kept.scope,
            view=self.view,
            name=self.name,
            t=words(PAGE, self.language),
            keys=tuple(texts(PAGE)),
            problem=None if lab.problem is None else explain(lab.problem, self.language),
        )
        values["leak_cell"] = None if leak is None else list(leak.cell)
        values["line"] = kept.line.path
        return values, arrays


def _directly(round: Round, session: weakref.ref[Kept], message: Mapping[str, Any]) -> bytes | None:
    kept = session()
    done = None if kept is None else round(kept, message)
    return None if done is None else done[0]


# ---- what is computed once and shared by everybody who asks the same ---------------------------------------------


def _surroundings(subject: Subject, pads: int) -> Surroundings:
    padded = subject.padded(pads)
    return Surroundings(subject.model, padded.own, padded.sizes, padded.reals, subject.most_pads)


def own_of(key: SubjectKey, pads: int, subject: Subject) -> Baseline:
    """The subject under its model's own masks."""
    return BASELINES.get((key, pads), partial(baseline, subject))


# Of a long text a large model's weights and logits take hundreds of megabytes.
BASELINES: Bounded[Baseline] = Bounded(attrgetter("bytes"), most_bytes=2**29, most=64)


@st.cache_resource(show_spinner=False, max_entries=64)
def leak_of(key: SubjectKey, _subject: Subject) -> TellingLeak | None:
    """The one cell whose leak tells most."""
    return telling_leak(_subject, own_of(key, 0, _subject))
