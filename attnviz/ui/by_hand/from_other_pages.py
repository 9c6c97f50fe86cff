"""How another page opens By hand at one attention of one model.

The sentence and what the decoder read go through the session, never through the address: they may be private.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from attnviz.ui.by_hand.link import WHAT
from attnviz.ui.frame.link import here
from attnviz.ui.sentence import looked_at

ASKED = "by-hand-opening"  # session state: an Opening that the page has not taken up yet
PAGE = "pages/by_hand.py"


@dataclass(frozen=True, kw_only=True)
class Opening:
    """One attention to be walked through; numbers count from 0."""

    model: str  # the model's name, as in the picker and in the address
    text: str  # the sentence, as typed
    site: str  # such as decoder.1.cross_attn
    head: int = 0
    row: int | None = None  # the query whose numbers are lit at first
    # What the decoder has read, BOS first, exactly as the model got it; None: the reference or the model's output.
    decoder_input: tuple[int, ...] | None = None
    labels: tuple[str, ...] = ()  # of decoder_input, as people typed it; () = as in the vocabulary


def ask(opening: Opening) -> None:
    """Let By hand open there when it is shown next in this session."""
    st.session_state[ASKED] = opening


def taken() -> Opening | None:
    """What was asked for since the page was last drawn; it is handed out once.

    Who comes by the side bar begins with the head that they looked at last; who comes by a link, with what that says.
    """
    asked: Any = st.session_state.pop(ASKED, None)
    looked = looked_at.handed_on()
    if looked is not None and not isinstance(asked, Opening) and not here().get(WHAT.name):
        return Opening(model=looked.model, text=looked.text, site=looked.site, head=looked.head)
    return asked if isinstance(asked, Opening) else None


def open_link(label: str, opening: Opening, *, key: str, help: str | None = None) -> None:
    """A button that goes to By hand with the same model, sentence, decoder input, site, head and row."""
    if st.button(label, key=key, help=help, icon=":material/calculate:"):
        ask(opening)
        st.switch_page(PAGE)
