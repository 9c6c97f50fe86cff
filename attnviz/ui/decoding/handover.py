"""The step on screen, opened in By hand with the same numbers."""

from __future__ import annotations

import streamlit as st

from attnviz.data import BOS
from attnviz.ui.by_hand.opening import PAGE, Opening, ask
from attnviz.ui.decoding.progress import Progress
from attnviz.ui.decoding.running import Run
from attnviz.ui.decoding.subject import Subject
from attnviz.ui.model_picker import CHOSEN


def opening(subject: Subject, run: Run, kept: Progress, text: str) -> Opening:
    """The attention on screen, with exactly what the decoder had read when it predicted the newest token."""
    site = kept.site or opening_site(subject)
    read = run.steps[max(0, (kept.step or 1) - 1)].tokens[:-1]
    row = len(read) if kept.row is None else min(kept.row, len(read))
    fed = subject.fed(read)
    return Opening(
        model=st.session_state[CHOSEN],
        text=text,
        site=site,
        head=kept.head or 0,
        row=None if site.startswith("encoder") else row,
        decoder_input=(BOS, *read),
        labels=fed.decoder_labels[0],
    )


def opening_site(subject: Subject) -> str:
    """The map that is open at first: the last cross-attention, else the last self-attention."""
    sites = subject.model.sites_of("cross") or subject.model.sites_of("decoder_self")
    return sites[-1]


def leave(subject: Subject, run: Run, kept: Progress, text: str) -> None:
    """Go to By hand, once, if that was asked for."""
    if kept.leaving:
        kept.leaving = False
        ask(opening(subject, run, kept, text))
        st.switch_page(PAGE)
