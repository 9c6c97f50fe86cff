"""The step on screen, opened in By hand with the same numbers."""

from __future__ import annotations

import streamlit as st

from attnviz.ui.by_hand.from_other_pages import PAGE, Opening, ask
from attnviz.ui.decoding.progress import Progress
from attnviz.ui.decoding.running import DecodedText, Search
from attnviz.ui.decoding.subject import Subject
from attnviz.ui.sentence.model_picker import CHOSEN


def opening(subject: Subject, tokens: tuple[int, ...], kept: Progress, text: str, *, first: int = 0) -> Opening:
    """The attention on screen, with exactly what the decoder had read when it predicted the last of `tokens`.

    `first` is the position that the first row on screen belongs to.
    """
    site = kept.site or opening_site(subject)
    read = tokens[:-1]
    row = len(read) if kept.row is None else min(first + kept.row, len(read))
    return Opening(
        model=st.session_state[CHOSEN],
        text=text,
        site=site,
        head=kept.head or 0,
        row=None if site.startswith("encoder") else row,
        decoder_input=(subject.rules.first, *read),
        labels=subject.fed(read).decoder_labels[0],
    )


def opening_site(subject: Subject) -> str:
    """The map that is open at first: the last cross-attention, else the last self-attention."""
    sites = subject.model.sites_of("cross") or subject.model.sites_of("decoder_self")
    return sites[-1]


def leave(subject: Subject, run: DecodedText, kept: Progress, text: str) -> None:
    """Go to By hand with the text on screen, once, if that was asked for."""
    if kept.leaving:
        _go(kept, opening(subject, run.steps[max(0, (kept.step or 1) - 1)].tokens, kept, text))


def leave_branch(subject: Subject, found: Search, kept: Progress, text: str) -> None:
    """The same with the branch of the beam tree that is followed."""
    if kept.leaving:
        tree = found.trees[-1]
        node = kept.node if kept.node and kept.node < len(tree.nodes) else tree.best
        _go(kept, opening(subject, tree.tokens(node), kept, text, first=len(subject.prefix)))


def _go(kept: Progress, there: Opening) -> None:
    kept.leaving = False
    ask(there)
    st.switch_page(PAGE)
