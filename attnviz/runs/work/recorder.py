"""What is written down of every step, and which states are kept."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Mapping
from typing import Any

from attnviz.errors import RunError
from attnviz.runs.folder import RunFolder
from attnviz.runs.memory import WHOLE_SECONDS
from attnviz.runs.work.journal import METRICS, Journal
from attnviz.runs.work.kept_steps import is_kept, per_doubling
from attnviz.runs.work.onlooker import Look, Onlooker
from attnviz.training import Trainer, TrainingState
from attnviz.training.emergence import Emergence, HeadMarker

SNAPSHOT_SECONDS = 10.0  # at most so much work is done again after a kill
MOST_BIRTHS = 64  # steps kept beside the others because a head became something there

# An evaluation's figures that have a column of their own, by their names in it.
_COLUMNS = {
    "loss": "validation_loss",
    "token_accuracy": "validation_token_accuracy",
    "exact_match": "exact_match",
}
_NOT_SHOWN = {"examples", "tokens", "perplexity"}


def metrics_row(record: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a step from `StepRecord.to_dict()`; an evaluation's other figures go into `more` as JSON."""
    row: dict[str, Any] = {name: record.get(name) for name in METRICS}
    more = {}
    for name, value in (record["metrics"] or {}).items():
        if name in _COLUMNS:
            row[_COLUMNS[name]] = value
        elif name not in _NOT_SHOWN and isinstance(value, int | float) and math.isfinite(value):
            more[name] = value
    row["more"] = json.dumps(more) if more else None
    return row


class StepRecorder:
    """Writes what a trainer does into its journal."""

    def __init__(self, folder: RunFolder, journal: Journal, trainer: Trainer, probe: str | None) -> None:
        self.folder = folder
        self.journal = journal
        self.trainer = trainer
        self.probe = probe
        self.density = per_doubling(folder.snapshot(trainer.step_number).stat().st_size)
        self._onlooker = Onlooker(trainer, probe)
        self._emergence = Emergence(_markers(journal, trainer.step_number))
        self._looked_at: TrainingState | None = None  # weights of the last step that was looked at and is not kept
        self._births: list[TrainingState] = []  # such weights in which a head became something: to be kept
        self._born = 0
        self._due: bool | None = None  # a snapshot that must be written; True: to be kept
        self._whole_due = False  # and with the optimizer's memory
        self._whole_at = trainer.seconds  # of training, when the last whole state was written
        self._last_snapshot = time.monotonic()

    @property
    def snapshot_due(self) -> bool:
        """Whether the present state must be written before the next step."""
        return self._due is not None or bool(self._births)

    def record(self, record: Mapping[str, Any], *, again: bool) -> None:
        """Write down a step that was made; `again`: it was made and recorded before."""
        step = int(record["step"])
        self.journal.row(metrics_row(record))
        if not math.isfinite(record["loss"]):
            return  # nobody can go on from it
        kept = self._is_kept(step) or step >= self.trainer.config.steps
        if kept or record["metrics"] is not None:
            self.look()
            self._looked_at = None if kept or self._born >= MOST_BIRTHS else self.trainer.capture(whole=False)
        if kept:
            self._due, self._whole_due = True, step >= self.trainer.config.steps
        elif not again and time.monotonic() - self._last_snapshot >= SNAPSHOT_SECONDS:
            self._due = False

    def look(self) -> None:
        """Have written down what the model says to a few inputs at this step, and which heads have found their work.

        That is worked out beside the steps that follow, from the weights of this one.
        """
        self._write_down(self._onlooker.begin())

    def collect(self, *, wait: bool = False) -> None:
        """Write down what has been seen by now; `wait`: all that was looked at."""
        self._write_down(self._onlooker.seen(wait=wait))

    def close(self) -> None:
        """Look no more."""
        self._onlooker.close()

    def _write_down(self, looks: Iterable[Look]) -> None:
        for look in looks:
            for one in look.samples:
                self.journal.sample(one.step, one.number, one.source, one.output, one.reference)
            markers = self._emergence.update(look.step, look.scores)
            state = self._looked_at
            if any(one.became for one in markers) and state is not None and state.step == look.step and state.finite:
                self._births.append(state)
                self._born += 1
            for marker in markers:
                key = f"head {look.step} {marker.site} {marker.head} {marker.kind} {marker.became}"
                self.journal.event(look.step, "head", marker.to_dict(), key=key)

    def keep_here(self) -> None:
        """See to it that this very step can be looked at, and gone on from."""
        if not TrainingState.is_whole(self.folder.snapshot(self.trainer.step_number)):
            self._due, self._whole_due = self._is_kept(self.trainer.step_number), True

    def write_snapshot(self) -> None:
        """Write the snapshot that is due; raises RunError when that is impossible, and may be called again.

        Weights that are not finite are never kept: RunError("run_weights").
        """
        if self._due is not None:
            waited = self.trainer.seconds - self._whole_at
            whole = not self._due or self._whole_due or waited >= WHOLE_SECONDS
            state = self.trainer.capture(whole=whole)
            if not state.finite:
                self._due, self._whole_due = None, False
                raise RunError("run_weights", step=state.step)
            if state.whole:  # whoever goes on from here does not look back
                self.collect(wait=True)
            self.journal.snapshot(state, kept=self._due)
            self._due, self._whole_due = None, False
            if state.whole:
                self._whole_at, self._last_snapshot = state.seconds, time.monotonic()
        while self._births:
            self.journal.snapshot(self._births[0], kept=True, late=True)
            self._births.pop(0)

    def drop_snapshot(self) -> None:
        """Write none: the present state is not one to go on from."""
        self._due, self._whole_due = None, False
        self._births.clear()

    def next_kept(self, step: int, latest: int) -> int:
        """The first step after `step` that is kept, or `latest` where none before it is."""
        return next((one for one in range(step + 1, latest) if self._is_kept(one)), latest)

    def _is_kept(self, step: int) -> bool:
        return is_kept(step, self.density)


def _markers(journal: Journal, step: int) -> list[HeadMarker]:
    """What was marked up to a step, in order."""
    return [HeadMarker(**details) for at, details in journal.events_of("head") if at <= step]
