"""What was predicted. It lives in the session, and in the address of the experiment that it is about."""

from __future__ import annotations

from attnviz.errors import ExperimentError
from attnviz.experiments import Experiment
from attnviz.ui.experiments.link import EXPERIMENT, GUESS
from attnviz.ui.frame.link import said
from attnviz.ui.frame.predicted import kept

CHOSEN = "experiment-chosen"  # session state: the name of the experiment on screen, "" for the list


def predict(name: str, prediction: str | float) -> None:
    """Keep a prediction."""
    kept()[name] = prediction if isinstance(prediction, str) else f"{prediction:g}"


def withdraw(name: str) -> None:
    """Ask anew, whatever the address says."""
    kept()[name] = None


def prediction(experiment: Experiment) -> str | None:
    """What was predicted, if anything was; ExperimentError for an address that holds no possible prediction."""
    made = kept()
    if experiment.name in made:
        written = made[experiment.name]
    else:
        written = said(GUESS) if (said(EXPERIMENT) or "").strip().lower() == experiment.name.lower() else None
    if not written:
        return None
    experiment.asked(written)
    made[experiment.name] = written
    return written


def refused(experiment: Experiment) -> ExperimentError | None:
    """What is wrong with the address's prediction."""
    try:
        prediction(experiment)
    except ExperimentError as error:
        return error
    return None
