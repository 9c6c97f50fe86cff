"""The sign of life of whoever trains a run, and the computer's clock, on which nothing depends but the times shown."""

from __future__ import annotations

import time

from attnviz.runs.work.journal import Journal

BEAT_SECONDS = 2.0
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


class Pulse:
    """Says now and then that the run's owner lives, and when the clock was moved."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._last = time.monotonic()
        self._clock = ClockWatch()

    def beat(self, step: int) -> None:
        """Do so if it is time; written with the next flush."""
        now = time.monotonic()
        if now - self._last >= BEAT_SECONDS:
            self._last = now
            self.journal.beat()
            if moved := self._clock.moved():
                self.journal.event(step, "clock_moved", {"seconds": round(moved)})
