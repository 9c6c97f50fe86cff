"""The answers of pairs alone, as texts to be continued: a language model of the target side."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

from attnviz.data.batch import Batch, Pair, collate_prompt, pad, unknown_positions
from attnviz.data.objectives.view import View
from attnviz.data.vocabulary import BOS, EOS, SPECIALS, Vocabulary
from attnviz.errors import InputError
from attnviz.language import Text


class CausalView(View):
    """No source; every token of the text, and its end, is predicted from those before it."""

    objective = "causal-lm"
    kind = "lm"
    title: ClassVar[Text] = Text("语言模型", "language model")

    def example(self, tokens: Sequence[str], generator: random.Random) -> Pair | None:
        return Pair((), tuple(tokens)) if tokens else None

    @cached_property
    def src_vocab(self) -> Vocabulary | None:
        return None

    @cached_property
    def max_src_len(self) -> int:
        return 0

    @cached_property
    def max_tgt_len(self) -> int:
        return self.base.max_tgt_len

    def collate(self, pairs: Sequence[Pair]) -> Batch:
        ids = [self.tgt_vocab.encode(pair.target) for pair in pairs]
        decoder = [[BOS, *row] for row in ids]
        return Batch(
            src=None,
            decoder_input=pad(decoder),
            targets=pad([[*row, EOS] for row in ids]),
            decoder_labels=tuple((SPECIALS[BOS], *pair.target) for pair in pairs),
            target_labels=tuple((*pair.target, SPECIALS[EOS]) for pair in pairs),
            unknown_decoder=tuple(unknown_positions(row) for row in decoder),
        )

    def encode(self, text: str, target: str | None = None, *, limit: int | None = None) -> Batch:
        """BOS and the text, with room to see what comes after its last token. `target` is not used."""
        tokens, notices = self._cut(self.tokenize(text), (limit or self.max_tgt_len) - 1, "cut")
        if not tokens:
            raise InputError("empty")
        return collate_prompt(tokens, self.tgt_vocab, notices=notices)

    def reference(self, text: str) -> str | None:
        """A text has no one right continuation."""
        return None

    def reference_kind(self, text: str) -> None:
        return None
