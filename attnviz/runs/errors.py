"""Everything that can be wrong with a run: a code for the interface and an English sentence."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attnviz.data import InputError

RUN_SENTENCES: Mapping[str, str] = {
    # runs and folders
    "run_unknown": "There is no run {name!r}.",
    "run_name": "A run's name must have 1 to {limit} characters.",
    "run_config": "The run's {file} is wrong at {entry!r}: {problem}.",
    "run_damaged": "The run's {file} is damaged: {problem}.",
    "run_version": "The run was written by a newer program (format {given}; this one reads {known}).",
    "run_folder": "The folder {path} cannot be used: {problem}.",
    "run_read_only": "Nothing can be written to {path}; choose another folder, or change its permissions.",
    "disk_full": "The disk is full ({path}). Nothing recorded is lost; training goes on when there is room.",
    "run_locked": "{path} is being written by another program; try again.",
    "run_busy": "The run {name!r} is in use by a worker that does not let go of it.",
    "run_elsewhere": "The run {name!r} is being trained by process {pid} on {host}.",
    "run_lost": "Another worker has taken over the run {name!r}.",
    "run_exists": "There is a run in {path} already.",
    "run_own_file": "The task {task} needs the file that it was made from.",
    # what a run may be told
    "command_unknown": "There is no command {name!r}. There are: {known}.",
    "command_argument": "{name} is {value!r}; allowed: {allowed}.",
    "command_worker": "No worker could be started: {problem}.",
    "run_no_snapshot": "Step {step} was not kept. Kept are: {known}.",
    "run_snapshot_bad": "The snapshot of step {step} cannot be used: {problem}.",
    "run_fork": "From step {step} on, {name} cannot be changed: {problem}. Fork from step 0.",
    "run_start": "The weights to begin from do not fit: {problem}.",
    "run_together": "{name} is not possible while several processes train the run together.",
    # while training
    "run_diverged": "The loss is {loss} at step {step}: the run has diverged and was stopped.",
    "run_failed": "Training stopped at step {step}: {problem}.",
    "device_absent": "There is no device {asked} here; the run is trained on {device}.",
    "device_unusable": "The device {asked} failed ({problem}); the run goes on on {device}.",
    "device_full": "The memory of {asked} is full; the run goes on on {device}.",
    "clock_moved": "The computer's clock was moved by {seconds} s; order and speed do not depend on it.",
    "remade_differently": "Step {step} came out differently when it was made again: {before} before, {after} now.",
    # zip files
    "zip_damaged": "The file is not a zip file, or it is damaged: {problem}.",
    "zip_not_a_run": "The zip file does not hold a run: {problem}.",
    "zip_hostile": "The zip file is refused: {problem} ({name}).",
    "zip_too_large": "The zip file is too large: {given} of at most {limit} {unit}.",
}


class RunError(InputError):
    """A run that cannot be used as asked; `code` and `details` let the interface say so in any language."""

    def __init__(self, code: str, **details: Any) -> None:
        if code not in RUN_SENTENCES:
            raise ValueError(f"code is {code!r}; allowed: {', '.join(RUN_SENTENCES)}")
        super().__init__(code, **details)

    def __str__(self) -> str:
        return run_sentence(self.code, self.details)


def run_sentence(code: str, details: Mapping[str, Any]) -> str:
    """The English sentence of a code, filled in."""
    return RUN_SENTENCES[code].format(**details)


_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """What the system and SQLite say about files under `path`, as a RunError."""
    try:
        yield
    except OSError as error:
        raise from_system(error, path) from error
    except sqlite3.Error as error:
        raise from_sqlite(error, path) from error


def from_system(error: OSError, path: Path) -> RunError:
    """The RunError that an OSError stands for."""
    if error.errno in _FULL or getattr(error, "winerror", None) in (39, 112):
        return RunError("disk_full", path=str(path))
    if error.errno in _READ_ONLY:
        return RunError("run_read_only", path=str(path))
    return RunError("run_folder", path=str(path), problem=error.strerror or str(error))


def from_sqlite(error: sqlite3.Error, path: Path) -> RunError:
    """The RunError that an sqlite3.Error stands for."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_FULL"):
        return RunError("disk_full", path=str(path))
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM")):
        return RunError("run_read_only", path=str(path))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return RunError("run_locked", path=str(path))
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_AUTH")):
        return RunError("run_folder", path=str(path), problem=str(error))
    return RunError("run_damaged", file=path.name, problem=str(error))
