"""Which language the page speaks: the session's choice, else the address, else what the server was started with
(`ATTNVIZ_LANG`, `attnviz app --lang`), else the browser's, else English."""

from __future__ import annotations

import os

import streamlit as st

from attnviz import environment
from attnviz.language import LANGUAGES, Language
from attnviz.ui.frame.link import OneOf, said

CHOSEN = "language"  # session state: the language in use, kept across pages
SWITCH = "language-switch"  # the widget's own key
LANGUAGE = OneOf("lang", LANGUAGES, complaint="url_language")


def accepted(header: str) -> Language:
    """The first of our languages in an Accept-Language header, by its q values; English if there is none.

    >>> accepted("fr, zh-TW;q=0.8, en;q=0.7")
    'zh'
    """
    ranked: list[tuple[float, int, str]] = []
    for position, part in enumerate(header[:1000].split(",")):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            quality = 0.0
        ranked.append((-quality, position, tag.strip().lower().split("-")[0]))
    for quality, _, tag in sorted(ranked):
        for language in LANGUAGES:
            if tag == language and quality < 0:
                return language
    return "en"


def current() -> Language:
    """The language in use; settled at the first call of a session."""
    if CHOSEN not in st.session_state:
        known: dict[str, Language] = {language: language for language in LANGUAGES}
        st.session_state[CHOSEN] = (
            known.get(said(LANGUAGE) or "")
            or known.get(os.environ.get(environment.LANGUAGE, ""))
            or accepted(st.context.headers.get("Accept-Language", ""))
        )
    language: Language = st.session_state[CHOSEN]
    return language


def switch() -> None:
    """The 中文 / English switch. It changes at once and touches nothing else."""
    names = {"zh": "中文", "en": "English"}
    st.segmented_control(
        "中文 / English",
        LANGUAGES,
        default=current(),
        format_func=names.__getitem__,
        key=SWITCH,
        label_visibility="collapsed",
        required=True,
        width="stretch",
        on_change=_chosen,
    )


def _chosen() -> None:
    if st.session_state.get(SWITCH) in LANGUAGES:
        st.session_state[CHOSEN] = st.session_state[SWITCH]
