"""Notices that the computer's clock was set to another time. Nothing here depends on it but the times shown."""

from __future__ import annotations

import time

SHOWN_SECONDS = 60.0  # smaller corrections are everyday work of the system


class ClockWatch:
    """Compares the clock with the time that has really passed."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def moved(self) -> float:
        """By how many seconds the clock was moved since the last call; 0 for what nobody need know."""
        offset = time.time() - time.monotonic()
        moved = offset - self._offset
        if abs(moved) < SHOWN_SECONDS:
            return 0.0
        self._offset = offset
        return moved
