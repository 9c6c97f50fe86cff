"""How long a group of runs will take, from a few steps made on the spot."""

from __future__ import annotations

import copy
import time

import streamlit as st

from attnviz.data import InputError
from attnviz.training.finetuning.tuner import FineTuner
from attnviz.ui.finetuning.choices import Choices, prepared
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs.series import left
from attnviz.ui.text import words

WARM, TIMED = 1, 3  # steps made before, and measured
BESIDE = 1.5  # times the steps alone: opening, evaluating, writing


def estimate(frame: Frame, choices: Choices, entries: list[str], seeds: int) -> str:
    """A sentence; empty where nothing is chosen, or where what is chosen does not fit."""
    try:
        steps = sum(seconds_a_step(choices.with_value("strategy", entry)) for entry in entries)
    except (InputError, ValueError):
        return ""
    said = left(steps * seeds * choices.train.steps * BESIDE)
    if not entries or said is None:
        return ""
    return frame.t(
        "race_estimate",
        time=words("runs", frame.language)(said[0], **said[1]),
        runs=len(entries) * seeds,
        steps=f"{choices.train.steps:,}",
        ms=f"{1000 * steps / len(entries):.0f}",
    )


def seconds_a_step(choices: Choices) -> float:
    """Of one step of this strategy on this machine, measured once."""
    return _measured(choices.signature, choices.train.batch_size, choices)


@st.cache_data(show_spinner=False, max_entries=256)
def _measured(signature: str, batch_size: int, _choices: Choices) -> float:
    tuner = FineTuner(copy.deepcopy(prepared(_choices)), _choices.train)  # what is shown is not trained
    for _ in range(WARM):
        tuner.advance()
    began = time.perf_counter()
    for _ in range(TIMED):
        tuner.advance()
    return (time.perf_counter() - began) / TIMED
