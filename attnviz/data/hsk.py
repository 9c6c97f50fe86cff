"""The HSK sentences: short, graded Chinese sentences with their reading."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

from attnviz.data.package_data import package_file
from attnviz.data.text import is_han


@dataclass(frozen=True)
class Sentence:
    """A sentence as printed and, where they fit one to one, its characters and their syllables."""

    text: str
    characters: tuple[str, ...]
    syllables: tuple[str, ...]  # empty when the reading does not fit the characters
    words: tuple[tuple[str, str], ...]  # (word, reading), as the corpus divides it


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
        words = tuple((token["word"], token["pinyin"]) for token in record["tokens"])
        seen.setdefault(chinese, Sentence(record["chinese"].strip(), chinese, syllables, words))
    return tuple(seen.values())


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
