"""Reverse, copy, sort, look up: tasks made of letters, where the right attention is known exactly."""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from attnviz.data.batch import Pair
from attnviz.data.split import split_by_key
from attnviz.data.task import ReferenceKind, Task
from attnviz.data.tasks.catalogue import INFOS
from attnviz.data.vocabulary import SPECIALS, Vocabulary

LETTERS = "abcdefghijklmnopqrstuvwxyz"


class SymbolTask(Task):
    """Random sequences of letters; a rule says the answer and where each of its tokens comes from.

    All these tasks number the same letters alike, so a model can go from one to another.
    """

    defaults: ClassVar[Mapping[str, Any]] = {
        "seed": 0,
        "size": 12_000,
        "symbols": 20,
        "min_length": 3,
        "max_length": 8,
    }
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {
        "size": range(100, 1_000_001),
        "symbols": range(2, 27),
        "min_length": range(1, 257),
        "max_length": range(1, 257),
    }
    examples = ("abc", "hello", "banana", "abcdefgh", "qponmlkj", "aaabbb")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._check_order("min_length", "max_length")

    @property
    def alphabet(self) -> str:
        """The letters in use."""
        return LETTERS[: self.options["symbols"]]

    @abstractmethod
    def origins(self, source: Sequence[str]) -> list[int]:
        """For each token of the answer, the index of the source token it repeats."""

    def draw(self, generator: random.Random) -> list[str]:
        """A random source."""
        length = generator.randint(self.options["min_length"], self.options["max_length"])
        return [generator.choice(self.alphabet) for _ in range(length)]

    def load(self) -> Mapping[str, Sequence[Pair]]:
        generator = random.Random(f"{self.info.name} {self.options['seed']}")
        drawn: dict[str, Pair] = {}
        for _ in range(20 * self.options["size"]):  # a small alphabet may not hold that many different ones
            source = self.draw(generator)
            drawn["".join(source)] = Pair(tuple(source), tuple(source[i] for i in self.origins(source)))
            if len(drawn) == self.options["size"]:
                break
        return split_by_key(drawn.items(), self.options["seed"], validation=0.05, test=0.05)

    def alignment(self, pair: Pair) -> tuple[int | None, ...] | None:
        return tuple(self.origins(pair.source))

    def answer(self, source: Sequence[str]) -> tuple[str, ReferenceKind] | None:
        return "".join(source[i] for i in self.origins(source)), "exact"

    def tokenize_target(self, text: str) -> list[str]:
        return self.tokenize(text)

    @cached_property
    def src_vocab(self) -> Vocabulary | None:
        return Vocabulary(SPECIALS + tuple(self.alphabet))

    @cached_property
    def tgt_vocab(self) -> Vocabulary:
        return Vocabulary(SPECIALS + tuple(self.alphabet))

    @cached_property
    def max_src_len(self) -> int:
        return int(self.options["max_length"]) + 1

    @cached_property
    def max_tgt_len(self) -> int:
        return int(self.options["max_length"]) + 1


class Reverse(SymbolTask):
    """abc → cba."""

    info = INFOS["reverse"]

    def origins(self, source: Sequence[str]) -> list[int]:
        return list(reversed(range(len(source))))


class Copy(SymbolTask):
    """abc → abc."""

    info = INFOS["copy"]

    def origins(self, source: Sequence[str]) -> list[int]:
        return list(range(len(source)))


class Sort(SymbolTask):
    """hello → ehllo; equal letters keep their order."""

    info = INFOS["sort"]
    examples = ("cab", "hello", "banana", "hgfedcba", "abcdefgh", "mississi")

    def origins(self, source: Sequence[str]) -> list[int]:
        return sorted(range(len(source)), key=lambda i: source[i])


class Lookup(SymbolTask):
    """a3 b7 c1 ?b → 7: associative recall. Length counts the key–value pairs."""

    info = INFOS["lookup"]
    defaults: ClassVar[Mapping[str, Any]] = {
        "seed": 0,
        "size": 12_000,
        "symbols": 12,
        "min_length": 2,
        "max_length": 6,
    }
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {
        **SymbolTask.allowed,
        "min_length": range(1, 27),
        "max_length": range(1, 27),
    }
    examples = ("a3 b7 c1 ?b", "a1 b2 ?a", "k5 d0 ?d", "a9 b9 c4 ?c", "a3 b7 c1 d8 e2 f6 ?d", "f6 e5 d4 c3 b2 a1 ?a")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._check_order("max_length", "symbols")  # keys are different letters

    def draw(self, generator: random.Random) -> list[str]:
        pairs = generator.randint(self.options["min_length"], self.options["max_length"])
        keys = generator.sample(self.alphabet, pairs)
        source = [token for key in keys for token in (key, generator.choice("0123456789"))]
        return [*source, "?", generator.choice(keys)]

    def origins(self, source: Sequence[str]) -> list[int]:
        asked = source[-1]
        values = [i + 1 for i in range(0, len(source) - 2, 2) if source[i] == asked]
        return values[:1] if "?" in source[-2:-1] else []

    def answer(self, source: Sequence[str]) -> tuple[str, ReferenceKind] | None:
        found = self.origins(source)
        return (source[found[0]], "exact") if found else None

    @cached_property
    def src_vocab(self) -> Vocabulary | None:
        return Vocabulary((*SPECIALS, *self.alphabet, *"0123456789?"))

    @cached_property
    def tgt_vocab(self) -> Vocabulary:
        return Vocabulary((*SPECIALS, *"0123456789"))

    @cached_property
    def max_src_len(self) -> int:
        return 2 * int(self.options["max_length"]) + 3

    @cached_property
    def max_tgt_len(self) -> int:
        return 2
