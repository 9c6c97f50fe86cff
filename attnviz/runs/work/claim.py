"""Taking a run for training: its journal is ours, its trainer stands at the last good snapshot; or it says why not."""

from __future__ import annotations

import contextlib
import sqlite3
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from attnviz.config import Compute
from attnviz.data import InputError
from attnviz.errors import RunError, detail
from attnviz.runs.config import RunConfig
from attnviz.runs.contents import build_trainer, load_task, remember_task
from attnviz.runs.devices import most_threads
from attnviz.runs.errors import clear_damage
from attnviz.runs.folder import RunFolder
from attnviz.runs.status import NEW
from attnviz.runs.work.journal import Journal
from attnviz.runs.work.ranks import Order
from attnviz.runs.work.recorder import StepRecorder
from attnviz.runs.work.resumption import Replay, last_state
from attnviz.runs.work.writer import WAITABLE
from attnviz.training import Trainer
from attnviz.training.calibration import choose
from attnviz.training.compute import PLAIN
from attnviz.training.distributed import Ranks

RATIO_EVERY = 5  # steps between update-to-weight ratios
DIVERGED = ("run_diverged", "run_weights")  # after these nobody can go on from the last step


@dataclass
class Claimed:
    """A run that this process, and no other, may train."""

    folder: RunFolder
    config: RunConfig
    journal: Journal
    state: dict[str, Any]
    threads: int
    trainer: Trainer
    recorder: StepRecorder
    replay: Replay  # what was set after the trainer's step, to be set again
    recorded: int  # the last step that is on the disk and can be made again
    diverged: int | None = None  # the last step recorded, where nobody can go on from it


def claim(
    folder: RunFolder,
    *,
    device: str = "cpu",
    threads: int = 1,
    ranks: Ranks | None = None,
    lead: Callable[[Order, Any], None] = lambda order, value: None,
) -> Claimed:
    """Claim a run and make it ready; `lead` tells other processes. Raises RunError or InputError when it cannot be."""
    config = folder.read_config()
    journal = Journal(folder)
    try:
        try:
            return _ready(folder, config, journal, device, threads, ranks, lead)
        except (RuntimeError, MemoryError) as error:
            if torch.device(device).type == "cpu" or ranks is not None:
                raise
            _leave_device(journal, device, error)
        return _ready(folder, config, journal, "cpu", threads, ranks, lead)
    except BaseException as error:
        refuse(journal, error)
        raise


def _leave_device(journal: Journal, device: str, error: BaseException) -> None:
    """The device has no room for the run, or no kernels for it: it is trained on the CPU, and says so."""
    code = "device_full" if isinstance(error, torch.OutOfMemoryError | MemoryError) else "device_unusable"
    details = {"asked": device, "device": "cpu", "problem": detail(error)}
    journal.event(journal.last_step(), code, details)
    journal.put("state", {**NEW, **(journal.get("state") or {}), "asked_device": "cpu"})
    journal.flush()


