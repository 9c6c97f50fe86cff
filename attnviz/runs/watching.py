"""Metrics that grow: for whoever draws curves of a run that is going on, and asks again and again."""

from __future__ import annotations

import threading

import numpy as np

from attnviz.runs.run import Run

AGAIN = 2  # steps that are read a second time: they may have been made again after a crash


class LiveMetrics:
    """All metrics of a run; each `refresh` reads what is new only. One object may serve any number of browsers."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._lock = threading.Lock()
        self._known = run.metrics()

    def refresh(self) -> dict[str, np.ndarray]:
        """Everything known by now, as `Run.metrics` gives it."""
        with self._lock:
            steps = self._known["step"]
            since = int(steps[-1 - AGAIN]) if len(steps) > AGAIN else 0
            new = self.run.metrics(since=since)
            old = steps <= since
            if len(new["step"]) == len(steps) - int(old.sum()):
                return dict(self._known)
            self._known = {
                name: np.concatenate([_column(self._known, name)[old], _column(new, name)])
                for name in dict.fromkeys([*self._known, *new])
            }
            return dict(self._known)


def _column(columns: dict[str, np.ndarray], name: str) -> np.ndarray:
    return columns[name] if name in columns else np.full(len(columns["step"]), np.nan)
