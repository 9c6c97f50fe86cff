"""The experiments as the page has them: read once, and again when a file of the teacher's folder has changed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from attnviz import environment
from attnviz.errors import ExperimentError, InputError, raised
from attnviz.experiments import At, Catalogue, Experiment, Found, Lab, load, recorded

Stamp = tuple[tuple[str, int, int], ...]  # of the folder's files: name, time of change, size
SEEDS = 3  # of an experiment that is done in moments


@dataclass(frozen=True)
class Entry:
    """One experiment, and what can be said of it without running it."""

    experiment: Experiment
    trains: bool
    recorded: Found | None
    problem: InputError | None = None  # what is wrong with its recipe or its recording; None: nothing, or none is there


@st.cache_resource(show_spinner=False, max_entries=4)
def _read(folder: str, stamp: Stamp) -> tuple[Catalogue, tuple[Entry, ...]]:
    catalogue = load(folder)
    return catalogue, tuple(_entry(one) for one in catalogue.experiments.values())


def read() -> tuple[Catalogue, tuple[Entry, ...]]:
    """The catalogue and its entries, in order."""
    return _read(*_stamp())


def _stamp() -> tuple[str, Stamp]:
    folder = os.environ.get(environment.EXPERIMENTS, "")
    if not folder:
        return "", ()
    found = []
    try:
        for path in sorted(Path(folder).glob("*.py")):
            about = path.stat()
            found.append((path.name, about.st_mtime_ns, about.st_size))
    except (OSError, ValueError):  # reading the catalogue says what is wrong with the folder
        return folder, ()
    return folder, tuple(found)


def _entry(experiment: Experiment) -> Entry:
    try:
        trains = bool(experiment.plans(At()))
    except InputError as error:
        return Entry(experiment, False, None, error)
    except Exception as error:  # an experiment is somebody's file: whatever it raises becomes a sentence
        broke = ExperimentError("experiment_broke", name=experiment.name, problem=raised(error))
        return Entry(experiment, False, None, broke)
    try:
        return Entry(experiment, trains, recorded(experiment))
    except ExperimentError as error:
        return Entry(experiment, trains, None, None if error.code == "experiment_no_recording" else error)


def run_now(entry: Entry, first_seed: int) -> Found:
    """Run what trains nothing, with SEEDS seeds from `first_seed` on. Its errors are ExperimentErrors."""
    return _run_now(entry.experiment.name, first_seed, _stamp())


@st.cache_resource(show_spinner=False, max_entries=128)
def _run_now(name: str, first_seed: int, stamp: tuple[str, Stamp]) -> Found:
    catalogue, _ = _read(*stamp)
    *_, last = Lab().run(catalogue.get(name), seeds=range(first_seed, first_seed + SEEDS))
    assert isinstance(last, Found), "the last thing that comes is what was found"
    return last