def _ready(
    folder: RunFolder,
    config: RunConfig,
    journal: Journal,
    device: str,
    threads: int,
    ranks: Ranks | None,
    lead: Callable[[Order, Any], None],
) -> Claimed:
    with clear_damage(folder.database):
        state: dict[str, Any] = {**NEW, **(journal.get("state") or {})}
    asked = config.threads or state["threads"] or threads
    threads = granted = min(asked, most_threads())
    torch.set_num_threads(threads)
    task = load_task(folder, config)
    remember_task(folder, config, task)
    trainer = build_trainer(folder, config, device, ranks)
    trainer.ratio_every = RATIO_EVERY
    threads = _decide_compute(config, state, journal, trainer, threads, ranks, lead)
    lost = journal.diverged or (state["error"] or {}).get("code") in DIVERGED
    found = last_state(folder, journal, trainer, diverged=lost)
    if found is None:
        replay = [(step, changes) for _, step, changes in journal.settings()]
        journal.snapshot(trainer.capture(), kept=True)
    else:
        snapshot, replay = found
        lead("restore", snapshot)
    while replay and replay[0][0] <= trainer.step_number:  # before anything new is set
        changes = replay.pop(0)[1]
        trainer.set(**changes)
        lead("set", changes)
    recorded, diverged = journal.last_step(), None
    if lost:
        recorded, diverged, replay = trainer.step_number, max(recorded, trainer.step_number), []
    recorder = StepRecorder(folder, journal, trainer, config.probe)
    journal.sweep()
    if trainer.step_number == 0 and not recorded:
        recorder.look()
    if granted < asked:
        journal.event(trainer.step_number, "threads_fewer", {"asked": asked, "threads": granted}, key="threads_fewer")
    state |= {"device": str(trainer.device), "threads": threads, "steps": trainer.config.steps, "turns": 1}
    journal.put("state", state)
    journal.beat()
    journal.flush()
    journal.notice(None)  # what stood in the way does so no longer
    return Claimed(folder, config, journal, state, threads, trainer, recorder, replay, recorded, diverged)


def _decide_compute(
    config: RunConfig,
    state: dict[str, Any],
    journal: Journal,
    trainer: Trainer,
    threads: int,
    ranks: Ranks | None,
    lead: Callable[[Order, Any], None],
) -> int:
    """Compute as the run has from its beginning; a new one tries what is fastest here, and keeps to it.

    Returns the threads that belong to it.
    """
    kept = config.compute or state["compute"]
    if kept is None and journal.snapshots():
        kept = PLAIN.to_dict()  # a run of before: it goes on with the numbers that it would have had
    if kept is not None:
        compute = Compute.from_dict(kept)
        compute = compute if trainer.can(compute) else PLAIN
    else:
        free = not config.threads and threads > 1 and ranks is None
        choice = choose(trainer, threads=(threads, 1) if free else ())
        compute, threads = choice.compute, choice.threads or threads
        torch.set_num_threads(threads)
        if choice.milliseconds:
            details = {**compute.to_dict(), "threads": threads, "tried": dict(choice.milliseconds)}
            journal.event(0, "compute", details, key="compute")
    if compute != trainer.compute:
        lead("adopt", compute)
        trainer.adopt(compute)
    state["compute"] = compute.to_dict()
    return threads


def fail_unopened(folder: RunFolder, error: RunError) -> None:
    """Write down that a run cannot be trained, without building anything of it."""
    refuse(Journal(folder), error)


def as_problem(error: BaseException, step: int) -> InputError:
    """What went wrong, as a code with details; what nobody foresaw is printed too."""
    if isinstance(error, InputError):
        return error
    traceback.print_exception(error)
    return RunError("run_failed", step=step, problem=error)


def refuse(journal: Journal, error: BaseException) -> None:
    """Write down why a run cannot be trained, answer what it was told, and let go of it. Never raises for an Exception.

    What may pass by waiting (a full disk) is said beside the run, and what it was told stays to be done.
    """
    try:
        if isinstance(error, RunError) and error.code in WAITABLE:
            journal.notice(error)
        elif isinstance(error, Exception):
            problem = as_problem(error, 0)
            written = {"code": problem.code, "details": problem.details}
            journal.notice(problem)  # in case the database itself is what is damaged
            for command in journal.commands():
                journal.done(command, 0, "failed")
            journal.event(0, "failed", written)
            state: dict[str, Any] = {}
            with contextlib.suppress(ValueError, TypeError):  # one that cannot be read is replaced
                state = dict(journal.get("state") or {})
            journal.put("state", {**NEW, **state, "state": "failed", "error": written})
        journal.close()
    except (InputError, sqlite3.Error, ValueError, TypeError) as problem:
        if isinstance(error, RunError) and error.code not in WAITABLE:
            journal.notice(error)
        elif isinstance(problem, RunError):
            journal.notice(problem)
        with contextlib.suppress(sqlite3.Error):
            journal.connection.close()
