"""Choose from a list of Streamlit's in a real browser."""

from __future__ import annotations

from typing import Any


def choose(page: Any, field: Any, option: str, *, exact: bool = False) -> None:
    """Open the list at `field` and take `option`.

    Streamlit shuts a list when what it lies in is scrolled or drawn anew, so the scrolling comes first; a person to
    whom the second happens opens the list again, and so does this.
    """
    from playwright.sync_api import TimeoutError as NotThere

    wanted = page.get_by_role("option", name=option, exact=exact)
    field.scroll_into_view_if_needed()
    for _ in range(5):
        page.wait_for_timeout(300)
        field.click()
        try:
            wanted.click(timeout=5_000)
            return
        except NotThere:
            continue
    raise AssertionError(f"the list never offered {option!r}")
