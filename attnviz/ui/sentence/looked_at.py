"""The attention that people last looked at, so that a page they go to by the side bar begins with it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

KEPT, SEEN = "looked-at", "looked-at-seen"  # session state: the last one, and the one that was handed out last


@dataclass(frozen=True)
class LookedAt:
    """One head of a model on a sentence; the head counts from 0."""

    model: str  # as in the picker and in the address
    text: str
    site: str
    head: int


def remember(looked: LookedAt) -> None:
    """This is looked at now."""
    st.session_state[KEPT] = looked


def handed_on() -> LookedAt | None:
    """What was looked at since this was last asked; it is handed out once."""
    looked = st.session_state.get(KEPT)
    if not isinstance(looked, LookedAt) or looked == st.session_state.get(SEEN):
        return None
    st.session_state[SEEN] = looked
    return looked
