"""The character encoding of a file that somebody brings: said by a mark, proven by UTF-8, or the most plausible one."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache

from attnviz.errors import InputError

# What people call it → Python's codec, in the order in which equally plausible ones are taken. The codecs are those
# of Windows, which hold everything that their namesakes do.
CODECS = {
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "gb18030": "gb18030",
    "big5": "cp950",
    "shift-jis": "cp932",
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "latin-1": "cp1252",
    "windows-1250": "cp1250",
    "windows-1251": "cp1251",
    "koi8-r": "koi8_r",
    "windows-1253": "cp1253",
    "windows-1254": "cp1254",
    "windows-1255": "cp1255",
    "windows-1256": "cp1256",
    "windows-874": "cp874",
}
ENCODINGS = ("auto", *CODECS)
_EAST_ASIAN = ("gb18030", "big5", "shift-jis", "euc-jp", "euc-kr")
_MARKED = (
    (codecs.BOM_UTF8, "utf-8", "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32", "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16"),
)
SAMPLE = 60_000  # bytes that plausibility looks at
PLAUSIBLE = 0.42  # of 1: characters that text of an East Asian language is made of
_SIGNATURES = {b"PK\x03\x04": "zip", b"%PDF": "pdf", b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"\x1f\x8b": "gzip"}
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_SIGN_IN_WORD = re.compile("[^\\W\\d_][¹²³¿¡¾¼½£¥¢ª¶±º»«¤][^\\W\\d_]")

# The characters that most running text consists of, in the simplified and the traditional script, and in Korean.
_FREQUENT = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家"
    "种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日者意无力它与长把机十民"
    "第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应向头文体美相见被什二等新己身果加西月话合回特代内信"
    "老给世位次度门先海通教儿原东声提立及比水名真走各入几口认条平气题活更别打女变四何电数安少才结太再做接必场件市直"
    "山金许区便空马五书非听白光放难且思王完色路记南品住告求北边今让吗呢吧请谢友爱喜欢吃喝早晚快慢坐车茶花鱼猫狗"
    "這個們來為國說時會對過發後裡還進種經麼學動當沒開樣實現從無與長機關點業將兩間問應頭體見話內給門東聲處幾認條氣題"
    "變電數結場區馬書聽難記邊讓嗎請謝愛歡車魚貓"
    "이다는의에가을를은고하지로도기사리자한인서아어나시대해라그정스일수부전주보요니습세오있게들과와만원면여안제장구"
    "あいうえおかがきくけこさしすせそただちつてでとどなにのはばまみもやよらりるれろわをんっアイスントルドラリクタシカ"
)
_PINYIN = frozenset("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü")


@dataclass(frozen=True)
class Decoded:
    """The text of a file and how it was read."""

    text: str
    encoding: str
    sure: bool  # said by a mark, proven, or chosen by somebody; else it is the most plausible one
    replaced: int = 0  # characters that could not be read and became U+FFFD


def decode(data: bytes, encoding: str = "auto", *, whole: bool = True) -> Decoded:
    """The text of a file. With `whole` False the file was cut, perhaps inside a character.

    Raises InputError: empty_file, binary, encoding (none is plausible), encoding_chosen (it cannot be read so).
    """
    if not data.strip(b"\x00\t\n\r \xef\xbb\xbf"):
        raise InputError("empty_file")
    for signature, what in _SIGNATURES.items():
        if data.startswith(signature):
            raise InputError("binary", what=what)
    found = _found(data, whole) if encoding == "auto" else _chosen(data, encoding, whole)
    beginning = found.text[:100_000]
    if len(_CONTROLS.findall(beginning)) > len(beginning) // 100:
        raise InputError("binary", what="controls")
    return found


def _chosen(data: bytes, encoding: str, whole: bool) -> Decoded:
    text = _strict(data, "utf-8-sig" if encoding == "utf-8" else CODECS[encoding], whole)
    if text is None and encoding == "utf-8":
        return _mended(data)
    if text is None:
        raise InputError("encoding_chosen", encoding=encoding)
    return Decoded(text, encoding, sure=True)


def _found(data: bytes, whole: bool) -> Decoded:
    for mark, name, codec in _MARKED:
        if data.startswith(mark) and (text := _strict(data, codec, whole)) is not None:
            return Decoded(text, name, sure=True)
    if b"\x00" in data:
        return _without_mark(data, whole)
    if (text := _strict(data, "utf-8", whole)) is not None:
        return Decoded(text, "utf-8", sure=True)
    high = sum(len(run) for run in re.findall(rb"[\x80-\xff]+", data[:SAMPLE]))
    proven = sum(len(run) for run in _UTF8_SEQUENCE.findall(data[:SAMPLE]))
    if proven > 0.9 * high:  # a few broken bytes in what is clearly UTF-8
        return _mended(data)
    likely = candidates(data)
    for name in likely:
        if (text := _strict(data, CODECS[name], whole)) is not None:
            return Decoded(text, name, sure=False)
    raise InputError("encoding", tried=", ".join(("utf-8", *_EAST_ASIAN, "latin-1")))


def candidates(data: bytes) -> list[str]:
    """Encodings in which a file without UTF-8 and without a mark is plausible text, the likeliest first."""
    sample = _telling_lines(data)
    marks = {name: plausibility(text) for name in _EAST_ASIAN if (text := _strict(sample, CODECS[name], False))}
    east = sorted((name for name, mark in marks.items() if mark >= PLAUSIBLE), key=lambda name: -marks[name])
    return [*east, *(name for name in _single_bytes(sample) if name not in east)]


def plausibility(text: str) -> float:
    """0 … 1: how much the characters beyond ASCII look like running Chinese, Japanese or Korean."""
    total = score = 0.0
    for character in text:
        code = ord(character)
        if code < 0x80:
            continue
        total += 1
        if character in _FREQUENT or 0x3000 <= code <= 0x3002 or 0xFF01 <= code <= 0xFF5E:
            score += 1
        elif 0x3040 <= code <= 0x30FF:
            score += 0.8
        elif character in _PINYIN:
            score += 0.5
        elif _everyday(character):
            score += 0.3
        elif not (0x4E00 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7A3 or 0x2010 <= code <= 0x203B):
            score -= 0.5  # private, half-width, drawn with boxes, accented: nothing that a sentence is made of
    return max(0.0, score / total) if total else 0.0


@lru_cache(maxsize=16_384)
def _everyday(character: str) -> bool:
    """Whether it is in the everyday part of its national standard."""
    for codec, first, last in (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6), ("euc_kr", 0xB0, 0xC8)):
        try:
            lead = character.encode(codec)[0]
        except UnicodeEncodeError:
            continue
        if first <= lead <= last:
            return True
    return False


def _single_bytes(sample: bytes) -> list[str]:
    """What the detector takes for possible, alphabets with one byte a letter only."""
    from charset_normalizer import from_bytes

    mine = {codec: name for name, codec in CODECS.items() if codec.startswith(("cp125", "koi", "cp874"))}
    found: dict[str, None] = {}
    for match in from_bytes(sample, cp_isolation=list(mine)):
        found.update(dict.fromkeys(mine[one] for one in (match.encoding, *match.could_be_from_charset) if one in mine))
    names = list(found)
    western = _strict(sample, CODECS["latin-1"], False)
    if names[:1] == ["windows-1250"] and western is not None and not _SIGN_IN_WORD.search(western):
        names = list(dict.fromkeys(["latin-1", *names]))  # the two share most letters; Latin-1 is the commoner
    return names


def _without_mark(data: bytes, whole: bool) -> Decoded:
    """UTF-16 that does not say so: its line ends and blanks hold a zero byte, all on one side."""
    even, odd = data[: SAMPLE * 2 : 2].count(0), data[1 : SAMPLE * 2 : 2].count(0)
    if max(even, odd) > 8 * min(even, odd):
        name = "utf-16-le" if odd > even else "utf-16-be"
        text = _strict(data, CODECS[name], whole)
        if text is not None and "\x00" not in text[:SAMPLE] and _readable(text[:SAMPLE]):
            return Decoded(text, name, sure=False)
    raise InputError("binary", what="NUL")


def _readable(text: str) -> bool:
    """Whether most characters are letters, marks, numbers, punctuation or blanks."""
    fine = sum(one.isprintable() or one in "\t\n\r" for one in text)
    return fine > 0.97 * len(text)


def _telling_lines(data: bytes) -> bytes:
    """The lines that hold bytes beyond ASCII, whole, about SAMPLE of them."""
    lines, size = [], 0
    for line in re.finditer(rb"[^\n]*[\x80-\xff][^\n]*\n?", data):
        lines.append(line.group()[:SAMPLE])
        size += len(line.group())
        if size > SAMPLE:
            break
    return b"".join(lines)


def _strict(data: bytes, codec: str, whole: bool) -> str | None:
    """The text, or None. A file that was cut may end inside a character, which an incremental decoder leaves out."""
    try:
        return codecs.getincrementaldecoder(codec)("strict").decode(data, final=whole)
    except UnicodeError:
        return None


def _mended(data: bytes) -> Decoded:
    text = data.decode("utf-8-sig", "replace")
    return Decoded(text, "utf-8", sure=True, replaced=text.count("\ufffd"))
