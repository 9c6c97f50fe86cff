"""The app that `attnviz bench` times: an empty fragment beside the mask lab on random tokens.

`streamlit run bench_app.py`, opened as `/?tokens=32`; the browser finds both round trips under `window.attnvizBench`.
"""

from __future__ import annotations

import streamlit as st

from attnviz.ui.frame import style
from attnviz.ui.frame.link import said
from attnviz.ui.masks.bench import empty, frame, lab_on
from attnviz.ui.masks.link import TOKENS
from attnviz.ui.masks.page import laboratory


def main() -> None:
    """One run of the page."""
    st.set_page_config(layout="wide")
    style.apply("en")
    empty()
    asked = said(TOKENS)
    if asked is not None:
        laboratory(frame(), *lab_on(asked))


if __name__ == "__main__":
    main()
else:
    from streamlit.starlette import App

    from attnviz.ui.frame.direct import route

    app = App(__file__, routes=[route()])
