"""One claim about what is on screen, made of the numbers on screen, and one button that tries it."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from attnviz.ui.frame.notices import plain


@dataclass(frozen=True)
class Trial:
    """The button of a claim: what it says, and what happens when it is pressed, before anything is drawn again."""

    label: str
    act: Callable[[], None]
    help: str | None = None
    undoes: bool = False  # it takes back what another trial did


def claim_row(sentence: str, trial: Trial | None = None) -> None:
    """A line with a claim; its words may hold anything, they are never read as Markdown or HTML."""
    with st.container(key="av-claim", horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        st.html(f'<p class="av-claim" role="status" dir="auto">{html.escape(sentence)}</p>')
        if trial is not None:
            st.button(
                plain(trial.label),
                key="claim-trial",
                on_click=trial.act,
                help=trial.help,
                type="secondary" if trial.undoes else "primary",
            )
