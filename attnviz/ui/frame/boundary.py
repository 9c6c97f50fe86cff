"""The last resort: whatever goes wrong on a page becomes a sentence, and the details go to the log."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import ParamSpec

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from attnviz.errors import SENTENCES, InputError, Notice, said
from attnviz.language import Language
from attnviz.ui.frame import language
from attnviz.ui.frame.notices import notice, shortened
from attnviz.ui.text import words

P = ParamSpec("P")
log = logging.getLogger("attnviz.ui")
MOST = 240  # characters of a detail


def explain(error: object, lang: Language) -> str:
    """What happened, in a language. Errors and remarks that carry a code have a sentence; the rest share one."""
    if isinstance(error, InputError | Notice) and isinstance(error.code, str) and error.code in SENTENCES:
        details = error.details if isinstance(error.details, Mapping) else {}
        return said(error.code, {name: _short(value) for name, value in details.items()}, lang)
    return words("common", lang)("failed")


def _short(value: object, depth: int = 6) -> object:
    """A detail without what would not fit on a page; numbers stay, sentences within sentences are gone through."""
    if depth and isinstance(value, Mapping):
        return {name: _short(inner, depth - 1) for name, inner in value.items()}
    return value if isinstance(value, int | float) else shortened(str(value), MOST)


@contextmanager
def boundary() -> Iterator[None]:
    """Nothing that is raised inside reaches the page as a traceback. Streamlit's own stop and rerun pass through."""
    try:
        yield
    except Exception as error:
        known = isinstance(error, InputError)
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
