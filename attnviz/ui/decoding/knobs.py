"""The row of knobs: the strategy, what it has to be told, and the prefix. What is set stays set across pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import streamlit as st

from attnviz.ui.decoding.settings import RANGES, STRATEGIES, USED_BY, Settings
from attnviz.ui.frame.controls import choose, shown
from attnviz.ui.frame.page import Frame

KEPT = "decoding-settings"  # session state: Settings
PREFIXES = "decoding-prefixes"  # session state: task → typed prefix
STRATEGY = "decoding-strategy"
CHAT = "decoding-chat"  # session state: whether texts are messages, for models that have a template
SHEET = Path(__file__).with_suffix(".css")


def style() -> None:
    """The row's own look."""
    st.html(f"<style>{SHEET.read_text(encoding='utf-8')}</style>")


def settle(settings: Settings) -> None:
    """Begin with these, unless the session has settled before."""
    if KEPT not in st.session_state:
        st.session_state[KEPT] = settings
        st.session_state[STRATEGY] = settings.strategy


def knob_row(
    frame: Frame, task: str, *, prefix: bool, defaults: Mapping[str, int], chat: bool = False
) -> tuple[Settings, str]:
    """Draw the row; the settings and the prefix as they now are. `defaults` says what an unset limit is.

    `chat`: the model has a template for messages, which can be left out.
    """
    kept: Settings = st.session_state[KEPT]
    with st.container(key="av-knobs", horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        strategy = choose(
            STRATEGY,
            frame.t("strategy"),
            STRATEGIES,
            lambda code: frame.t(f"strategy_{code}"),
            default=kept.strategy,
            look="segments",
            help=frame.t("strategy_help"),
        )
        kept = replace(kept, strategy=strategy)
        st.session_state[KEPT] = kept
        for name in USED_BY[strategy]:
            _knob(frame, name, getattr(kept, name), defaults.get(name))
        typed = _prefix(frame, task) if prefix else ""
        if chat:
            _chat(frame)
    settings: Settings = st.session_state[KEPT]
    return settings, typed


def _knob(frame: Frame, name: str, value: float | int | None, default: int | None) -> None:
    bounds = RANGES[name]
    kind = int if bounds.whole else float

    def turned(given: float | int | None) -> None:
        if given is not None:
            known: dict[str, float | int] = {name: kind(given)}
            st.session_state[KEPT] = replace(st.session_state[KEPT], **known)

    used = value if value is not None else default
    assert used is not None, f"{name} has no default"
    knob = shown(f"decoding:{name}", kind(min(max(used, bounds.low), bounds.high)), turned)
    st.number_input(
        frame.t(f"knob_{name}"),
        kind(bounds.low),
        kind(bounds.high),
        knob.value,
        step=kind(bounds.step),
        format="%d" if bounds.whole else "%.2f",
        key=knob.key,
        on_change=knob.answered,
        help=frame.t(f"knob_{name}_help"),
        width=122,
    )


def _chat(frame: Frame) -> None:
    heard = partial(st.session_state.__setitem__, CHAT)
    switch = shown("decoding-chat-switch", st.session_state.get(CHAT, True), heard)
    st.toggle(frame.t("chat"), switch.value, key=switch.key, on_change=switch.answered, help=frame.t("chat_help"))


def _prefix(frame: Frame, task: str) -> str:
    typed: dict[str, str] = st.session_state.setdefault(PREFIXES, {})
    field = shown(f"decoding-prefix:{task}", typed.get(task, ""), partial(typed.__setitem__, task))
    st.text_input(
        frame.t("prefix"),
        field.value,
        key=field.key,
        on_change=field.answered,
        placeholder=frame.t("prefix_none"),
        help=frame.t("prefix_help"),
    )
    return typed.get(task, "")
