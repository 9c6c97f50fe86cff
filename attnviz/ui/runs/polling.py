"""A part of a page that runs again by itself, with the boundary inside."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from attnviz.ui.frame.boundary import boundary

MOVING = 1.0  # seconds between two looks at a run that goes on
RESTING = 3.0  # at one that somebody else may set going
CROWD = 6  # browsers that are looked after at full speed; with more of them everybody looks less often
GONE = 15.0  # seconds without a look after which a browser is taken for closed


class Audience:
    """How many browsers are watching, by when each looked last."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, float] = {}

    def look(self, session: str) -> int:
        """Note that a session looks now; how many there are."""
        with self._lock:
            now = self.clock()
            self._seen[session] = now
            self._seen = {one: at for one, at in self._seen.items() if now - at < GONE}
            return len(self._seen)


AUDIENCE = Audience()


def pause(moving: bool, watching: int) -> float:
    """Seconds until the next look: all browsers together cost no more than CROWD of them."""
    return (MOVING if moving else RESTING) * max(1.0, watching / CROWD)


def polled(body: Callable[[], None], *, moving: bool, resting: bool = True) -> None:
    """Draw `body` now and again and again, faster while the run moves; `resting` False: not again while it rests.

    Whether it moves or rests it is the same fragment, so that a click in between is not lost.
    """

    def guarded() -> None:
        with boundary():
            _look()
            body()

    st.fragment(guarded, run_every=pause(moving, _look()) if moving or resting else None)()


def _look() -> int:
    context = get_script_run_ctx()
    return AUDIENCE.look(context.session_id) if context is not None else 1
