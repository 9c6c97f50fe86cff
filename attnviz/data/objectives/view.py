"""What the views of a task have in common: its text, cut into examples of another kind."""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from attnviz.config import Objective
from attnviz.data.batch import Pair
from attnviz.data.info import Kind
from attnviz.data.split import SPLITS
from attnviz.data.task import Task
from attnviz.data.vocabulary import Vocabulary
from attnviz.language import Text, same


class View(Task):
    """A task whose examples are made from the targets of another: the lines of a text, the answers of a pair.

    What is hidden is drawn anew for every pass over the training split, and once and for all in the other splits and
    for text that is typed, so that figures can be compared.
    """

    objective: ClassVar[Objective]
    kind: ClassVar[Kind]
    extra_tokens: ClassVar[tuple[str, ...]] = ()  # that this objective adds to the vocabulary
    title: ClassVar[Text]

    def __init__(self, base: Task) -> None:
        self.base = base
        self.info = replace(
            base.info,
            kind=self.kind,
            title=same("{base} · {own}").filled(base=base.info.title, own=self.title),
        )
        self.options = {**base.options, "objective": self.objective}
        self.notices = base.notices

    @cached_property
    def examples(self) -> tuple[str, ...]:  # type: ignore[override]  # read from the data, so not before it is asked
        """Inputs worth trying: texts of the kind that the examples are made from."""
        if self.base.info.kind == "lm":
            return self.base.examples
        answers = (self.base.reference(text) for text in self.base.examples)
        return tuple(answer for answer in answers if answer)

    @abstractmethod
    def example(self, tokens: Sequence[str], generator: random.Random) -> Pair | None:
        """The example that a text makes; None where it is too short for one."""

    def load(self) -> Mapping[str, Sequence[Pair]]:
        return {name: self._examples(self.base.split(name), self._fixed(name)) for name in SPLITS}

    def epoch(self, split: str, generator: random.Random) -> Sequence[Pair]:
        if split != "train":
            return self.split(split)
        return self._examples(self.base.epoch(split, generator), generator)

    def _examples(self, pairs: Sequence[Pair], generator: random.Random) -> list[Pair]:
        made = (self.example(pair.target, generator) for pair in pairs)
        return [pair for pair in made if pair is not None]

    def _fixed(self, what: str) -> random.Random:
        """The generator that always hides the same in `what`: a split's name, or a typed text."""
        return random.Random(f"{self.objective} {what} {self.options.get('seed', 0)}")

    @cached_property
    def tgt_vocab(self) -> Vocabulary:
        """The tokens of the base task's targets, and after them the objective's own."""
        base = self.base.tgt_vocab
        return Vocabulary(base.tokens + tuple(token for token in self.extra_tokens if token not in base))

    @cached_property
    def src_vocab(self) -> Vocabulary | None:
        return self.tgt_vocab

    @cached_property
    def max_src_len(self) -> int:
        return self.base.max_tgt_len + 1

    @cached_property
    def max_tgt_len(self) -> int:
        return self.base.max_tgt_len + 1

    def tokenize(self, text: str) -> list[str]:
        """Tokens of a text; the objective's own tokens may be typed as they are written, "<mask>"."""
        tokens: list[str] = []
        rest = text
        while rest:
            place, found = min(
                ((rest.find(token), token) for token in self.extra_tokens if token in rest), default=(len(rest), "")
            )
            tokens += self.base.tokenize_target(rest[:place])
            tokens += [found] if found else []
            rest = rest[place + len(found) :]
        return tokens

    def tokenize_target(self, text: str) -> list[str]:
        return self.tokenize(text)

    def detokenize(self, tokens: Sequence[str]) -> str:
        return self.base.detokenize(tokens)

    def detokenize_source(self, tokens: Sequence[str]) -> str:
        return self.base.detokenize(tokens)

    def freeze(self, src_vocab: Vocabulary | None, tgt_vocab: Vocabulary, max_src_len: int, max_tgt_len: int) -> None:
        super().freeze(src_vocab, tgt_vocab, max_src_len, max_tgt_len)
        # The base divides text by its vocabulary where its tokens are pieces.
        own = tuple(token for token in tgt_vocab.tokens if token not in self.extra_tokens)
        self.base.__dict__["tgt_vocab"] = Vocabulary(own)

    def state(self) -> dict[str, Any]:
        """What `tasks.restore` takes: the base task's name; the objective is one of the options."""
        return {**super().state(), "name": self.base.info.name}
