"""One frame for every page: a control strip, the page's one question, then the picture.

`run(name, body)` is all that a file in `pages/` does; see `attnviz.ui.frame.navigation` for how to add one.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attnviz.language import Language
from attnviz.ui.frame import app, language, memory, stepper
from attnviz.ui.frame.address_bar import mirror, share_button
from attnviz.ui.frame.boundary import boundary
from attnviz.ui.frame.link import written
from attnviz.ui.frame.navigation import under_app
from attnviz.ui.frame.presenting import present_button
from attnviz.ui.text import Words, words


@dataclass(frozen=True)
class Frame:
    """Where a page draws and how it speaks. Outside `controls` and `chips` a page draws straight below the question."""

    name: str
    language: Language
    t: Words  # t("key", value=…): this page's texts, then the common ones
    controls: DeltaGenerator  # left side of the strip: `with frame.controls:`
    chips: DeltaGenerator  # right side of the strip
    notices: DeltaGenerator  # between question and picture


def run(name: str, body: Callable[[Frame], None]) -> None:
    """Draw the page `name`: frame and skeleton at once, then `body`."""
    if not under_app.get():
        # Streamlit's old routing runs files in pages/ by themselves when a link is a fresh server's very first request.
        app.main()
        return
    lang = language.current()
    t = words(name, lang)
    strip = st.container(key="av-strip", horizontal=True, vertical_alignment="center", gap="small", wrap=False)
    controls, chips = (
        strip.container(key=key, horizontal=True, vertical_alignment="center", gap="small", wrap=False)
        for key in ("av-controls", "av-chips")
    )
    hint = f"<small>{html.escape(t('hint'))}</small>"
    st.html(f'<h1 class="av-question">{html.escape(t("question"))}{hint}</h1>')
    notices = st.container(gap="small")
    lesson = st.container()
    picture = st.container()
    waiting = st.empty()
    if "torch" not in sys.modules:
        waiting.html(
            f'<div class="av-loading">{html.escape(t("loading"))}</div><div class="av-skeleton"><i></i><i></i></div>'
        )
    with strip:
        present_button(t, key="present")
        share_button(t, key="share")
    mirror("address-language", **written({language.LANGUAGE: lang}))
    with lesson, boundary():
        stepper.draw(name, lang)
    with picture, boundary():
        body(Frame(name, lang, t, controls, chips, notices))
    waiting.empty()
    memory.settle()
