"""Presentation: large type, nothing but the page, one panel full screen; a button and a key."""

from attnviz.ui.frame.presenting.button import present_button

__all__ = ["present_button"]
