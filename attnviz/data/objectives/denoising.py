"""Denoising (Raffel et al. 2020): spans of a text are cut out, each leaves a numbered token, and the decoder writes
what was there: 我喜<1>天天气 → <1>欢今."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

from attnviz.data.batch import Batch, Pair, collate_pairs, collate_sources
from attnviz.data.objectives.view import View
from attnviz.data.task import ReferenceKind
from attnviz.errors import InputError
from attnviz.language import Text

SPANS = 8  # a text may lose at most so many
SHARE = 0.3  # of its tokens are cut out, one at least
MEAN_SPAN = 3  # tokens


class DenoisingView(View):
    """source: the text with spans replaced by <1>, <2> …; target: each of these, followed by what it stands for."""

    objective = "denoising"
    kind = "seq2seq"
    extra_tokens = tuple(f"<{number}>" for number in range(1, SPANS + 1))
    title: ClassVar[Text] = Text("还原片段", "denoising")

    def example(self, tokens: Sequence[str], generator: random.Random) -> Pair | None:
        if not tokens:
            return None
        hidden = max(1, round(SHARE * len(tokens)))
        left = len(tokens) - hidden
        spans = max(1, min(SPANS, round(hidden / MEAN_SPAN), left + 1))
        cut = _parts(hidden, spans, generator)
        # Between two spans stands a token at least; before the first and after the last there may be none.
        kept = [part - 1 for part in _parts(left - (spans - 1) + spans + 1, spans + 1, generator)]
        kept = [part + (0 < place < spans) for place, part in enumerate(kept)]
        source: list[str] = []
        target: list[str] = []
        at = 0
        for number, length in enumerate(cut):
            source += tokens[at : at + kept[number]]
            at += kept[number]
            source.append(self.extra_tokens[number])
            target += [self.extra_tokens[number], *tokens[at : at + length]]
            at += length
        return Pair((*source, *tokens[at:]), tuple(target))

    def encode(self, text: str, target: str | None = None, *, limit: int | None = None) -> Batch:
        """A batch of one. Spans may be typed, as <1>; without any, some are cut out and are the target."""
        tokens, notices = self._cut(self.tokenize(text), (limit or self.max_src_len) - 1, "cut")
        if not tokens:
            raise InputError("empty")
        pair = self._made(tokens)
        if target is not None:
            wanted, more = self._cut(self.tokenize_target(target), (limit or self.max_tgt_len) - 1, "cut_target")
            pair, notices = Pair(tuple(tokens), tuple(wanted)), notices + more
        if pair is None:
            return collate_sources([tokens], self.tgt_vocab, notices=notices)
        return collate_pairs([pair], self.tgt_vocab, self.tgt_vocab, notices=notices)

    def answer(self, source: Sequence[str]) -> tuple[str, ReferenceKind] | None:
        pair = self._made(source)
        return None if pair is None else (self.detokenize(pair.target), "exact")

    def _made(self, tokens: Sequence[str]) -> Pair | None:
        """The example of typed tokens; None where its spans are cut out already."""
        typed = set(tokens) & set(self.extra_tokens)
        return None if typed else self.example(tokens, self._fixed("".join(tokens)))


def _parts(total: int, number: int, generator: random.Random) -> list[int]:
    """`total` as a sum of `number` whole numbers, each at least 1, every way equally likely."""
    cuts = [0, *sorted(generator.sample(range(1, total), number - 1)), total]
    return [b - a for a, b in pairwise(cuts)]
