"""The page's address, written in the browser: Streamlit never sees it change, so it cannot put an older one back."""

from attnviz.ui.frame.address_bar.address_bar import mirror, share_button

__all__ = ["mirror", "share_button"]
