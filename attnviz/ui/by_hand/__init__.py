"""The page By hand. Other pages open it at their own numbers through `open_link`."""

from attnviz.ui.by_hand.from_other_pages import Opening, open_link

__all__ = ["Opening", "open_link"]
