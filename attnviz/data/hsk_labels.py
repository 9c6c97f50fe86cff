"""What the HSK sentences are labelled with: where words begin, and what a sentence is about."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from attnviz.data.package_data import package_file
from attnviz.data.text import characters, clean, is_han

BEGIN, INSIDE, SINGLE, OTHER = "B", "I", "S", "O"


@dataclass(frozen=True)
class LabelledSentence:
    """A sentence's characters, one word label each (() where the words do not make it up), and its topic."""

    characters: tuple[str, ...]
    words: tuple[str, ...]
    topic: str


@lru_cache(maxsize=1)
def labelled_sentences() -> tuple[LabelledSentence, ...]:
    """Every sentence once, without the corpus's machine-made placeholders."""
    path = package_file("hsk_sentences_audio", "data/sentences.json")
    seen: dict[tuple[str, ...], LabelledSentence] = {}
    for record in json.loads(path.read_text(encoding="utf-8")):
        if "placeholder" in record["translation"]["en"].lower():
            continue
        text = tuple(char for char in characters(clean(record["chinese"].strip())) if not char.isspace())
        words = word_labels(text, [token["word"] for token in record["tokens"]])
        seen.setdefault(text, LabelledSentence(text, words, record["topic"]))
    return tuple(seen.values())


def word_labels(text: Sequence[str], words: Sequence[str]) -> tuple[str, ...]:
    """B at the first character of a longer word, I at its others, S at a word of one character, O elsewhere.

    () when the words do not make up all Chinese characters of the text in their order.
    """
    labels: list[str] = []
    for word in words:
        while len(labels) < len(text) and not is_han(text[len(labels)]) and text[len(labels)] != word[:1]:
            labels.append(OTHER)
        if "".join(text[len(labels) : len(labels) + len(word)]) != word:
            return ()
        labels += [SINGLE] if len(word) == 1 else [BEGIN, *[INSIDE] * (len(word) - 1)]
    rest = text[len(labels) :]
    return () if any(map(is_han, rest)) else (*labels, *[OTHER] * len(rest))
