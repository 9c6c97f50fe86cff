"""Which pages there are.

To add a page
-------------
1. one line in PAGES below (`name` is the file in `pages/`, the path in the URL and the name of its text table);
2. `attnviz/ui/text/<name>.py` with a `TEXTS` table that has at least `title`, `question` and `hint`;
3. `pages/<name>.py`, at most 20 lines, importing only `attnviz.ui`:

       from attnviz.ui.frame.page import Frame, run

       def body(frame: Frame) -> None:
           from attnviz.ui.sentence import model_picker  # heavy imports only in here, after the first paint
           loaded = model_picker.pick_model(frame)        # more controls: `with frame.controls:`
           if loaded is not None:
               decoding.explore(frame, loaded)            # drawn below the question

       run("decoding", body)

`run` draws the frame, guards against routing that bypasses app.py, and keeps every traceback off the page. Use
`boundary.live` instead of `st.fragment` (it keeps the boundary), `controls.choose` for translated choices, `notices`
for sentences, `sentence.row.sentence_row` for the sentence, and `address_bar.mirror` to put state into the address.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from attnviz.language import Language
from attnviz.ui.frame import language
from attnviz.ui.text import words

Section = Literal["look", "train", "prove"]
SECTIONS: tuple[Section, ...] = ("look", "train", "prove")


@dataclass(frozen=True)
class Entry:
    """One page: `pages/<name>.py`, `/<name>`, `attnviz/ui/text/<name>.py`."""

    name: str
    section: Section
    icon: str  # a Material symbol; they come with Streamlit


PAGES: tuple[Entry, ...] = (
    Entry("attention", "look", ":material/visibility:"),  # the first one opens at "/"
    Entry("masks", "look", ":material/grid_on:"),
    Entry("by_hand", "look", ":material/calculate:"),
    Entry("decoding", "look", ":material/keyboard_tab:"),
    Entry("pictures", "look", ":material/image:"),
    Entry("graphs", "look", ":material/hub:"),
    Entry("pretraining", "train", ":material/model_training:"),
    Entry("finetuning", "train", ":material/tune:"),
    Entry("compress", "train", ":material/compress:"),
    Entry("neuron", "train", ":material/neurology:"),
    Entry("experiments", "prove", ":material/science:"),
    Entry("lessons", "prove", ":material/school:"),
)

under_app: ContextVar[bool] = ContextVar("under_app", default=False)


@dataclass(frozen=True)
class Site:
    """The pages as Streamlit knows them, and the one being shown."""

    current: st.Page
    links: dict[str, st.Page]  # page name → what a link to it leads to

    @property
    def path(self) -> str:
        """The file of the page being shown."""
        return next(f"pages/{name}.py" for name, page in self.links.items() if page == self.current)


def title(name: str, spoken: Language) -> str:
    """What the menu and the browser's tab call a page: in Chinese with the English term beside it."""
    own = words(name, spoken)("title")
    return own if spoken == "en" else f"{own} {words(name, 'en')('title')}"


def build() -> Site:
    """Tell Streamlit the pages and find the current one."""
    spoken = language.current()
    first, *others = PAGES
    links = {
        entry.name: st.Page(f"pages/{entry.name}.py", title=title(entry.name, spoken), url_path=entry.name)
        for entry in others
    }
    home = st.Page(f"pages/{first.name}.py", title=title(first.name, spoken), url_path="home", default=True)
    # The page at "/" also answers to its own name, so that a lesson's link may say it.
    named = st.Page(f"pages/{first.name}.py", title=title(first.name, spoken), url_path=first.name, visibility="hidden")
    current = st.navigation([home, named, *links.values()], position="hidden")
    links[first.name] = named if current == named else home
    return Site(current, links)
