"""The frame's CSS, with the palette of `figures.theme` as properties that follow light and dark."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import streamlit as st

from attnviz.figures.theme import DARK, LIGHT
from attnviz.language import Language
from attnviz.ui.text import words


@cache
def sheet() -> str:
    """The whole style sheet; `light-dark()` reads the colour scheme that Streamlit sets on the app."""
    light, dark = LIGHT.css_variables(), DARK.css_variables()
    colours = "".join(f"{name}:light-dark({value},{dark[name]});" for name, value in light.items())
    return f".stApp{{{colours}}}\n" + Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


def apply(language: Language) -> None:
    """Put the style sheet on the page, with the words that Streamlit itself would say in English only."""
    said = json.dumps(words("common", language)("upload"), ensure_ascii=False)
    st.html(f"<style>{sheet()}.stApp{{--av-upload:{said}}}</style>")
