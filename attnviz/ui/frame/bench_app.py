"""Two pages with a word on each and links to both: what a change of page takes where there is nothing to draw."""

from __future__ import annotations

import streamlit as st


def one() -> None:
    """The first page."""
    st.html('<p id="one">one</p>')


def two() -> None:
    """The second page."""
    st.html('<p id="two">two</p>')


def main() -> None:
    """One run."""
    pages = {"one": st.Page(one, title="one", default=True), "two": st.Page(two, title="two", url_path="two")}
    current = st.navigation(list(pages.values()), position="hidden")
    with st.sidebar:
        for name, page in pages.items():
            st.page_link(page, label=name)
    current.run()


if __name__ == "__main__":
    main()
