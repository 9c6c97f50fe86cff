"""The HSK sentences: short, graded Chinese sentences with their reading."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from attnviz.data.hsk_corrections import corrected
from attnviz.data.package_data import package_file
from attnviz.data.text import is_han


@dataclass(frozen=True)
class Sentence:
    """A sentence as printed and, where they fit one to one, its characters and their syllables."""

    text: str
    characters: tuple[str, ...]
    syllables: tuple[str, ...]  # empty when the reading does not fit the characters
    words: tuple[tuple[str, tuple[str, ...]], ...]  # (word, syllables), as the corpus divides it


@lru_cache(maxsize=1)
def sentences() -> tuple[Sentence, ...]:
    """Every sentence of the corpus, without repetitions and without its machine-made placeholders."""
    path = package_file("hsk_sentences_audio", "data/sentences.json")
    seen: dict[tuple[str, ...], Sentence] = {}
    for record in json.loads(path.read_text(encoding="utf-8")):
        if "placeholder" in record["translation"]["en"].lower():
            continue
        chinese = tuple(char for char in record["chinese"] if is_han(char))
        syllables = align_syllables(chinese, record["pinyin"].split())
        if syllables:
            syllables = corrected(chinese, plain_reading(chinese, syllables))
        words = _divide([token["word"] for token in record["tokens"]], chinese, syllables)
        seen.setdefault(chinese, Sentence(record["chinese"].strip(), chinese, syllables, words))
    return tuple(seen.values())


def plain_reading(chinese: Sequence[str], reading: Sequence[str]) -> tuple[str, ...]:
    """A reading without what speech adds: 一 and 不 with their own tone, 儿 after a syllable as r."""
    plain = []
    for i, (char, syllable) in enumerate(zip(chinese, reading, strict=True)):
        if char == "一" and syllable in ("yí", "yì"):
            plain.append("yī")
        elif char == "不" and syllable == "bú":
            plain.append("bù")
        elif char == "儿" and syllable == "er" and i > 0:
            plain.append("r")
        else:
            plain.append(syllable)
    return tuple(plain)


def _divide(
    words: Sequence[str], chinese: tuple[str, ...], syllables: tuple[str, ...]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The words with their part of the sentence's syllables; () if they do not make up the sentence."""
    words = ["".join(filter(is_han, word)) for word in words]
    if "".join(words) != "".join(chinese) or not syllables:
        return ()
    ends = list(accumulate(map(len, words)))
    return tuple((word, syllables[end - len(word) : end]) for word, end in zip(words, ends, strict=True) if word)


def align_syllables(chinese: tuple[str, ...], syllables: list[str]) -> tuple[str, ...]:
    """One syllable a character, or () if they do not fit.

    A syllable written together with a following 儿 is taken apart: 哪儿 nǎr becomes nǎ + r.
    """
    aligned: list[str] = []
    rest = iter(syllables)
    for i, char in enumerate(chinese):
        if char == "儿" and aligned and aligned[-1].endswith("r") and aligned[-1] not in ("ér", "er", "r"):
            aligned[-1:] = [aligned[-1][:-1], "r"]
            continue
        syllable = next(rest, None)
        if syllable is None:
            return ()
        aligned.append(syllable)
        if i + 1 == len(chinese) and next(rest, None) is not None:
            return ()
    return tuple(aligned) if len(aligned) == len(chinese) and next(rest, None) is None else ()
