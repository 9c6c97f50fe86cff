"""Every sentence about something wrong or something changed, by code, in both languages: each stands once, here."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Any

from attnviz.errors.sentences import (
    checkpoints,
    experiments,
    finetuning,
    foreign,
    inputs,
    masks,
    reasons,
    runs,
    settings,
    systems,
)
from attnviz.language import Language, Text, table

SENTENCES: Mapping[str, Text] = table(
    **inputs.TEXTS,
    **masks.TEXTS,
    **checkpoints.TEXTS,
    **finetuning.TEXTS,
    **runs.TEXTS,
    **experiments.TEXTS,
    **foreign.TEXTS,
    **settings.TEXTS,
    **systems.TEXTS,
    **reasons.TEXTS,
)
WORDS: Mapping[str, Text] = table(**masks.WORDS, **finetuning.WORDS, **foreign.WORDS, **reasons.WORDS)


def said(code: str, details: Mapping[str, Any], language: Language, *, depth: int = 3) -> str:
    """The sentence of a code with its details; an unknown code is said as it is, a missing detail as "?".

    A detail that has a word of its own (`backbone="whole"`) is said by it. A detail that is itself a coded sentence
    (a mapping with "code" and "details") is said in the same language, `depth` deep at most.
    """
    if not isinstance(code, str) or code not in SENTENCES:
        return f"{code}: {details}"
    details = details if isinstance(details, Mapping) else {}  # both may come from a file
    words = {name: _word(name, value, language, depth) for name, value in details.items()}
    return _Lenient().vformat(SENTENCES[code][language], (), words)


def _word(name: str, value: Any, language: Language, depth: int) -> Any:
    if depth and isinstance(value, Mapping) and isinstance(value.get("code"), str):
        return said(value["code"], value.get("details", {}), language, depth=depth - 1).rstrip(".。")
    known = WORDS.get(f"{name}_{value}".replace("-", "_")) if isinstance(value, str) else None
    return value if known is None else known[language]


class _Lenient(Formatter):
    """Details may come from a file that somebody wrote: what is missing or of another kind breaks no sentence."""

    def get_field(self, field_name: str, args: Any, kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        return kwargs.get(field_name, "?"), field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        try:
            return str(super().format_field(value, format_spec))
        except (TypeError, ValueError):
            return str(value)
