"""Dates in many styles → ISO 8601."""

from __future__ import annotations

import datetime
import random
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, ClassVar

from attnviz.data.batch import Pair
from attnviz.data.split import split_by_key
from attnviz.data.task import ReferenceKind, Task
from attnviz.data.tasks.catalogue import INFOS
from attnviz.data.tasks.numerals import DIGITS, chinese_numeral
from attnviz.data.text import characters, clean
from attnviz.data.vocabulary import SPECIALS, Vocabulary

FIRST, LAST = datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)
HAN = "二〇二四年三月五日"  # names the style of Chinese digits, which CLDR has no pattern for

# Locale and CLDR pattern. Only styles that say one thing: no two-digit years, and figures alone only with
# the year first (03/04/2024 is March in one country and April in another).
STYLES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("en_US", "MMM d, y"),
        ("en_US", "MMMM d, y"),
        ("en_US", "E, MMM d, y"),
        ("en_US", "EEEE, MMMM d, y"),
        ("en_GB", "d MMM y"),
        ("en_GB", "d MMMM y"),
        ("en_GB", "E, d MMM y"),
        ("en_GB", "EEEE, d MMMM y"),
        ("en_AU", "d MMM y"),
        ("en_IE", "EEEE d MMMM y"),
        ("en_ZA", "dd MMM y"),
        ("en_ZA", "y/MM/dd"),
        ("en_PK", "dd-MMM-y"),
        ("en_CA", "y-MM-dd"),
    ),
    "zh": (
        ("zh_CN", "y/M/d"),
        ("zh_CN", "y年M月d日"),
        ("zh_CN", "y年M月d日E"),
        ("zh_CN", "y年M月d日EEEE"),
        ("zh_TW", "y年M月d日 EEEE"),
        ("zh_TW", "y/M/d(E)"),
        ("zh_CN", "y-MM-dd"),
        ("zh_CN", HAN),
    ),
}


class Dates(Task):
    """English and Chinese dates of 1900–2099; all styles of one day are in the same split.

    Capital letters are read as small ones.
    """

    info = INFOS["dates"]
    defaults: ClassVar[Mapping[str, Any]] = {"seed": 0, "size": 24_000, "language": "both"}
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {
        "size": range(100, 200_001),
        "language": ("both", "zh", "en"),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        shown = {
            "en": ("March 5, 2024", "5 Mar 2024", "Tuesday, 1 October 1968", "29-Feb-2000", "1999/12/31"),
            "zh": ("2024年3月5日", "二〇二四年三月五日", "2008年8月8日星期五", "1949/10/1", "一九九九年十二月三十一日"),
        }
        self.examples = tuple(text for language in self.languages for text in shown[language])

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages in use."""
        return ("en", "zh") if self.options["language"] == "both" else (self.options["language"],)

    @property
    def styles(self) -> list[tuple[str, str]]:
        """The (locale, pattern) pairs in use."""
        return [style for language in self.languages for style in STYLES[language]]

    def load(self) -> Mapping[str, Sequence[Pair]]:
        generator = random.Random(f"dates {self.options['seed']}")
        drawn: dict[str, tuple[str, Pair]] = {}
        days = (LAST - FIRST).days
        while len(drawn) < self.options["size"]:
            day = FIRST + datetime.timedelta(days=generator.randint(0, days))
            locale, pattern = generator.choice(self.styles)
            source = self.tokenize(written(day, locale, pattern))
            drawn["".join(source)] = (day.isoformat(), Pair(tuple(source), tuple(day.isoformat())))
        return split_by_key(drawn.values(), self.options["seed"], validation=0.05, test=0.05)

    def tokenize(self, text: str) -> list[str]:
        """Characters in lower case and normal width; a run of white space is one space."""
        return characters(" ".join(unicodedata.normalize("NFKC", clean(text)).lower().split()))

    def answer(self, source: Sequence[str]) -> tuple[str, ReferenceKind] | None:
        day = parsed("".join(source), self.languages)
        return (day.isoformat(), "exact") if day else None

    @cached_property
    def tgt_vocab(self) -> Vocabulary:
        return Vocabulary((*SPECIALS, *"0123456789-"))

    @cached_property
    def max_src_len(self) -> int:
        """The longest text in any of the styles: few examples may lack it, and it is to be read whole all the same."""
        # Every month and every weekday, on days of two digits or three Chinese characters.
        days = [datetime.date(1999, month, day) for month in range(1, 13) for day in range(21, 28)]
        return 1 + max(len(self.tokenize(written(day, *style))) for style in self.styles for day in days)

    @cached_property
    def max_tgt_len(self) -> int:
        return 11


def written(day: datetime.date, locale: str, pattern: str) -> str:
    """A day in one of the STYLES."""
    if pattern == HAN:
        year = "".join("〇" if digit == "0" else DIGITS[int(digit)] for digit in f"{day.year:04}")
        return f"{year}年{chinese_numeral(day.month)}月{chinese_numeral(day.day)}日"
    from babel.dates import format_date

    return format_date(day, pattern, locale=locale)


def parsed(text: str, languages: Sequence[str] = ("en", "zh")) -> datetime.date | None:
    """The day that a text in one of the STYLES means; None if it is in none or there is no such day.

    A weekday may be there but is not compared with the date.
    """
    text = " ".join(text.lower().split())
    for style in (style for language in languages for style in STYLES[language]):
        reader, months = _reader(*style)
        match = reader.fullmatch(text)
        if match:
            year = "".join(str(_han_digit(c)) for c in match["y"])
            month = months.get(match["m"]) or int(match["m"])
            day = _HAN_NUMBERS.get(match["d"]) or int(match["d"])
            try:
                return datetime.date(int(year), month, day)
            except ValueError:
                return None
    return None


_HAN_NUMBERS = {chinese_numeral(number): number for number in range(1, 32)}


def _han_digit(char: str) -> int:
    return int(char) if char.isascii() else 0 if char == "〇" else DIGITS.index(char)


@lru_cache(maxsize=64)
def _reader(locale: str, pattern: str) -> tuple[re.Pattern[str], Mapping[str, int]]:
    """A regular expression with groups y, m, d and the numbers of the month names."""
    if pattern == HAN:
        numbers = "|".join(sorted(_HAN_NUMBERS, key=len, reverse=True))
        reader = rf"(?P<y>[〇{DIGITS}]{{4}})年(?P<m>{numbers})月(?P<d>{numbers})日"
        return re.compile(reader), {name: n for name, n in _HAN_NUMBERS.items() if n <= 12}
    from babel.dates import get_day_names, get_month_names

    months: dict[str, int] = {}
    out = ""
    for piece in re.findall(r"y+|M+|d+|E+|[^yMdE]", pattern):
        if piece[0] == "M" and len(piece) > 2:
            named = get_month_names("abbreviated" if len(piece) == 3 else "wide", locale=locale)
            months = {str(name).lower(): n for n, name in named.items()}
            out += f"(?P<m>{'|'.join(months)})"
        elif piece[0] == "E":
            days = get_day_names("wide" if len(piece) == 4 else "abbreviated", locale=locale)
            out += f"(?:{'|'.join(str(name).lower() for name in days.values())})"
        elif piece[0] in "yMd":
            out += f"(?P<{piece[0].lower()}>\\d{{{4 if piece == 'y' else '1,2'}}})"
        else:
            out += re.escape(piece)
    return re.compile(out, re.ASCII), months
