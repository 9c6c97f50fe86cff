"""What was predicted. It lives in the session, and in the address of the experiment that it is about."""

from __future__ import annotations

import streamlit as st

from attnviz.errors import ExperimentError
from attnviz.experiments import Experiment
from attnviz.ui.experiments.link import EXPERIMENT, GUESS
from attnviz.ui.frame.link import said

CHOSEN = "experiment-chosen"  # session state: the name of the experiment on screen, "" for the list
PREDICTED = "experiment-predictions"  # session state: name → prediction as it was chosen; None: taken back


def _kept() -> dict[str, str | None]:
    kept: dict[str, str | None] = st.session_state.setdefault(PREDICTED, {})
    return kept


def predict(name: str, prediction: str | float) -> None:
    """Keep a prediction."""
    _kept()[name] = prediction if isinstance(prediction, str) else f"{prediction:g}"


def withdraw(name: str) -> None:
    """Ask anew, whatever the address says."""
    _kept()[name] = None


def prediction(experiment: Experiment) -> str | None:
    """What was predicted, if anything was; ExperimentError for an address that holds no possible prediction."""
    kept = _kept()
    if experiment.name in kept:
        return kept[experiment.name]
    written, name = said(GUESS), said(EXPERIMENT)
    if written is None or name is None or name.strip().lower() != experiment.name.lower():
        return None
    experiment.asked(written)
    kept[experiment.name] = written
    return written


def refused(experiment: Experiment) -> ExperimentError | None:
    """What is wrong with the address's prediction."""
    try:
        prediction(experiment)
    except ExperimentError as error:
        return error
    return None
