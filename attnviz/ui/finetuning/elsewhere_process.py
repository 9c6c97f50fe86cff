"""The process that tunes a model from elsewhere: started, followed, stopped; its files lie in the folder of runs."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attnviz.errors import ForeignError, InputError
from attnviz.foreign.tuning import DONE, LOOKS, PROBLEM, SAVED, STEPS, Look, Order, read_order, write_order
from attnviz.runs import job
from attnviz.runs.errors import clear_errors
from attnviz.runs.folder import default_root

FOLDER = ".elsewhere"  # the dot keeps it out of the list of runs


@dataclass(frozen=True)
class State:
    """What is known of a tuning."""

    running: bool
    losses: tuple[float, ...] = ()  # by step, from 1
    looks: tuple[Look, ...] = ()
    done: Mapping[str, Any] | None = None
    problem: InputError | None = None
    order: Order | None = None


def folder_of(path: str) -> Path:
    """Where the files of a model's tuning lie."""
    return default_root() / FOLDER / hashlib.blake2b(path.encode(), digest_size=8).hexdigest()


def start(order: Order) -> None:
    """Begin anew, unless it is running. RunError where the folder cannot be used."""
    folder = folder_of(order.path)
    with job.STARTING:
        if job.running(folder):
            return
        with clear_errors(folder):
            shutil.rmtree(folder, ignore_errors=True)
            write_order(order, folder)
        job.start(folder, ["-m", "attnviz.foreign.tuning", str(folder)])


def stop(path: str) -> None:
    """End it; what was written stays."""
    folder = folder_of(path)
    job.end(folder)
    with contextlib.suppress(OSError):
        (folder / job.PROCESS).unlink()


def state(path: str) -> State:
    """What is known of it now. Files that are damaged count as not there."""
    folder = folder_of(path)
    running = job.running(folder)
    losses = [float(one["loss"]) for one in _lines(folder / STEPS) if "loss" in one]
    looks = [Look(**one) for one in _lines(folder / LOOKS) if set(one) == {"step", "said", "moved"}]
    done = job.read(folder / DONE)
    order = None
    with contextlib.suppress(OSError, TypeError, ValueError, KeyError):
        order = read_order(folder)
    problem = None if running or done is not None else _problem(folder, order)
    return State(running, tuple(losses), tuple(looks), done, problem, order)


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
    if (said := job.problem(folder / PROBLEM, ForeignError)) is not None:
        return said
    if job.began(folder) and order is not None:
        return ForeignError("foreign_tuning_ended", name=order.name, log=str(folder / job.LOG))
    return None


def _lines(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with contextlib.suppress(OSError):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError):  # the last one may be half written
                values = json.loads(line)
                if isinstance(values, dict):
                    found.append(values)
    return found
