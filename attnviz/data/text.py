"""Text as people type it: cleaning, and characters as people count them."""

from __future__ import annotations

import re
import unicodedata

# What decides whether a text needs more than one code point a character. Covers every range that
# holds marks, joiners, variation selectors, skin tones, flags or tags; Han, Latin and kana stay fast.
_PLAIN = re.compile(
    r"[\t\n -\u02ff\u0370-\u0482\u048a-\u0590\u1e00-\u1fff\u2010-\u20cf\u2100-\u2bff\u3000-\u3029"
    r"\u3030-\u3098\u309b-\ua66e\uac00-\ud7a3\uf900-\ufaff\uff01-\uffee\U00020000-\U0003ffff]*"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")
_JOINER = "\u200d"


def clean(text: str) -> str:
    """Line ends become \\n, control characters go, halves of surrogate pairs are joined or become U+FFFD."""
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
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
    clusters: list[str] = []
    flags = 0  # regional indicators in the cluster at hand
    for char in text:
        is_flag = "\U0001f1e6" <= char <= "\U0001f1ff"
        joined = clusters and clusters[-1] != "\n"
        if joined and (_extends(char) or clusters[-1][-1] == _JOINER or (is_flag and flags == 1)):
            clusters[-1] += char
            flags = 2 if is_flag else flags
        else:
            clusters.append(char)
            flags = 1 if is_flag else 0
    return clusters


def _extends(char: str) -> bool:
    return (
        char == _JOINER
        or unicodedata.category(char) in ("Mn", "Me", "Mc")
        or "\U0001f3fb" <= char <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= char <= "\U000e007f"  # tags (flags of regions)
    )


def is_han(char: str) -> bool:
    """Whether a character is a Chinese one (CJK unified ideographs, their extensions, and 〇)."""
    return (
        "\u4e00" <= char <= "\u9fff"
        or "\u3400" <= char <= "\u4dbf"
        or "\U00020000" <= char <= "\U0003ffff"
        or "\uf900" <= char <= "\ufaff"
        or char == "〇"
    )


def is_separator(char: str) -> bool:
    """Whether a character is white space or punctuation."""
    return char.isspace() or unicodedata.category(char[0])[0] in "PZ"
