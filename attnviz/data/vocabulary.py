"""Tokens and their numbers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat

from attnviz.data.tokens import Reading
from attnviz.errors import InputError, Notice

PAD, BOS, EOS, UNK = range(4)
SPECIALS: tuple[str, ...] = ("<pad>", "<s>", "</s>", "<unk>")
MASK = "<mask>"  # of a vocabulary whose task hides tokens; it stands anywhere


@dataclass(frozen=True)
class Vocabulary:
    """An ordered list of tokens; the four specials are always first, so PAD is 0."""

    tokens: tuple[str, ...]
    counts: tuple[int, ...] | None = field(default=None, compare=False)  # in the text it was built from
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)
    _spelled: dict[str, int] = field(
        init=False, repr=False, compare=False
    )  # without the specials: texts spell no other

    def __post_init__(self) -> None:
        if self.tokens[: len(SPECIALS)] != SPECIALS:
            raise InputError("bad_vocabulary", problem=Notice("reason_begin", {"tokens": " ".join(SPECIALS)}))
        if self.counts is not None and len(self.counts) != len(self.tokens):
            raise InputError(
                "bad_vocabulary",
                problem=Notice("reason_counts", {"counts": len(self.counts), "tokens": len(self.tokens)}),
            )
        ids = {token: i for i, token in enumerate(self.tokens)}
        if len(ids) != len(self.tokens):
            twice = next(token for token, n in Counter(self.tokens).items() if n > 1)
            raise InputError("bad_vocabulary", problem=Notice("reason_token_twice", {"token": twice}))
        object.__setattr__(self, "_ids", ids)
        object.__setattr__(self, "_spelled", {token: i for token, i in ids.items() if i > UNK})

    @classmethod
    def build(
        cls, sequences: Iterable[Iterable[str]], *, min_count: int = 1, max_size: int | None = None
    ) -> Vocabulary:
        """Count tokens; most frequent first, equal counts in code-point order. `max_size` includes the specials."""
        counter: Counter[str] = Counter()
        for sequence in sequences:
            counter.update(sequence)
        for special in SPECIALS:
            counter.pop(special, None)
        kept = sorted((-n, token) for token, n in counter.items() if n >= min_count)
        if max_size is not None:
            kept = kept[: max(0, max_size - len(SPECIALS))]
        return cls(SPECIALS + tuple(token for _, token in kept), (0,) * len(SPECIALS) + tuple(-n for n, _ in kept))

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._ids

    @property
    def pad_id(self) -> int:
        """What fills up rows."""
        return PAD

    @property
    def bos_id(self) -> int:
        """What a decoder reads first."""
        return BOS

    @property
    def eos_id(self) -> int:
        """What ends a text."""
        return EOS

    @property
    def mask_id(self) -> int | None:
        """What stands for a hidden token, where the vocabulary has one."""
        return self._ids.get(MASK)

    @property
    def special_ids(self) -> frozenset[int]:
        """Numbers that stand for no text."""
        return frozenset(range(len(SPECIALS)))

    def label(self, token: int) -> str:
        """What a screen prints for one token."""
        return self.tokens[token]

    def text(self, ids: Iterable[int]) -> str:
        """The tokens side by side, without specials; a task knows better where blanks go."""
        return "".join(self.tokens[i] for i in ids if i >= len(SPECIALS))

    def read(self, text: str) -> Reading:
        """A text cut at every token that the vocabulary knows, the longest first; one character where it knows none."""
        ids, spans, start = list[int](), list[tuple[int, int]](), 0
        longest = max(map(len, self.tokens))
        while start < len(text):
            end = next(
                (end for end in range(min(len(text), start + longest), start, -1) if text[start:end] in self._ids),
                start + 1,
            )
            ids += self.encode([text[start:end]])
            spans.append((start, end))
            start = end
        return Reading(tuple(ids), tuple(text[a:b] for a, b in spans), tuple(spans))

    def id(self, token: str) -> int:
        """The token's number, or UNK."""
        return self._ids.get(token, UNK)

    def encode(self, tokens: Sequence[str]) -> list[int]:
        """Numbers of the tokens; a text can never produce PAD, BOS or EOS by spelling them."""
        return list(map(self._spelled.get, tokens, repeat(UNK)))

    def decode(self, ids: Iterable[int]) -> list[str]:
        """The tokens of the numbers, specials included."""
        return [self.tokens[i] for i in ids]

    def to_json(self) -> str:
        """A JSON list of the tokens."""
        return json.dumps(self.tokens, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Vocabulary:
        """The inverse of `to_json`."""
        try:
            tokens = json.loads(text)
        except json.JSONDecodeError as error:
            raise InputError("bad_vocabulary", problem=error) from None
        return cls.from_tokens(tokens)

    @classmethod
    def from_tokens(cls, tokens: object) -> Vocabulary:
        """A vocabulary from a plain list of strings, as read from a file."""
        if not isinstance(tokens, list | tuple) or not all(isinstance(token, str) for token in tokens):
            raise InputError("bad_vocabulary", problem="no_texts")
        return cls(tuple(tokens))
