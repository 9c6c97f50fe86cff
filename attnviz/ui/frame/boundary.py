"""The last resort: whatever goes wrong on a page becomes a sentence, and the details go to the log."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import ParamSpec

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from attnviz.ui.frame import language
from attnviz.ui.frame.notices import notice, shortened
from attnviz.ui.text import Language, Words, texts, words

P = ParamSpec("P")
log = logging.getLogger("attnviz.ui")
ERRORS = ("errors", "run_errors")  # tables of sentences by code


def explain(error: object, lang: Language) -> str:
    """What happened, in a language. Errors and notices that carry a code have a sentence; the rest share one."""
    code, details = getattr(error, "code", None), getattr(error, "details", None)
    if isinstance(code, str) and isinstance(details, Mapping):
        for known in ERRORS:
            if code in texts(known):
                t = words(known, lang)
                return t(code, **{name: _shown(t, name, value) for name, value in details.items()})
    return words("common", lang)("failed")


def _shown(t: Words, name: str, value: object) -> str:
    """A detail as the sentence says it: by the table's own word for this code where it has one."""
    key = f"{name}_{value}".replace("-", "_")
    return t(key) if key in texts(t.page) else shortened(str(value), 160)


@contextmanager
def boundary() -> Iterator[None]:
    """Nothing that is raised inside reaches the page as a traceback. Streamlit's own stop and rerun pass through."""
    try:
        yield
    except Exception as error:
        known = hasattr(error, "code") and hasattr(error, "details")
        log.log(logging.INFO if known else logging.ERROR, "page failed", exc_info=None if known else error)
        notice(explain(error, language.current()), "error")


def live(function: Callable[P, None]) -> Callable[P, None]:
    """`st.fragment` with the boundary inside: a fragment reruns alone, without the page around it."""

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        with boundary():
            function(*args, **kwargs)

    return st.fragment(guarded)


def rerun() -> None:
    """Run the fragment around again, or the page while the fragment is first drawn with it."""
    context = get_script_run_ctx()
    st.rerun(scope="fragment" if context is not None and context.fragment_ids_this_run else "app")
