"""What a link says about the next fine-tuning: preset, start, task, strategy, number of examples. Read leniently."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from attnviz.settings import FINETUNING
from attnviz.ui.finetuning.choices import RUN, Choices, current, keep
from attnviz.ui.finetuning.form import TASKS
from attnviz.ui.finetuning.presets import PRESETS
from attnviz.ui.frame.notices import shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.sentence import models

ARRIVED = "finetuning-arrived"
LARGEST = 10_000_000


def of(choices: Choices | None) -> dict[str, str | int | None]:
    """What the address shall say; nothing of people's own files and runs."""
    names = ("preset", "start", "task", "strategy", "examples")
    if choices is None:
        return dict.fromkeys(names)
    shared = not choices.start.startswith(RUN)
    preset = PRESETS[choices.preset]
    return {
        "preset": choices.preset,
        "start": choices.start if shared and choices.start != preset.start else None,
        "task": choices.task if choices.own is None and choices.task != preset.task else None,
        "strategy": choices.finetune.strategy,
        "examples": choices.finetune.train_size,
    }


def arrive(frame: Frame) -> list[str]:
    """Take over what the address says, once a session; returns a sentence for each thing that cannot be used."""
    if st.session_state.get(ARRIVED):
        return []
    st.session_state[ARRIVED] = True
    asked = {name: st.query_params[name] for name in of(None) if name in st.query_params}
    choices, refused = read(asked, current())
    keep(choices)
    return [frame.t("url_refused", name=name, value=shortened(asked[name], 40)) for name in refused]


def read(asked: dict[str, str], choices: Choices) -> tuple[Choices, list[str]]:
    """The choices that a link describes, and the names of what was no use."""
    refused = []
    if (preset := asked.get("preset")) is not None:
        if preset in PRESETS:
            choices = Choices(preset=preset)
        else:
            refused.append("preset")
    if (start := asked.get("start")) is not None:
        if start in models.choices():
            choices = replace(choices, start_chosen=start)
        else:
            refused.append("start")
    if (task := asked.get("task")) is not None:
        if task in TASKS:
            choices = replace(choices, task_chosen=task)
        else:
            refused.append("task")
    if (strategy := asked.get("strategy")) is not None:
        if strategy in FINETUNING["strategy"].values:
            choices = choices.with_value("strategy", strategy)
        else:
            refused.append("strategy")
    if (count := asked.get("examples")) is not None:
        if count.isascii() and count.isdecimal() and len(count) <= 8 and int(count) <= LARGEST:
            choices = choices.with_value("train_size", int(count))
        else:
            refused.append("examples")
    return choices, refused
