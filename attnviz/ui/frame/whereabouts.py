"""Which page the browser is on.

A text that is being typed when another page is tapped on is sent after the tap, as a run of a part of the page that was
just left. Streamlit then draws that part, which is gone, and leaves the browser with an empty page.
"""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

HERE = "here"  # session state: the page drawn last, as Streamlit and as `st.switch_page` call it


def arrived(path: str) -> None:
    """The page is being drawn whose file this is."""
    context = get_script_run_ctx()
    st.session_state[HERE] = ("" if context is None else context.page_script_hash, path)


def brought_back() -> None:
    """In a callback: if it speaks for a page that was left, the page that the browser is on is drawn instead."""
    context = get_script_run_ctx()
    if context is None or HERE not in st.session_state:
        return
    page, path = st.session_state[HERE]
    if context.fragment_ids_this_run and context.page_script_hash != page:
        st.switch_page(path)
