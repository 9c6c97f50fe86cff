"""Which run a session looks at, and whether it may control it.

Who makes a run, or opens it from the list, controls it. Who comes by its link watches, with sentences and heads of
their own, and may take control by a button. A browser that controlled a run does so again when its page is loaded
anew: it is known by the token that Streamlit has given it, of which a digest is kept here as long as the app runs.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b

import streamlit as st

from attnviz.data import InputError
from attnviz.language import Language
from attnviz.runs.feed import RunView
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.link import said
from attnviz.ui.frame.notices import shortened
from attnviz.ui.runs.library import feed
from attnviz.ui.runs.link import RUN
from attnviz.ui.runs.trouble import trouble
from attnviz.ui.text import words


@dataclass(frozen=True)
class ChosenRun:
    """The run that a session sees on one page."""

    run: str | None = None
    controls: bool = True


def chosen_run(page: str) -> ChosenRun:
    """The session's run; at the first call it is what the address says."""
    key = f"chosen-run:{page}"
    if key not in st.session_state:
        asked = said(RUN)
        st.session_state[key] = ChosenRun(asked, controls=_controlled(page, asked)) if asked else ChosenRun()
    found: ChosenRun = st.session_state[key]
    return found


def choose_run(page: str, run: str | None, *, controls: bool = True) -> None:
    """Go to a run and control it, or only watch it; None: to a new one."""
    if run is not None and controls:
        _remember(page, run)
    st.session_state[f"chosen-run:{page}"] = ChosenRun(run, controls)


def take_over(page: str) -> None:
    """Control the run that was only watched."""
    choose_run(page, chosen_run(page).run)


# ---- browsers that come again ---------------------------------------------------------------------------------------

COOKIE = "_streamlit_xsrf"
REMEMBERED = 2_000  # (browser, page, run)


@st.cache_resource(show_spinner=False)
def _controllers() -> OrderedDict[tuple[str, str, str], None]:
    return OrderedDict()


def browser() -> str | None:
    """A digest of what tells one browser from another; None where nothing does."""
    return digest_of(st.context.cookies.get(COOKIE, ""))


def digest_of(cookie: str) -> str | None:
    """Of the token in Streamlit's cookie, "2|mask|token|time": the mask may change, the token under it stays."""
    try:
        version, mask, token, _ = cookie.split("|")
        key = bytes.fromhex(mask)
        plain = bytes(one ^ key[place % len(key)] for place, one in enumerate(bytes.fromhex(token)))
    except (ValueError, ZeroDivisionError):
        return None
    return blake2b(plain, digest_size=16).hexdigest() if version == "2" and len(plain) >= 8 else None


def _remember(page: str, run: str) -> None:
    if (who := browser()) is not None:
        known = _controllers()
        known[who, page, run] = None
        known.move_to_end((who, page, run))
        while len(known) > REMEMBERED:
            known.popitem(last=False)


def _controlled(page: str, run: str) -> bool:
    who = browser()
    return who is not None and (who, page, run) in _controllers()


# ---- what the run has written ---------------------------------------------------------------------------------------


def view_of(page: str, language: Language) -> RunView | None:
    """What the session's run has written; None without a run. A link to a run that is not here is said once."""
    run = chosen_run(page).run
    if run is None:
        return None
    try:
        return feed(run).view()
    except InputError as error:
        choose_run(page, None)
        trouble(words("runs", language)("run_gone", name=shortened(run, 40), why=explain(error, language)))
        return None
