"""Masked language modelling (Devlin et al. 2019): some tokens are hidden where they stand and must be guessed.

An encoder sees both sides of a gap. Only the hidden tokens are scored.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

from attnviz.data.batch import Batch, Pair, pad, unknown_positions
from attnviz.data.objectives.view import View
from attnviz.data.vocabulary import MASK, PAD, SPECIALS
from attnviz.errors import InputError, Notice
from attnviz.language import Text

NOT_SCORED = SPECIALS[PAD]
SHARE = 0.15  # of the tokens of a text are hidden, one at least
KEPT, REPLACED = 0.1, 0.1  # of those, so many stay and so many become another token: no token is above doubt


class MaskedView(View):
    """source: the text with gaps; target: the hidden tokens in their places, <pad> everywhere else."""

    objective = "masked-lm"
    kind = "tagging"
    extra_tokens = (MASK,)
    title: ClassVar[Text] = Text("填空", "masked")

    def example(self, tokens: Sequence[str], generator: random.Random) -> Pair | None:
        if not tokens:
            return None
        source, target = list(tokens), [NOT_SCORED] * len(tokens)
        for place in generator.sample(range(len(tokens)), max(1, round(SHARE * len(tokens)))):
            target[place] = tokens[place]
            chance = generator.random()
            if chance >= KEPT + REPLACED:
                source[place] = MASK
            elif chance >= KEPT:
                source[place] = generator.choice(self._others)
        return Pair(tuple(source), tuple(target))

    @cached_property
    def _others(self) -> tuple[str, ...]:
        return tuple(token for token in self.tgt_vocab.tokens if token not in (*SPECIALS, MASK)) or (MASK,)

    @cached_property
    def max_src_len(self) -> int:
        return self.base.max_tgt_len

    @cached_property
    def max_tgt_len(self) -> int:
        return self.base.max_tgt_len

    def collate(self, pairs: Sequence[Pair]) -> Batch:
        return self._batch(pairs)

    def _batch(self, pairs: Sequence[Pair], notices: tuple[Notice, ...] = ()) -> Batch:
        src = [self.tgt_vocab.encode(pair.source) for pair in pairs]
        targets = [
            [PAD if token == NOT_SCORED else self.tgt_vocab.encode([token])[0] for token in pair.target]
            for pair in pairs
        ]
        return Batch(
            src=pad(src),
            decoder_input=None,
            targets=pad(targets),
            src_labels=tuple(pair.source for pair in pairs),
            target_labels=tuple(tuple("" if token == NOT_SCORED else token for token in pair.target) for pair in pairs),
            unknown_src=tuple(unknown_positions(ids) for ids in src),
            notices=notices,
        )

    def encode(self, text: str, target: str | None = None, *, limit: int | None = None) -> Batch:
        """A batch of one. Gaps may be typed, as <mask>, and nothing is scored then; without any, some are made.

        `target` is the text without gaps: what is different in it is scored. Raises InputError("empty").
        """
        tokens, notices = self._cut(self.tokenize(text), limit or self.max_src_len, "cut")
        if not tokens:
            raise InputError("empty")
        if target is not None:
            whole = self.tokenize(target)
            wanted = [a if a != b else NOT_SCORED for a, b in zip(whole, tokens, strict=False)]
            pair = Pair(tuple(tokens), tuple(wanted + [NOT_SCORED] * (len(tokens) - len(wanted))))
        elif MASK in tokens:
            pair = Pair(tuple(tokens), (NOT_SCORED,) * len(tokens))
        else:
            made = self.example(tokens, self._fixed(text))
            assert made is not None, "there is a token"
            pair = made
        return self._batch([pair], notices)
