"""Experiments: predict, run, reveal. `load()` is the catalogue; one file an experiment.

from attnviz import experiments

catalogue = experiments.load()
result = experiments.run(catalogue.get("E3"), seeds=(0, 1, 2))
result.means, result.verdict.choice
"""

from attnviz.errors import ExperimentError
from attnviz.experiments.experiment import Bound, Choice, Experiment, Quantity, Slider, Source, Try
from attnviz.experiments.lab import Lab, Progress, run
from attnviz.experiments.plan import At, Plan
from attnviz.experiments.recording import record, recorded
from attnviz.experiments.registry import Catalogue, load
from attnviz.experiments.result import Check, Found, Recorded, Row, Verdict
from attnviz.experiments.trained import Trained, free_running

__all__ = [
    "At",
    "Bound",
    "Catalogue",
    "Check",
    "Choice",
    "Experiment",
    "ExperimentError",
    "Found",
    "Lab",
    "Plan",
    "Progress",
    "Quantity",
    "Recorded",
    "Row",
    "Slider",
    "Source",
    "Trained",
    "Try",
    "Verdict",
    "free_running",
    "load",
    "record",
    "recorded",
    "run",
]
