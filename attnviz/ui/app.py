"""What app.py does: settle the page, draw the sidebar, run the page."""

from __future__ import annotations

import streamlit as st

from attnviz.ui import language, navigation, sidebar, style

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b5d4e"/>'
    '<g fill="#fff"><rect x="6" y="6" width="9" height="9" rx="2"/><rect x="17" y="17" width="9" height="9" rx="2"/>'
    '<g opacity=".35"><rect x="17" y="6" width="9" height="9" rx="2"/><rect x="6" y="17" width="9" height="9" rx="2"/>'
    "</g></g></svg>"
)


def main() -> None:
    """One run of the app."""
    st.set_page_config(page_title="attnviz", page_icon=ICON, layout="wide", initial_sidebar_state="auto")
    style.apply(language.current())
    site = navigation.build()
    sidebar.draw(site)
    token = navigation.under_app.set(True)
    try:
        site.current.run()
    finally:
        navigation.under_app.reset(token)
