"""Words as tokens, for the user's own text.

A letter keeps the marks that stand on it, in every script. Scripts that put no space between words (Chinese, Japanese,
Thai, Lao, Khmer, Burmese) are cut at every character: no dictionary is asked, and nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

import regex

from attnviz.data.text import clean

_SPACELESS = r"\p{Script=Han}\p{Hiragana}\p{Katakana}\u30fc\uff70\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_MARKS = r"[\p{M}\u200c\u200d]*"
_LETTER = rf"(?:(?![{_SPACELESS}])[\p{{L}}\p{{N}}_]{_MARKS})"
# Any other character with what hangs on it. Not \X, which looks at what stands before: a token must be the same alone.
_HANGING = r"[\p{M}\u0e33\u0eb3\u200c\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
_JOINED = rf"(?:(?:(?<=\u200d)\p{{Extended_Pictographic}}|(?<=[\u1039\u17d2])\p{{L}}){_HANGING})*"
_ALONE = rf"(?:\p{{RI}}{{2}}|\S){_HANGING}{_JOINED}"
_RUN = rf"{_LETTER}{{1,40}}"  # a longer run of letters is cut
# A word keeps the space before it, so that joining gives the text back.
_SPACED = regex.compile(rf"[^\S\n]?{_RUN}|[^\S\n]?{_ALONE}|\s")
_WORD = regex.compile(rf"{_RUN}(?:['’-]{_RUN}){{0,3}}|{_ALONE}")
_NO_SPACE_BEFORE = regex.compile(r" ([,.!?;:%)\]}…，。！？；：、）])")
_SPACELESS_LETTER = regex.compile(rf"(?=[\p{{L}}\p{{N}}])[{_SPACELESS}]")
# A stacking sign (Burmese U+1039, Khmer U+17D2) takes the next letter; Thai's U+0E33 hangs on the one before it.
_BEFORE = rf"(?<=(?=[\p{{L}}\p{{N}}])[{_SPACELESS}]{_MARKS})(?<![\u1039\u17d2]{_MARKS})"
_AFTER = rf"(?=(?=[\p{{L}}\p{{N}}])(?![\u0e33\u0eb3])[{_SPACELESS}])"
_NO_SPACE_BETWEEN = regex.compile(f"{_BEFORE} {_AFTER}")


def spaced_words(text: str) -> list[str]:
    """Words with the space before them, punctuation, line ends: "".join gives the cleaned text back."""
    found: list[str] = _SPACED.findall(clean(text))
    return found


def words(text: str) -> list[str]:
    """Words and punctuation, without spaces."""
    found: list[str] = _WORD.findall(clean(text))
    return found


def joined_words(tokens: Sequence[str]) -> str:
    """Words as a line of text; splitting it again gives the same words."""
    line: str = _NO_SPACE_BETWEEN.sub("", _NO_SPACE_BEFORE.sub(r"\1", " ".join(tokens)))
    return line


def fitting_tokens(texts: Iterable[str]) -> str:
    """ "words" for texts written with spaces, "characters" for Chinese and the like and for single words."""
    sample = [text for text in islice(texts, 200) if text.strip()]
    joined = "".join(sample)
    spaceless = len(_SPACELESS_LETTER.findall(joined))
    spaced = sum(len(text.split()) > 1 for text in sample)
    return "words" if spaced > len(sample) / 2 and spaceless < len(joined) / 5 else "characters"
