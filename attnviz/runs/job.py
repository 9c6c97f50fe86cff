"""A job: a process of its own that works in a folder. Whoever sees the folder sees whether it runs, and can end it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attnviz.errors import SENTENCES, InputError
from attnviz.runs.errors import clear_errors
from attnviz.runs.folder import write_whole
from attnviz.runs.process import Identity, host, start_detached, start_time

PROCESS, LOG = "process.json", "log.txt"
LARGEST = 2**24  # bytes of a file that is read
PATIENCE = 5.0  # seconds that a process has to end
STARTING = threading.Lock()  # held from looking whether a job runs until it is started


def start(folder: Path, command: Sequence[str]) -> None:
    """Run `python command…` for a folder that is there. RunError where the folder cannot be used."""
    with clear_errors(folder):
        pid = start_detached(command, folder / LOG)
    who = Identity(pid, start_time(pid) or "", host())
    write_whole(folder / PROCESS, json.dumps(who.to_dict()).encode())


def running(folder: Path) -> bool:
    """Whether the folder's process is at work on this machine."""
    return _alive(folder) is not None


def end(folder: Path) -> None:
    """End the process, if it runs, and wait until it is gone."""
    who = _alive(folder)
    if who is None:
        return
    with contextlib.suppress(OSError):
        os.kill(who.pid, signal.SIGTERM)
    until = time.monotonic() + PATIENCE
    while who.alive and time.monotonic() < until:
        time.sleep(0.02)


def began(folder: Path) -> bool:
    """Whether a process was started here and nobody has taken note of its end."""
    return read(folder / PROCESS) is not None


def problem(path: Path, kind: type[InputError]) -> InputError | None:
    """The error that a process left in a file, by its code and details."""
    values = read(path) or {}
    code, details = values.get("code"), values.get("details") or {}
    if not isinstance(code, str) or code not in SENTENCES or not isinstance(details, dict):
        return None
    return kind(code, **details)


def read(path: Path) -> dict[str, Any] | None:
    """The values of a JSON file; one that is damaged counts as not there."""
    try:
        values = json.loads(path.read_bytes()[:LARGEST])
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) else None


def _alive(folder: Path) -> Identity | None:
    values = read(folder / PROCESS)
    if values is None:
        return None
    with contextlib.suppress(TypeError, AttributeError):
        who = Identity(**values)
        return who if who.alive else None
    return None
