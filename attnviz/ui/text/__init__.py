"""Everything the app says, in Chinese and English, one table a page.

A table maps a key to a `Text` with both languages side by side, so that none can be forgotten. `words("attention",
"zh")("question")` looks into the page's own table, then into `common`; `{name}` in a text is filled from keywords.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from attnviz.language import Language, Text


@cache
def texts(name: str) -> Mapping[str, Text]:
    """The table of `attnviz/ui/text/<name>.py`."""
    found: Mapping[str, Text] = importlib.import_module(f"attnviz.ui.text.{name}").TEXTS
    return found


@dataclass(frozen=True)
class Words:
    """The texts of one page in one language."""

    page: str
    language: Language

    def __call__(self, key: str, **values: Any) -> str:
        """The text of a key, filled in; an unknown key raises KeyError."""
        own = texts(self.page)
        found = (own[key] if key in own else texts("common")[key])[self.language]
        return found.format(**values) if values else found

    def table(self, *keys: str) -> dict[str, str]:
        """Several texts at once, unfilled: what a front end is given."""
        return dict(_table(self, keys))


@lru_cache(maxsize=64)  # hundreds of texts, with every painted cell
def _table(say: Words, keys: tuple[str, ...]) -> dict[str, str]:
    return {key: say(key) for key in keys}


@cache
def words(page: str, language: Language) -> Words:
    """The texts of a page (falling back to the common ones) in a language."""
    return Words(page, language)
