"""Which page the browser is on.

A text that is being typed when another page is tapped on is sent after the tap, as a run of a part of the page that was
just left. Streamlit then draws that part, which is gone, and leaves the browser with an empty page.
"""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

HERE = "here"  # session state: the page drawn last and what its address said then, as Streamlit calls them


def arrived() -> None:
    """A page is being drawn."""
    context = get_script_run_ctx()
    st.session_state[HERE] = ("", "") if context is None else (context.page_script_hash, context.query_string)


def brought_back() -> None:
    """In a callback: if it speaks for a page that was left, the page that the browser is on is drawn instead.

    Not by `st.switch_page`, which takes everything out of the address that the page has written there since.
    """
    context = get_script_run_ctx()
    if context is None or context.script_requests is None or HERE not in st.session_state:
        return
    page, query = st.session_state[HERE]
    if context.fragment_ids_this_run and context.page_script_hash != page:
        again = RerunData(
            query_string=query,
            page_script_hash=page,
            cached_message_hashes=context.cached_message_hashes,
            context_info=context.context_info,
        )
        context.script_requests.request_rerun(again)
        st.empty()  # nothing of the page that was left is drawn: here the run gives way
