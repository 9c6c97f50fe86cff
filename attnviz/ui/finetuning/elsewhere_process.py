"""The process that tunes a model from elsewhere: started, followed, stopped; its files lie in the folder of runs."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import signal
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from attnviz.errors import SENTENCES, ForeignError, InputError
from attnviz.foreign.tuning import DONE, LOOKS, PROBLEM, SAVED, STEPS, Look, Order, write_order
from attnviz.runs.errors import clear_errors
from attnviz.runs.folder import default_root, write_whole
from attnviz.runs.process import Identity, host, start_detached, start_time

FOLDER = ".elsewhere"  # the dot keeps it out of the list of runs
PROCESS, LOG = "process.json", "log.txt"
LARGEST = 2**24  # bytes of a file that is read


@dataclass(frozen=True)
class State:
    """What is known of a tuning."""

    running: bool
    losses: tuple[float, ...] = ()  # by step, from 1
    seconds: float = 0.0
    looks: tuple[Look, ...] = ()
    done: Mapping[str, Any] | None = None
    problem: InputError | None = None
    order: Order | None = None
    log: str = field(default="", compare=False)


def folder_of(path: str) -> Path:
    """Where the files of a model's tuning lie."""
    return default_root() / FOLDER / hashlib.blake2b(path.encode(), digest_size=8).hexdigest()


def start(order: Order) -> None:
    """Begin anew, unless it is running. RunError where the folder cannot be used."""
    folder = folder_of(order.path)
    if _alive(folder) is not None:
        return
    with clear_errors(folder):
        shutil.rmtree(folder, ignore_errors=True)
        write_order(order, folder)
        pid = start_detached(["-m", "attnviz.foreign.tuning", str(folder)], folder / LOG)
    who = Identity(pid, start_time(pid) or "", host())
    write_whole(folder / PROCESS, json.dumps(who.to_dict()).encode())


def stop(path: str) -> None:
    """End it; what was written stays."""
    who = _alive(folder_of(path))
    if who is not None:
        with contextlib.suppress(OSError):
            os.kill(who.pid, signal.SIGTERM)
        with contextlib.suppress(OSError):
            (folder_of(path) / PROCESS).unlink()


def state(path: str) -> State:
    """What is known of it now. Files that are damaged count as not there."""
    folder = folder_of(path)
    running = _alive(folder) is not None
    steps = _lines(folder / STEPS)
    looks = [Look(**one) for one in _lines(folder / LOOKS) if set(one) == {"step", "said", "moved"}]
    done = _read(folder / DONE)
    order = None
    with contextlib.suppress(TypeError, ValueError, KeyError):
        values = _read(folder / "order.json") or {}
        order = Order(**{**values, "lines": tuple(values["lines"])})
    return State(
        running,
        tuple(float(one["loss"]) for one in steps if "loss" in one),
        float(steps[-1].get("seconds", 0.0)) if steps else 0.0,
        tuple(looks),
        done,
        None if running or done is not None else _problem(folder, order),
        order,
        str(folder / LOG),
    )


def zipped(path: str) -> bytes:
    """The tuned weights as a zip: a folder as peft, or transformers, writes it."""
    buffer = io.BytesIO()
    root = folder_of(path) / SAVED
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in sorted(root.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(root))
    return buffer.getvalue()


def _problem(folder: Path, order: Order | None) -> InputError | None:
    values = _read(folder / PROBLEM)
    if values is not None and values.get("code") in SENTENCES:
        return ForeignError(values["code"], **(values.get("details") or {}))
    began = _read(folder / PROCESS) is not None
    return ForeignError("foreign_tuning_ended", name=order.name, log=str(folder / LOG)) if began and order else None


def _alive(folder: Path) -> Identity | None:
    values = _read(folder / PROCESS)
    if values is None:
        return None
    with contextlib.suppress(TypeError, AttributeError):
        who = Identity(**values)
        return who if who.alive else None
    return None


def _read(path: Path) -> dict[str, Any] | None:
    try:
        values = json.loads(path.read_bytes()[:LARGEST])
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) else None


def _lines(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with contextlib.suppress(OSError):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError):  # the last one may be half written
                values = json.loads(line)
                if isinstance(values, dict):
                    found.append(values)
    return found
