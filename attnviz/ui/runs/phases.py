"""One step taken apart (written when the run's reports are known)."""

from __future__ import annotations

from attnviz.ui.page import Frame
from attnviz.ui.runs.console import Act
from attnviz.ui.runs.feed import View


def show(frame: Frame, view: View, act: Act) -> None:
    """Nothing yet."""
