"""One way to say a thing in two languages: a `Text` holds both, a table holds Texts by key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True)
class Text:
    """One thing said in both languages, side by side, so that none can be forgotten; `text["zh"]` is one of them."""

    zh: str
    en: str

    def __getitem__(self, language: Language) -> str:
        if language not in LANGUAGES:
            raise ValueError(f"language is {language!r}; allowed: {', '.join(LANGUAGES)}")
        return self.zh if language == "zh" else self.en

    def filled(self, **values: Text | object) -> Text:
        """Both languages with their blanks filled; a value that is a Text fills each with its own."""
        return Text(*(self[language].format(**in_language(values, language)) for language in LANGUAGES))


def in_language(values: Mapping[str, object], language: Language) -> dict[str, object]:
    """The values with every Text among them in one language."""
    return {name: value[language] if isinstance(value, Text) else value for name, value in values.items()}


def counted(text: str) -> str:
    """English as it is written of one thing and of none: "1 encoder layers" → "1 encoder layer", "0 …" → "no …"."""
    text = re.sub(r"\b0 ((?:encoder |decoder )(?:layer|head)s)\b", r"no \1", text)
    return re.sub(r"\b(1 (?:encoder |decoder )?(?:layer|head|core))s\b", r"\1", text)


def same(text: str) -> Text:
    """What is written alike in both languages: names of licences."""
    return Text(text, text)


def table(**texts: Text) -> Mapping[str, Text]:
    """A frozen table."""
    return MappingProxyType(texts)


def spoken(texts: Mapping[str, Text], language: Language) -> dict[str, str]:
    """A table in one language."""
    return {key: text[language] for key, text in texts.items()}
