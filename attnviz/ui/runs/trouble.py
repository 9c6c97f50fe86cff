"""Sentences about what went wrong, which outlive the rerun in which they came up."""

from __future__ import annotations

import streamlit as st


def trouble(sentence: str) -> None:
    """Keep a sentence about what went wrong until it was shown."""
    st.session_state.setdefault("runs-trouble", []).append(sentence)


def troubles() -> list[str]:
    """The sentences kept, once."""
    found: list[str] = st.session_state.pop("runs-trouble", [])
    return found
