"""Where a run goes on after a stop or a kill."""

from __future__ import annotations

from typing import Any

from attnviz.errors import RunError, detail
from attnviz.runs.contents import load_state
from attnviz.runs.folder import RunFolder
from attnviz.runs.memory import with_memory
from attnviz.runs.work.journal import Journal
from attnviz.training import Trainer, TrainingState

Replay = list[tuple[int, dict[str, Any]]]  # (step, changes), in order


WILD_LOSS = 1e3  # nats a token; or ten times the first loss, where that is more


def last_state(
    folder: RunFolder, journal: Journal, trainer: Trainer, *, diverged: bool = False
) -> tuple[TrainingState, Replay] | None:
    """Put the trainer where the last snapshot that can be gone on from stands; None if there is none.

    Returns that state and what was set after it, which must be set again at the same steps. In a run that has
    diverged, snapshots from which the loss was wild at once are passed over, and where something is to be set now,
    those from which other settings have not helped either. Unchanged, a run goes on from the same step every time.
    """
    vain = journal.gone_back_in_vain() if diverged and journal.told("set") else set()
    limit = max(WILD_LOSS, 10 * (journal.loss_at(1) or 0.0))
    for step, inside in journal.snapshots():
        after = journal.loss_at(step + 1) if diverged else None
        if step and (step in vain or (after is not None and not after <= limit)):
            continue
        try:
            state = load_state(folder, step)
            if not state.finite:
                raise RunError("run_weights", step=step)
            if not state.whole:
                if not diverged:
                    continue  # it can be looked at only; the steps since the one before are made again
                state = with_memory(folder, state)
            trainer.restore(state)
        except (RunError, RuntimeError, ValueError, KeyError) as error:
            journal.event(step, "snapshot_bad", {"step": step, "problem": detail(error)})
            continue
        return state, [(at, changes) for event, at, changes in journal.settings() if event > inside]
    return None
