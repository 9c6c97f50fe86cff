"""Every experiment as a card that opens it."""

from __future__ import annotations

from html import escape

import streamlit as st

from attnviz.ui.experiments.catalogue import Entry
from attnviz.ui.experiments.predictions import CHOSEN
from attnviz.ui.experiments.words import lasting
from attnviz.ui.frame.notices import plain
from attnviz.ui.frame.page import Frame
from attnviz.ui.frame.predicted import kept


def show(frame: Frame, entries: tuple[Entry, ...]) -> None:
    """Draw the cards."""
    with st.container(key="av-exp-list"):
        for entry in entries:
            _card(frame, entry)


def _card(frame: Frame, entry: Entry) -> None:
    one, t = entry.experiment, frame.t
    predicted = kept().get(one.name) is not None
    done = f'<b class="av-exp-done">{escape(t("predicted"))}</b>' if predicted else ""
    with st.container(key=f"av-exp-card-{one.name}"):
        st.html(
            f'<div class="av-exp-name"><b>{escape(one.name)}</b>{done}</div>'
            f"<h2>{escape(one.title[frame.language])}</h2>"
            f'<p class="av-exp-said">{escape(t("quoted", claim=one.claim[frame.language]))}</p>'
            f'<p class="av-exp-how">{escape(_how(frame, entry))}</p>'
        )
        st.button(
            plain(t("open_experiment", name=one.name)),
            key=f"experiment-open-{one.name}",
            on_click=_open,
            args=(one.name,),
        )


def _open(name: str) -> None:
    st.session_state[CHOSEN] = name


def _how(frame: Frame, entry: Entry) -> str:
    """How its numbers come about."""
    t = frame.t
    if not entry.trains:
        return t("how_now")
    lasts = lasting(t, entry.experiment.seconds)
    if entry.recorded is None:
        return t("how_train", lasts=lasts)
    return t("how_recorded", seeds=len(entry.recorded.seeds), lasts=lasts)
