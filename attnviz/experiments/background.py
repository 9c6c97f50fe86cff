"""An experiment in a process of its own: it goes on when a browser or the app closes, and can be stopped.

Its files lie in `<runs>/.experiments/<name>`: who runs it, how far it is, what went wrong, and the result in the
format of a recording. The process is this module: `python -m attnviz.experiments.background NAME FOLDER SEEDS`.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from attnviz.errors import ExperimentError, InputError
from attnviz.experiments.experiment import Experiment
from attnviz.experiments.lab import Lab
from attnviz.experiments.recording import record, recorded
from attnviz.experiments.registry import load
from attnviz.experiments.result import Found
from attnviz.runs import job
from attnviz.runs.devices import default_threads
from attnviz.runs.errors import clear_errors
from attnviz.runs.folder import write_whole
from attnviz.runs.job import LOG, PROCESS

FOLDER = ".experiments"  # the dot keeps it out of the list of runs
PROGRESS, PROBLEM = "progress.json", "problem.json"
MOST = 2  # at once: a class shares the machine's cores
PAUSE = 0.5  # seconds between two notes of progress


@dataclass(frozen=True)
class Step:
    """How far it is. `done` and `total` are updates of all models together; the rest is of the model at hand."""

    done: int
    total: int
    model: str
    seed: int
    loss: float
    seconds: float  # since it began


@dataclass(frozen=True)
class State:
    """What is known of an experiment's process."""

    running: bool
    step: Step | None = None  # None: it has not made an update yet
    problem: InputError | None = None  # why it ended without a result
    found: Found | None = None  # the last result, which may be of an earlier process


def folder_of(experiment: Experiment, root: Path) -> Path:
    """Where its files lie below the folder of runs."""
    return root / FOLDER / experiment.name


def start(experiment: Experiment, root: Path, *, seeds: int = 1) -> None:
    """Start it, unless it is running. ExperimentError where too many are; RunError where the folder cannot be used."""
    folder = folder_of(experiment, root)
    with job.STARTING:
        if job.running(folder):
            return
        others = [path.name for path in folder.parent.glob("*") if job.running(path)]
        if len(others) >= MOST:
            raise ExperimentError("experiment_crowd", names=", ".join(sorted(others)), most=MOST)
        with clear_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for name in (PROCESS, PROGRESS, PROBLEM, LOG):
                (folder / name).unlink(missing_ok=True)
        job.start(folder, ["-m", "attnviz.experiments.background", experiment.name, str(folder), str(seeds)])


def stop(experiment: Experiment, root: Path) -> None:
    """End it and forget how far it was; a result of before stays."""
    folder = folder_of(experiment, root)
    job.end(folder)
    with clear_errors(folder):
        for name in (PROCESS, PROGRESS, PROBLEM):
            (folder / name).unlink(missing_ok=True)


def state(experiment: Experiment, root: Path) -> State:
    """What is known of it now. Files that are damaged count as not there."""
    folder = folder_of(experiment, root)
    running = job.running(folder)
    found = None
    with contextlib.suppress(ExperimentError):
        found = recorded(experiment, folder)
    values = job.read(folder / PROGRESS)
    step = None
    if running and values is not None:
        with contextlib.suppress(TypeError):
            step = Step(**values)
    return State(running, step, None if running else _problem(experiment, folder), found)


def _problem(experiment: Experiment, folder: Path) -> InputError | None:
    if (said := job.problem(folder / PROBLEM, ExperimentError)) is not None:
        return said
    if job.began(folder):  # the process takes this away when it has come to its end
        return ExperimentError("experiment_ended", name=experiment.name, log=str(folder / LOG))
    return None


def _write(path: Path, values: Mapping[str, Any]) -> None:
    write_whole(path, json.dumps(values, ensure_ascii=False, default=str).encode())


def work(name: str, folder: Path, seeds: int) -> None:
    """Run the experiment to its end in this process; whatever goes wrong is written down."""
    begin = last = time.monotonic()
    try:
        experiment = load().get(name)
        for step in Lab().run(experiment, seeds=range(seeds)):
            now = time.monotonic()
            if isinstance(step, Found):
                part = record(step, folder / "part")
                part.replace(folder / part.name)
            elif now - last >= PAUSE or step.done == 1:
                last = now
                note = Step(step.done, step.total, step.model, step.seed, step.record.loss, now - begin)
                _write(folder / PROGRESS, asdict(note))
    except InputError as error:
        _write(folder / PROBLEM, {"code": error.code, "details": error.details})
    shutil.rmtree(folder / "part", ignore_errors=True)
    (folder / PROCESS).unlink(missing_ok=True)


if __name__ == "__main__":
    torch.set_num_threads(default_threads())
    work(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
