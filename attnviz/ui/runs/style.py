"""The style sheet of every page with runs, and the card that its parts stand in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import streamlit as st


@cache
def _sheet() -> str:
    return Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


def apply() -> None:
    """Put the style sheet on the page."""
    st.html(f"<style>{_sheet()}</style>")


@contextmanager
def card(name: str) -> Iterator[None]:
    """A box with a border; `name` is its own on the page."""
    with st.container(key=f"rn-card-{name}", border=True, gap="small"):
        yield
