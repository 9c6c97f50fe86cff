"""The catalogue: the experiments that come with the package, and those of a folder.

A folder's files are programs and are executed, so the folder is named by whoever starts the program, in the
environment (`ATTNVIZ_EXPERIMENTS`), and by nobody else.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from attnviz import environment
from attnviz.errors import ExperimentError, InputError, raised
from attnviz.experiments import catalogue
from attnviz.experiments.experiment import Experiment


@dataclass(frozen=True)
class Catalogue:
    """The experiments by name, in order, and what was wrong with files that could not be used."""

    experiments: Mapping[str, Experiment]
    problems: tuple[ExperimentError, ...] = ()

    def get(self, name: str) -> Experiment:
        """The experiment of that name; `e1` is E1. Raises ExperimentError for one that is not there."""
        for known, experiment in self.experiments.items():
            if known.lower() == name.strip().lower():
                return experiment
        raise ExperimentError("experiment_unknown", name=name[:40], known=", ".join(self.experiments))


def shipped() -> Mapping[str, Experiment]:
    """The experiments that come with the package, in the order of their files' names."""
    found = {}
    for module in sorted(pkgutil.iter_modules(catalogue.__path__), key=lambda module: module.name):
        experiment = importlib.import_module(f"{catalogue.__name__}.{module.name}").EXPERIMENT
        found[experiment.name] = experiment
    return found


def load(folder: str | Path | None = None) -> Catalogue:
    """The package's experiments and those of a folder (None: the one that `ATTNVIZ_EXPERIMENTS` names, if any).

    A file that is no experiment becomes a sentence in `problems`; the others go on.
    """
    experiments = dict(shipped())
    folder = os.environ.get(environment.EXPERIMENTS) if folder is None else folder
    if not folder:
        return Catalogue(experiments)
    problems: list[ExperimentError] = []
    for path in _files(Path(folder), problems):
        try:
            experiment = _read(path)
        except ExperimentError as error:
            problems.append(error)
            continue
        if experiment.name.lower() in {name.lower() for name in experiments}:
            problems.append(ExperimentError("experiment_name_taken", file=path.name, name=experiment.name))
        else:
            experiments[experiment.name] = experiment
    return Catalogue(experiments, tuple(problems))


def _files(folder: Path, problems: list[ExperimentError]) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".py" and not path.name.startswith("_"))
    except (OSError, ValueError) as error:
        problems.append(ExperimentError("experiment_folder", path=str(folder)[:200], problem=raised(error)))
        return []


def _read(path: Path) -> Experiment:
    """The EXPERIMENT of a file; whatever it raises becomes an ExperimentError with its line."""
    spec = importlib.util.spec_from_file_location(f"attnviz_experiment_{path.stem}", path)
    assert spec is not None, "a path that ends in .py has a loader"
    assert spec.loader is not None, "a path that ends in .py has a loader"
    module = ModuleType(spec.name)
    module.__file__ = str(path)
    try:
        spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: a file must not end the program
        problem = error if isinstance(error, InputError) else raised(error)
        raise ExperimentError("experiment_file", file=path.name, line=_line(error, path), problem=problem) from error
    experiment = getattr(module, "EXPERIMENT", None)
    if not isinstance(experiment, Experiment):
        raise ExperimentError("experiment_file_empty", file=path.name)
    return experiment


def _line(error: BaseException, path: Path) -> int:
    if isinstance(error, SyntaxError):
        return error.lineno or 1
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return lines[-1] or 1 if lines else 1
