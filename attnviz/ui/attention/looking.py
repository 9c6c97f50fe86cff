"""How a model of pieces is looked at: which tokens are hidden from it, and what is made of its rows."""

from __future__ import annotations

import html
from collections.abc import Hashable
from functools import partial

import streamlit as st

from attnviz.foreign.texts import ForeignTexts
from attnviz.ui.frame.controls import shown
from attnviz.ui.frame.notices import plain, shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.sentence.models import Loaded
from attnviz.ui.sentence.opened import Opened
from attnviz.ui.sentence.reading import Sentence

LOOKS = "attention-looks"  # session state: how heads are looked at
LOOKED = ("words", "without_first")
BETWEEN = "between"  # offered where a text has two segments
HIDDEN = "attention-hidden"  # session state: places of hidden tokens, by question


def looks(frame: Frame, loaded: Loaded | Opened, sentence: Sentence) -> frozenset[str]:
    """How a model of pieces is looked at: word by word, without what the first token takes."""
    if not isinstance(loaded.task, ForeignTexts):
        return frozenset()
    kept: frozenset[str] = st.session_state.setdefault(LOOKS, frozenset())
    offered = (*LOOKED, BETWEEN) if segments_of(loaded, sentence) is not None else LOOKED
    field = shown("attention-look", kept, partial(st.session_state.__setitem__, LOOKS))
    st.pills(
        frame.t("looks"),
        offered,
        format_func=lambda name: frame.t(f"look_{name}"),
        selection_mode="multi",
        default=[look for look in offered if look in field.value],
        key=field.key,
        on_change=field.answered,
        label_visibility="collapsed",
        help=frame.t("looks_help"),
    )
    return frozenset(st.session_state[LOOKS])


def segments_of(loaded: Loaded | Opened, sentence: Sentence) -> tuple[int, ...] | None:
    """Which segment each token of the source belongs to; None where there is one."""
    if not isinstance(loaded, Opened):
        return None
    found = loaded.model.segments(sentence.source.src)
    return None if found is None else tuple(found[0].tolist())


def hide(frame: Frame, loaded: Loaded | Opened, question: Hashable, sentence: Sentence) -> tuple[int, ...]:
    """The tokens that are hidden from a model that says what stands there: a click on a token hides it."""
    task, batch = loaded.task, sentence.source
    if not isinstance(task, ForeignTexts) or not task.hides:
        return ()
    kept: dict[Hashable, frozenset[int]] = st.session_state.setdefault(HIDDEN, {})
    labels = [shown_token(label) for label in batch.src_labels[0]]
    places = [place for place in range(len(labels)) if task.may_hide(batch, place)]
    number = list(kept).index(question) if question in kept else len(kept)
    field = shown(f"hidden:{number}", kept.setdefault(question, frozenset()), partial(kept.__setitem__, question))
    st.html(f'<span class="av-hint" title="{html.escape(frame.t("hide_help"))}">{html.escape(frame.t("hide"))}</span>')
    st.pills(
        frame.t("hide"),
        places,
        format_func=lambda place: plain(labels[place]),
        selection_mode="multi",
        default=[place for place in places if place in field.value],
        key=field.key,
        on_change=field.answered,
        label_visibility="collapsed",
    )
    return tuple(sorted(kept[question]))


def shown_token(token: str) -> str:
    """A token as a sentence can hold it: blanks are visible."""
    return shortened(token.replace(" ", "␣").replace("\n", "⏎").replace("\t", "⇥"), 20)
