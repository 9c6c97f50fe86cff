"""One way to say a thing in two languages: a `Text` holds both, a table holds Texts by key."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Text(NamedTuple):
    """One thing said in both languages; side by side, so that none can be forgotten."""

    zh: str
    en: str

    def say(self, language: Language) -> str:
        """What it says in a language."""
        return self.zh if language == "zh" else self.en


def same(text: str) -> Text:
    """What is written alike in both languages: names of licences, formulas."""
    return Text(text, text)


def table(**texts: Text) -> Mapping[str, Text]:
    """A frozen table."""
    return MappingProxyType(texts)
