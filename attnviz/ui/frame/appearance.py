"""Light or dark, and what the colours on screen are called."""

from __future__ import annotations

import streamlit as st

from attnviz.figures.theme import palette
from attnviz.language import Language


def dark() -> bool:
    """Whether the page is shown dark."""
    return bool(st.context.theme.type == "dark")


def colour_names(language: Language, *roles: str) -> dict[str, str]:
    """What the colours of some roles are called, for the blanks of a text: 'right' → 绿色, green."""
    shown = palette(dark())
    return {role: shown.named(role)[language] for role in roles}
