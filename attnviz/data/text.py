"""Text as people type it: cleaning, and characters as people count them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# What decides whether a text needs more than one code point a character. Covers every range that
# holds marks, joiners, variation selectors, skin tones, flags or tags; Han, Latin and kana stay fast.
_PLAIN = re.compile(
    r"[\t\n -\u02ff\u0370-\u0482\u048a-\u0590\u1e00-\u1fff\u2010-\u20cf\u2100-\u2bff\u3000-\u3029"
    r"\u3030-\u3098\u309b-\ua66e\uac00-\ud7a3\uf900-\ufaff\uff01-\uffee\U00020000-\U0003ffff]*"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_HAN = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf\U00020000-\U0003ffff\uf900-\ufaff〇]+")
_JOINER = "\u200d"


def clean(text: str) -> str:
    """Line ends become \\n, control characters go, halves of surrogate pairs are joined or become U+FFFD."""
    if _SURROGATES.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", text)


def characters(text: str) -> list[str]:
    """Split into characters as people see them: an accent, a joined emoji or a flag is one.

    A simple form of Unicode's grapheme clusters: marks, variation selectors, skin tones and tags join
    what stands before them, a zero-width joiner joins both sides, regional indicators pair up.
    "".join(characters(text)) == text always.
    """
    if _PLAIN.fullmatch(text):
        return list(text)
    return _clusters().findall(text)


@lru_cache(maxsize=1)
def _clusters() -> re.Pattern[str]:
    """A character, a pair of regional indicators, or a line end; then whatever joins what stands before it."""
    marked = (*range(0x300, 0x20000), *range(0xE0000, 0xE0200))  # no marks elsewhere
    joining = "".join(re.escape(chr(i)) for i in marked if unicodedata.category(chr(i)) in ("Mn", "Me", "Mc"))
    tones_tags = "\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
    flag = "[\U0001f1e6-\U0001f1ff]"
    joined = f"[{joining}{_JOINER}{tones_tags}]|(?<={_JOINER})[^\n]"
    return re.compile(f"\n|(?:{flag}{{2}}|.)(?:{joined})*", re.DOTALL)


def is_han(text: str) -> bool:
    """Whether all of a text is Chinese characters (CJK unified ideographs, their extensions, and 〇)."""
    return _HAN.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def is_separator(char: str) -> bool:
    """Whether a character is white space or punctuation."""
    return char.isspace() or unicodedata.category(char[0])[0] in "PZ"
