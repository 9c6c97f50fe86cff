"""A lab on random tokens without a page around it, and a fragment that does nothing: what `attnviz bench` times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import streamlit as st

from attnviz.ui.frame.page import Frame
from attnviz.ui.masks.first_lab import default_target
from attnviz.ui.masks.lab import Lab
from attnviz.ui.masks.page import practice
from attnviz.ui.masks.rounds import Kept, Round, SubjectKey
from attnviz.ui.text import words

ECHO = "bench-echo"


@cache
def _echo() -> Callable[..., Any]:
    source = Path(__file__).with_name("bench.js").read_text(encoding="utf-8")
    return st.components.v2.component("attnviz_bench_echo", html="<span></span>", js=source)


@st.fragment
def empty() -> None:
    """A fragment that only answers: it sends back the number that the browser sent."""
    state = st.session_state.get(ECHO)
    ping = state.get("ping", 0) if isinstance(state, Mapping) else 0
    _echo()(key=ECHO, data={"n": ping}, on_ping_change=lambda: None)


def frame() -> Frame:
    """A frame whose parts are plain containers."""
    controls, chips, notices = st.container(), st.container(), st.container()
    return Frame("masks", "en", words("masks", "en"), controls, chips, notices)


def lab_on(tokens: int) -> tuple[Kept, Round]:
    """The practice model on so many tokens, under its own masks; the session keeps what is painted."""
    subject = practice(tokens)
    key = SubjectKey("practice", str(tokens))
    if "bench" not in st.session_state:
        st.session_state["bench"] = Kept(Lab(target=default_target(subject)), subject.reals, key)
    return st.session_state["bench"], Round(key, partial(practice, tokens), "paint", "bench", "en", near=True)
