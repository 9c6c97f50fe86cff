"""Results that were made beforehand, so that a class need not wait: small JSON files, marked as recorded."""

from __future__ import annotations

import datetime
import hashlib
import json
import math
from pathlib import Path
from typing import Any

import attnviz
from attnviz.config import TrainConfig
from attnviz.errors import ExperimentError, Notice
from attnviz.experiments.experiment import Experiment
from attnviz.experiments.plan import At, Plan
from attnviz.experiments.registry import shipped
from attnviz.experiments.result import Found, Recorded, found
from attnviz.training.manifest import versions

FORMAT, VERSION = "attnviz-experiment", 1
MAX_BYTES = 256 * 2**10


def recordings_folder() -> Path:
    """Where the recorded results lie: in the installed package, or beside it in a source tree."""
    package = Path(attnviz.__file__).resolve().parent
    inside = package / "assets" / "experiments"
    return inside if inside.is_dir() else package.parent / "assets" / "experiments"


def recipe_digest(experiment: Experiment) -> str:
    """16 hex digits of what an experiment trains and measures: a recording of another recipe is not its result."""
    plans = {name: _differing(plan) for name, plan in experiment.plans(At()).items()}
    text = json.dumps({"plans": plans, "measures": [q.name for q in experiment.quantities]}, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _differing(plan: Plan) -> dict[str, Any]:
    """A plan without what is left at its default: a setting that is added later changes no recipe."""
    plain, usual = plan.train.to_dict(), TrainConfig().to_dict()
    return {**plan.to_dict(), "train": {name: value for name, value in plain.items() if value != usual[name]}}


def record(result: Found, folder: Path | None = None) -> Path:
    """Write a result down as a recording; returns the file."""
    path = (folder or recordings_folder()) / f"{result.experiment.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    values = {
        "format": FORMAT,
        "format_version": VERSION,
        "recorded": True,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "made_with": versions(),
        "recipe": recipe_digest(result.experiment),
        **result.to_dict(),
    }
    path.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    return path


def recorded(experiment: Experiment, folder: Path | None = None) -> Found:
    """The recorded result. ExperimentError where there is none, where the file is damaged, or of another recipe."""
    path = (folder or recordings_folder()) / f"{experiment.name}.json"
    if not path.is_file():
        raise ExperimentError("experiment_no_recording", name=experiment.name)

    def broken(problem: object) -> ExperimentError:
        return ExperimentError("experiment_recording", name=experiment.name, file=path.name, problem=problem)

    try:
        if path.stat().st_size > MAX_BYTES:
            raise broken(Notice("reason_bytes", {"given": path.stat().st_size}))
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] != FORMAT or values["format_version"] != VERSION:
            raise broken("other_format")
        if values["recipe"] != recipe_digest(experiment):
            raise broken("another_recipe")
        by_name = {row["name"]: [_number(value) for value in row["values"]] for row in values["rows"]}
        seeds = [int(seed) for seed in values["seeds"]]
        measured = [{name: numbers[i] for name, numbers in by_name.items()} for i in range(len(seeds))]
        made = Recorded(str(values["date"]), {str(k): str(v) for k, v in values["made_with"].items()}, values["recipe"])
        seconds, size = float(values["seconds"]), float(values["size"])
    except (OSError, KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, ExperimentError):
            raise
        raise broken(error) from None
    return found(experiment, measured, seeds, size=size, seconds=seconds, recorded=made)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def quoted(name: str) -> Found | None:
    """What a shipped experiment found, for pages that quote it; None where its recording cannot be used."""
    try:
        return recorded(shipped()[name])
    except ExperimentError:
        return None
