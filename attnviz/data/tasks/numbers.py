"""Digits → words, in Chinese and in English."""

from __future__ import annotations

import random
import unicodedata
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, ClassVar

from attnviz.data.batch import Pair
from attnviz.data.split import split_by_key
from attnviz.data.task import ReferenceKind, Task
from attnviz.data.tasks.catalogue import INFOS
from attnviz.data.tasks.numerals import DIGITS, FORMAL_DIGITS, chinese_numeral, formal_numeral
from attnviz.data.text import characters, clean
from attnviz.data.vocabulary import SPECIALS, Vocabulary

ZERO_SHARE = 0.3  # how often a digit is drawn to be 0: the hard cases have many


class Numbers(Task):
    """Whole numbers without leading zeros; numbers of every length are equally likely."""

    defaults: ClassVar[Mapping[str, Any]] = {"seed": 0, "size": 20_000, "digits": 8}
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {"size": range(100, 1_000_001), "digits": range(2, 13)}
    examples = ("7830021", "2024", "105", "1000", "99999999", "10010010", "12,345,678")

    @abstractmethod
    def words(self, number: int) -> list[str]:
        """The number as target tokens."""

    def load(self) -> Mapping[str, Sequence[Pair]]:
        generator = random.Random(f"{self.info.name} {self.options['seed']}")
        numbers: dict[str, Pair] = {}
        for _ in range(20 * self.options["size"]):  # few digits may not give that many different numbers
            length = generator.randint(1, self.options["digits"])
            digits = [str(generator.randint(0 if length == 1 else 1, 9))]
            for _ in range(length - 1):
                zero = generator.random() < ZERO_SHARE
                digits.append("0" if zero else str(generator.randint(0, 9)))
            text = "".join(digits)
            if text not in numbers:
                numbers[text] = Pair(tuple(digits), tuple(self.words(int(text))))
            if len(numbers) == self.options["size"]:
                break
        return split_by_key(numbers.items(), self.options["seed"], validation=0.05, test=0.05)

    def tokenize(self, text: str) -> list[str]:
        """Full-width digits become plain ones; commas and spaces between digits are dropped."""
        text = unicodedata.normalize("NFKC", clean(text))
        return [char for char in characters(text) if not (char.isspace() or char in ",_'")]

    def answer(self, source: Sequence[str]) -> tuple[str, ReferenceKind] | None:
        text = "".join(source)
        if not (text.isascii() and text.isdigit()):
            return None
        return self.detokenize(self.words(int(text))), "exact"

    @cached_property
    def src_vocab(self) -> Vocabulary | None:
        return Vocabulary((*SPECIALS, *"0123456789"))

    @cached_property
    def max_src_len(self) -> int:
        return int(self.options["digits"]) + 1


class ChineseNumbers(Numbers):
    """7830021 → 七百八十三万零二十一."""

    info = INFOS["numbers-zh"]

    def words(self, number: int) -> list[str]:
        return list(chinese_numeral(number))

    @cached_property
    def tgt_vocab(self) -> Vocabulary:
        return Vocabulary((*SPECIALS, *DIGITS, *"十百千万亿"))


class FormalNumbers(Numbers):
    """7830021 → 柒佰捌拾叁万零贰拾壹, as cheques have it."""

    info = INFOS["numbers-formal"]

    def words(self, number: int) -> list[str]:
        return list(formal_numeral(number))

    @cached_property
    def tgt_vocab(self) -> Vocabulary:
        return Vocabulary((*SPECIALS, *FORMAL_DIGITS, *"拾佰仟万亿"))


class EnglishNumbers(Numbers):
    """7830021 → seven million eight hundred thirty thousand twenty-one.

    The tens before a hyphen are tokens of their own ("twenty-"), so that tokens join to text without doubt.
    """

    info = INFOS["numbers-en"]

    def words(self, number: int) -> list[str]:
        return list(english_words(number))

    def tokenize_target(self, text: str) -> list[str]:
        return clean(text).replace("-", "- ").split()

    def detokenize(self, tokens: Sequence[str]) -> str:
        return " ".join(tokens).replace("- ", "-")


@lru_cache(maxsize=1)
def _engine() -> Any:
    import inflect  # takes a second: only when a number is to be spelt

    return inflect.engine()


def english_words(number: int) -> tuple[str, ...]:
    """The words of a number, American style (no "and")."""
    spelt: str = _engine().number_to_words(number, andword="", comma="")
    # inflect 7.4 puts its commas whatever `comma` says.
    return tuple(spelt.replace(",", "").replace("-", "- ").split())
