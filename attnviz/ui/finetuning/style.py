"""The style sheet of this page, beside the one of all pages with runs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st

from attnviz.ui.runs import style


@cache
def _sheet() -> str:
    return Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


def apply() -> None:
    """Put both on the page."""
    style.apply()
    st.html(f"<style>{_sheet()}</style>")
