"""The optimizer's memory at a kept step of which the disk has the weights alone: the steps before it are made again.

Every kept step holds its weights, so that it can be looked at; the optimizer's memory, twice as large, is kept every
few seconds of training only. A run repeats itself bit for bit, so nothing is lost by that but those seconds, and only
when somebody forks from such a step.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import torch

from attnviz.config import Compute
from attnviz.errors import RunError
from attnviz.runs import database
from attnviz.runs.contents import build_trainer, load_state
from attnviz.runs.folder import RunFolder, is_id
from attnviz.training import Trainer, TrainingState

WHOLE_SECONDS = 4.0  # of training between two states with the optimizer's memory: what a fork makes again at most


def with_memory(folder: RunFolder, state: TrainingState, *, generations: int = 16) -> TrainingState:
    """The state of a kept step with what its optimizer remembered. Weights are those that were kept, always.

    The steps since the last whole state are made again as they were; where this machine comes to other weights than
    were kept, the memory is as near as it can be. A step that a fork took over is made again by its parent; where that
    is gone, the memory is that of the last whole state before. `generations`: how far back parents are asked.
    """
    if state.whole:
        return state
    earlier, inside = _last_whole(folder, state.step)
    config = folder.read_config()
    parent = config.parent or {}
    if isinstance(parent.get("step"), int) and state.step < parent["step"]:
        found = _of_parent(folder, str(parent.get("run")), state, generations) if generations else None
        return found or replace(state, optimizer=earlier.optimizer, whole=True)
    with database.reading(folder.database) as connection:
        rows = connection.execute(
            "SELECT step, details FROM events WHERE kind = 'set' AND id > ? AND step <= ? ORDER BY id",
            (inside, state.step),
        ).fetchall()
        meta = connection.execute("SELECT value FROM meta WHERE key = 'state'").fetchone()
    now: dict[str, Any] = json.loads(meta[0]) if meta else {}
    trainer = build_trainer(folder, config)
    compute = Compute.from_dict(config.compute or now.get("compute") or {})
    if trainer.can(compute):
        trainer.adopt(compute)
    threads = torch.get_num_threads()
    torch.set_num_threads(config.threads or now.get("threads") or threads)
    try:
        trainer.restore(earlier)
        made = _made_again(trainer, state.step, [(step, json.loads(details)) for step, details in rows])
    finally:
        torch.set_num_threads(threads)
    return replace(state, optimizer=made.optimizer, whole=True)


def _of_parent(folder: RunFolder, parent: str, state: TrainingState, generations: int) -> TrainingState | None:
    """The same step of the run that this one was forked from; None where it is gone or another."""
    older = RunFolder(folder.path.parent / parent)
    if not is_id(parent) or not older.exists:
        return None
    try:
        theirs = load_state(older, state.step)
    except RunError:
        return None
    same = theirs.model.keys() == state.model.keys() and all(
        torch.equal(value, state.model[name]) for name, value in theirs.model.items()
    )
    return with_memory(older, theirs, generations=generations - 1) if same else None


def _made_again(trainer: Trainer, until: int, settings: list[tuple[int, dict[str, Any]]]) -> TrainingState:
    waiting = list(settings)
    while True:
        while waiting and waiting[0][0] <= trainer.step_number:
            trainer.set(**waiting.pop(0)[1])
        if trainer.step_number >= until:
            return trainer.capture()
        trainer.advance()


def _last_whole(folder: RunFolder, before: int) -> tuple[TrainingState, int]:
    """(the last whole state before a step, the last setting inside it)."""
    with database.reading(folder.database) as connection:
        rows = connection.execute("SELECT step, settings FROM snapshots WHERE step < ? ORDER BY step DESC", (before,))
        kept = rows.fetchall()
    for step, inside in kept:
        path = folder.snapshot(step)
        if path.is_file() and TrainingState.is_whole(path):
            try:
                return load_state(folder, step), inside
            except RunError:
                continue  # damaged: an earlier one does as well
    raise RunError("run_snapshot_gone", step=before)
