"""When a run writes what happened: soon, together, and again and again while the disk refuses."""

from __future__ import annotations

import time

from attnviz.errors import RunError
from attnviz.runs.work.journal import Journal
from attnviz.runs.work.pulse import Pulse
from attnviz.runs.work.recorder import StepRecorder

FLUSH_SECONDS = 0.1  # what happened within so short a time is written together
RETRY_SECONDS = 1.0  # between two attempts while the disk refuses
WAITABLE = (
    "disk_full",
    "disk_reserve",
    "run_read_only",
    "run_locked",
    "run_folder",
)  # what may pass; everything is kept until then


class Writer:
    """Writes a run's journal and its due snapshot; while that is impossible the run waits, and nothing is lost."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._pulse = Pulse(journal)
        self._stalled: RunError | None = None
        self._last = time.monotonic()

    def write(self, recorder: StepRecorder, step: int, *, now: bool = False) -> bool:
        """Write what is due, or all there is `now`; False while that is impossible.

        Raises RunError for what will not pass by waiting.
        """
        moment = time.monotonic()
        if self._stalled is not None and not now and moment - self._last < RETRY_SECONDS:
            return False
        self._pulse.beat(step)
        try:
            if recorder.snapshot_due:
                recorder.write_snapshot()
            elif now or self._stalled or moment - self._last >= FLUSH_SECONDS:
                self.journal.flush()
                self._last = moment
        except RunError as error:
            self._last = moment
            if error.code not in WAITABLE:
                raise
            self._stalled = error
            self.journal.notice(error)
            return False
        if self._stalled is not None:
            self.journal.notice(None)
            self.journal.event(step, "went_on", {"code": self._stalled.code})
            self._stalled = None
        return True
