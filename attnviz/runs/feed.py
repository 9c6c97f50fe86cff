"""What a run has written so far, read once for everybody: forty browsers cost as many file reads as one.

Each read asks only for what is new. A view is a value: it never changes after it was handed out.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from attnviz.data import InputError
from attnviz.runs.config import RunConfig
from attnviz.runs.run import Event
from attnviz.runs.samples import Sample
from attnviz.runs.status import RunStatus

FRESH = 0.4  # seconds in which nobody reads again
PATIENCE = 3.0  # seconds that a run may wait for its worker before one is asked for; twice as long after each time

Columns = Mapping[str, NDArray[Any]]


class Readable(Protocol):
    """What is needed of `attnviz.runs.Run`."""

    @property
    def id(self) -> str: ...
    @property
    def config(self) -> RunConfig: ...
    def status(self) -> RunStatus: ...
    def metrics(self, since: int = 0) -> Columns: ...
    def samples(self, since: int = -1) -> list[Sample]: ...
    def events(self, since: int = 0) -> list[Event]: ...
    def kept_steps(self) -> list[int]: ...
    def wake(self) -> None: ...


@dataclass(frozen=True, eq=False)
class RunView:
    """One moment of a run."""

    id: str
    config: RunConfig
    status: RunStatus
    metrics: Columns
    samples: tuple[Sample, ...]
    events: tuple[Event, ...]
    kept: tuple[int, ...]
    version: int = 0  # another number: something is new

    @property
    def moving(self) -> bool:
        """Whether anything may change without being asked for."""
        return self.status.state in ("running", "waiting") or self.status.pending > 0

    @property
    def evaluated(self) -> NDArray[np.bool_]:
        """Which rows of the metrics hold an evaluation."""
        found = self.metrics.get("validation_loss")
        return np.zeros(0, dtype=bool) if found is None else np.isfinite(found)

    def until(self, step: int | None) -> RunView:
        """The run as it was at a step: what came later is left out; None changes nothing."""
        if step is None:
            return self
        rows = self.metrics["step"] <= step if "step" in self.metrics else None
        return RunView(
            self.id,
            self.config,
            self.status,
            {name: values if rows is None else values[rows] for name, values in self.metrics.items()},
            tuple(one for one in self.samples if one.step <= step),
            tuple(one for one in self.events if one.step <= step),
            self.kept,
            self.version,
        )

    def last(self, name: str) -> float | None:
        """The latest number of a column that is one."""
        values = self.metrics.get(name)
        if values is None:
            return None
        known = values[np.isfinite(values)]
        return float(known[-1]) if known.size else None


@dataclass
class Feed:
    """One run as all sessions of this process read it."""

    run: Readable
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _view: RunView | None = None
    _read: float = float("-inf")
    _waiting_since: float | None = None
    _patience: float = PATIENCE
    _woken_at_step: int = -1

    def view(self, *, now: bool = False) -> RunView:
        """What is known; read anew if that was more than a moment ago, or `now`."""
        with self._lock:
            if now or self._view is None or self.clock() - self._read >= FRESH:
                self._view = self._next(self._view)
                self._read = self.clock()
                self._revive(self._view.status)
            return self._view

    def _revive(self, status: RunStatus) -> None:
        """Wake a run that shall go on and whose worker is gone; one that dies again and again less and less often."""
        if status.state != "waiting":
            self._waiting_since = None
            if status.step > self._woken_at_step:
                self._patience = PATIENCE
        elif self._waiting_since is None:
            self._waiting_since = self.clock()
        elif self.clock() - self._waiting_since >= self._patience:
            self._waiting_since, self._woken_at_step = self.clock(), status.step
            self._patience *= 2
            with contextlib.suppress(InputError):  # what is wrong with the folder is said where it is written to
                self.run.wake()

    def _next(self, before: RunView | None) -> RunView:
        run, status = self.run, self.run.status()
        columns: Columns = {} if before is None else before.metrics
        known = columns["step"] if "step" in columns else np.zeros(0)
        # A step may be made again after a crash: the last rows are read a second time.
        since = int(known[-1]) - 2 if known.size > 2 else 0
        columns = joined(columns, run.metrics(since=since), since)
        sampled = before.samples[-1].step if before is not None and before.samples else 0
        old = () if before is None else tuple(one for one in before.samples if one.step < sampled)
        samples = (*old, *run.samples(since=sampled - 1))
        happened = () if before is None else before.events
        fresh = run.events(since=happened[-1].id if happened else 0)
        if before is not None and any(event.kind == "went_back" for event in fresh):
            again = self._next(None)  # what was known of later steps holds no more
            object.__setattr__(again, "version", before.version + 1)
            return again
        events = (*happened, *fresh)
        kept = tuple(run.kept_steps())
        view = RunView(run.id, run.config, status, columns, samples, events, kept)
        if before is not None:
            changed = (
                view.status != before.status
                or len(columns.get("step", ())) != len(before.metrics.get("step", ()))
                or view.kept != before.kept
                or len(view.samples) != len(before.samples)
                or len(view.events) != len(before.events)
            )
            object.__setattr__(view, "version", before.version + changed)
        return view


def joined(before: Columns, fresh: Columns, since: int) -> Columns:
    """Columns of both, those of `fresh` instead of `before` after step `since`; NaN where one of them has no column."""
    if not len(before.get("step", ())):
        return fresh
    rows = before["step"] <= since
    old, new = int(rows.sum()), len(fresh["step"])

    def part(columns: Columns, name: str, length: int) -> NDArray[Any]:
        return columns[name] if name in columns else np.full(length, np.nan)

    return (
        {
            name: np.concatenate([part(before, name, len(rows))[rows], part(fresh, name, new)])
            for name in dict.fromkeys([*before, *fresh])
        }
        if new or old < len(rows)
        else before
    )
