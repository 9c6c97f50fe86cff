"""What app.py does: settle the page, draw the sidebar, run the page."""

from __future__ import annotations

import os

import streamlit as st

import attnviz
from attnviz.openmp import wait_passively
from attnviz.ui.frame import language, navigation, sidebar, style, whereabouts
from attnviz.ui.frame.serve import stay_here
from attnviz.ui.text import words

stay_here()
wait_passively(os.environ)  # before any page loads torch

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b5d4e"/>'
    '<g fill="#fff"><rect x="6" y="6" width="9" height="9" rx="2"/><rect x="17" y="17" width="9" height="9" rx="2"/>'
    '<g opacity=".35"><rect x="17" y="6" width="9" height="9" rx="2"/><rect x="6" y="17" width="9" height="9" rx="2"/>'
    "</g></g></svg>"
)


def about() -> str:
    """What the menu says about the program; having it makes Streamlit show the menu, and with it light and dark."""
    t = words("common", language.current())
    return f"attnviz {attnviz.__version__} · {t('tagline')}"


def main() -> None:
    """One run of the app."""
    st.set_page_config(page_icon=ICON, layout="wide", initial_sidebar_state="auto", menu_items={"About": about()})
    style.apply(language.current())
    site = navigation.build()
    whereabouts.arrived()
    sidebar.draw(site)
    token = navigation.under_app.set(True)
    try:
        site.current.run()
    finally:
        navigation.under_app.reset(token)
