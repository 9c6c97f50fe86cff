"""Words as tokens, for the user's own text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice

from attnviz.data.text import clean, is_han

# A word keeps the space before it, so that joining gives the text back. A run of letters is cut at 40.
_SPACED = re.compile(r"[^\S\n]?\w{1,40}|[^\S\n]?[^\w\s]|\s")
_WORD = re.compile(r"\w{1,40}(?:['’-]\w{1,40}){0,3}|[^\w\s]")
_NO_SPACE_BEFORE = re.compile(r" ([,.!?;:%)\]}…，。！？；：、）])")


def spaced_words(text: str) -> list[str]:
    """Words with the space before them, punctuation, line ends: "".join gives the cleaned text back."""
    return _SPACED.findall(clean(text))


def words(text: str) -> list[str]:
    """Words and punctuation, without spaces."""
    return _WORD.findall(clean(text))


def joined_words(tokens: Sequence[str]) -> str:
    """Words as a line of text; splitting it again gives the same words."""
    return _NO_SPACE_BEFORE.sub(r"\1", " ".join(tokens))


def fitting_tokens(texts: Iterable[str]) -> str:
    """ "words" for texts written with spaces, "characters" for Chinese and the like and for single words."""
    sample = [text for text in islice(texts, 200) if text.strip()]
    joined = "".join(sample)
    cjk = sum(is_han(char) or "\u3040" <= char <= "\u30ff" for char in joined)
    spaced = sum(len(text.split()) > 1 for text in sample)
    return "words" if spaced > len(sample) / 2 and cjk < len(joined) / 5 else "characters"
