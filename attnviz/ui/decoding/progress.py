"""How far the class has clicked: what the browser said last, kept by the session."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attnviz.data import UNK
from attnviz.foreign.tokens import ForeignTokens
from attnviz.model import WatchedModel, heads_of
from attnviz.ui.decoding.forcing import Mistake
from attnviz.ui.decoding.subject import Subject
from attnviz.ui.frame.link import Remark
from attnviz.ui.frame.notices import shortened

FIRST = 3  # new tokens on screen when the page opens
LARGEST = 100_000


@dataclass(eq=False)
class Progress:
    """The state of one sentence. Everything in it came from a browser or an address, and was checked against both."""

    step: int | None = None  # tokens of the text on screen; None: not settled yet
    site: str | None = None
    head: int | None = None  # None: the mean of all heads
    forced: dict[int, int] = field(default_factory=dict)  # position → token
    mistake: Mistake | None = None
    mistake_settled: bool = False  # somebody chose it, or chose none
    row: int | None = None  # the query being looked at; None: the newest
    leaving: bool = False  # By hand was asked for
    node: int | None = None  # the beam's node that it was asked for at
    attempt: int = 0  # how often the speed has been measured anew
    seq: int = 0  # of the last message that was taken in
    refused: str | None = None  # a typed token that the vocabulary does not have
    remarks: tuple[Remark, ...] = ()  # on what the address asked for
    scope: str = field(default_factory=lambda: secrets.token_hex(6))  # messages of another sentence are not ours

    def take(self, message: object, subject: Subject) -> None:
        """Take in what the browser says; anything that makes no sense is left out."""
        if not isinstance(message, Mapping) or message.get("scope") != self.scope:
            return
        seq = whole(message.get("seq"))
        if seq is None or seq <= self.seq:
            return
        self.seq, self.refused = seq, None
        step = whole(message.get("step"))
        self.step = step if step is not None else self.step
        self.look(subject.model, message.get("site"), message.get("head"))
        if "forced" in message:
            self.forced = tokens_at(message["forced"], subject)
        if "mistake" in message:
            pairs = tokens_at([message["mistake"]], subject)
            self.mistake = next(iter(pairs.items()), None)
            self.mistake_settled = True
        self.row = whole(message.get("row"))
        self.leaving, self.node = message.get("by_hand") is True, whole(message.get("node"))
        self.attempt = whole(message.get("attempt")) or self.attempt
        typed = message.get("typed")
        if isinstance(typed, Mapping):
            self._typed(typed, subject)

    def look(self, model: WatchedModel, site: object, head: object) -> None:
        """Choose a map; unknown names change nothing."""
        if isinstance(site, str) and site in model.sites:
            self.site = site
        number = whole(head)
        if head is None:
            self.head = None
        elif number is not None and number < heads_of(model):
            self.head = number

    def _typed(self, typed: Mapping[str, Any], subject: Subject) -> None:
        position, text = whole(typed.get("position")), typed.get("text")
        if position is None or not isinstance(text, str) or position < len(subject.prefix):
            return
        token = token_named(text, subject)
        if token is None:
            self.refused = shortened(text, 40)
        elif typed.get("mistake") is True:
            self.mistake, self.mistake_settled = (position, token), True
        else:
            self.forced = {at: one for at, one in self.forced.items() if at < position} | {position: token}
            self.step = position + 1


def whole(value: object) -> int | None:
    """A number from 0 that a browser sent, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        return None
    return int(value) if 0 <= value <= LARGEST and value == int(value) else None


def tokens_at(pairs: object, subject: Subject) -> dict[int, int]:
    """Positions and tokens out of [[position, token], …], those that exist."""
    found: dict[int, int] = {}
    if isinstance(pairs, (list, tuple)):
        for pair in pairs[:200]:
            if isinstance(pair, (list, tuple)) and len(pair) == 2:
                position, token = whole(pair[0]), whole(pair[1])
                known = token is not None and token < len(subject.task.tgt_vocab)
                if position is not None and token is not None and known and position < subject.room:
                    found[position] = token
    return found


def token_named(text: str, subject: Subject) -> int | None:
    """The token that a typed text means, or None: as it stands in the vocabulary, else as the task reads it."""
    vocabulary = subject.task.tgt_vocab
    if isinstance(vocabulary, ForeignTokens):
        for written in (text[:200].replace("␣", " "), text[:200].strip()):
            if written and len(ids := vocabulary.read(written).ids) == 1:
                return ids[0]
        return vocabulary.id(text.strip()) if text.strip() in vocabulary else None
    for name in (text, text.strip()):
        if name in vocabulary:
            return vocabulary.id(name)
    pieces = subject.task.tokenize_target(text[:200])
    if len(pieces) == 1 and vocabulary.id(pieces[0]) != UNK:
        return vocabulary.id(pieces[0])
    return None
