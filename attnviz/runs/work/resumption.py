"""Where a run goes on after a stop or a kill."""

from __future__ import annotations

from typing import Any

from attnviz.runs.contents import describe, load_state
from attnviz.runs.errors import RunError
from attnviz.runs.folder import RunFolder
from attnviz.runs.work.journal import Journal
from attnviz.training import Trainer, TrainingState

Replay = list[tuple[int, dict[str, Any]]]  # (step, changes), in order


def last_state(folder: RunFolder, journal: Journal, trainer: Trainer) -> tuple[TrainingState, Replay] | None:
    """Put the trainer where the last snapshot that can be read stands; None if there is none.

    Returns that state and what was set after it, which must be set again at the same steps.
    """
    for step, inside in journal.snapshots():
        try:
            state = load_state(folder, step)
            if not state.whole:
                continue  # it can be looked at only; the steps since the one before are made again
            trainer.restore(state)
        except (RunError, RuntimeError, ValueError, KeyError) as error:
            journal.event(step, "snapshot_bad", {"step": step, "problem": describe(error)})
            continue
        return state, [(at, changes) for event, at, changes in journal.settings() if event > inside]
    return None
