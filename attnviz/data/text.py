"""Text as people type it: cleaning, and characters as people count them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

import regex

# What decides whether a text needs more than one code point a character. Covers every range that
# holds marks, joiners, variation selectors, skin tones, flags or tags; Han, Latin and kana stay fast.
_PLAIN = re.compile(
    r"[\t\n -\u02ff\u0370-\u0482\u048a-\u0590\u1e00-\u1fff\u2010-\u20cf\u2100-\u2bff\u3000-\u3029"
    r"\u3030-\u3098\u309b-\ua66e\uac00-\ud7a3\uf900-\ufaff\uff01-\uff9d\uffa0-\uffee\U00020000-\U0003ffff]*"
)
_CLUSTER = regex.compile(r"\X")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029]")
_HAN = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf\U00020000-\U0003ffff\uf900-\ufaff〇]+")

# Code points that show nothing and say nothing to a model: soft hyphen, zero-width space, marks of direction, word
# joiner … Joiners and variation selectors stay where they change what is seen: in scripts that join, in emoji, on Han.
_EMOJI = (
    "\u00a9\u00ae\u2010-\u2027\u2030-\u205e\u2070-\u2bff\u3030\u303d\u3297\u3299\ufe0e\ufe0f"
    "\U0001f000-\U0001faff\U000e0020-\U000e007f"
)
_JOINING = "\u0600-\u08ff\u0900-\u0fff\u1000-\u109f\u1780-\u18af\u1a00-\u1cff\ua800-\uabff\U00010a00-\U00011fff"
_VARYING = "#*0-9\u1800-\u18af\u3001-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0001]"
    f"|(?<![{_EMOJI}{_JOINING}])[\u200c\u200d]+"
    f"|(?<![{_EMOJI}{_VARYING}])[\ufe00-\ufe0f\U000e0100-\U000e01ef]+"
)


def clean(text: str) -> str:
    """The one form of a text: NFC, line ends \\n, no control characters and no invisible ones that say nothing.

    Halves of surrogate pairs are joined or become U+FFFD. Cleaning twice is cleaning once.
    """
    if text.isascii() and "\r" not in text:
        return _CONTROLS.sub("", text)
    return _without_invisible(_composed(text), None)


def invisible(text: str) -> Counter[str]:
    """The invisible characters that `clean` takes out, as code points ("U+200B"), with how often each occurs."""
    found: Counter[str] = Counter()
    if not text.isascii():
        _without_invisible(_composed(text.removeprefix("\ufeff")), found)
    return Counter({code_point(character): count for character, count in found.items()})


def _composed(text: str) -> str:
    if _SURROGATES.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return unicodedata.normalize("NFC", _CONTROLS.sub("", _LINE_ENDS.sub("\n", text)))


def _without_invisible(text: str, found: Counter[str] | None) -> str:
    """Count what goes in `found`."""
    while here := _INVISIBLE.findall(text):  # again: one that goes may have been what the next one hung on
        if found is not None:
            found.update("".join(here))
        text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    return text


def code_point(character: str) -> str:
    """A character by its number, for one that cannot be seen: U+200B."""
    return " ".join(f"U+{ord(one):04X}" for one in character)


def characters(text: str) -> list[str]:
    """Split into characters as people see them: an accent, a vowel sign, a joined emoji or a flag is one.

    These are Unicode's extended grapheme clusters. "".join(characters(text)) == text always.
    """
    if _PLAIN.fullmatch(text):
        return list(text)
    found: list[str] = _CLUSTER.findall(text)
    return found


def is_han(text: str) -> bool:
    """Whether all of a text is Chinese characters (CJK unified ideographs, their extensions, and 〇)."""
    return _HAN.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def is_separator(char: str) -> bool:
    """Whether a character is white space or punctuation."""
    return char.isspace() or unicodedata.category(char[0])[0] in "PZ"
