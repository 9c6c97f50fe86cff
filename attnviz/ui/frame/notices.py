"""Sentences about what was wrong or was changed. Text of people's is shown as text, whatever it contains."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Literal

import streamlit as st

from attnviz.data.text import code_point

Level = Literal["info", "warning", "error"]
SHOWN = 80  # characters of a quoted input


def plain(text: str) -> str:
    """Text that Streamlit's Markdown shows as it is: for labels of widgets, which cannot be given as HTML."""
    one_line = " ".join(text.split())
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", one_line)


def shortened(text: str, limit: int = SHOWN) -> str:
    """The beginning of a text on one line, without control characters or changes of writing direction."""
    visible = "".join(c if c.isprintable() or c == "‍" else " " for c in text[: 4 * limit])
    one_line = " ".join(visible.split())
    return one_line if len(one_line) <= limit else one_line[: limit - 1] + "…"


def listed(tokens: Sequence[str], most: int = 12) -> str:
    """Tokens in a row, each shortened, at most so many. One that cannot be seen is given by its number, U+2009."""
    return " ".join(shortened(token, 12) or code_point(token[:4]) for token in tokens[:most]) + (
        " …" if len(tokens) > most else ""
    )


def notice(sentence: str, level: Level = "info") -> None:
    """A sentence in a quiet box. It may contain anything: it is never read as Markdown or HTML."""
    notice_lines([sentence], level)


def notice_lines(sentences: Sequence[str], level: Level = "info") -> None:
    """Several sentences, a line each, in one box; nothing where there are none."""
    if sentences:
        role = "alert" if level == "error" else "status"
        lines = "".join(f'<div dir="auto">{html.escape(sentence)}</div>' for sentence in sentences)
        st.html(f'<div class="av-notice av-{level}" role="{role}">{lines}</div>')
