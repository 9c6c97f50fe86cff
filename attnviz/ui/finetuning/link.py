"""What a link to Fine-tuning holds: a view, a run or a group of runs, and the next fine-tuning."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from attnviz.settings import FINETUNING
from attnviz.training.finetuning.presets import PRESETS
from attnviz.ui.finetuning.choices import RUN, Choices, current, keep
from attnviz.ui.finetuning.form import TASKS
from attnviz.ui.frame.link import Count, Fields, Link, Name, OneOf, here, read, written
from attnviz.ui.frame.page import Frame
from attnviz.ui.frame.shared_link import FIELDS as SHARED
from attnviz.ui.runs.link import FIELDS as OF_RUNS
from attnviz.ui.sentence import models

ARRIVED = "finetuning-arrived"
LARGEST = 10_000_000
VIEWS = ("tune", "race", "folds", "compare", "list", "elsewhere")

VIEW = OneOf("view", VIEWS, default="tune")
GROUP = Name("group")
PRESET = OneOf("preset", tuple(PRESETS), complaint="url_refused")
START = OneOf("start", models.choices, complaint="url_refused")
TASK = OneOf("task", TASKS, complaint="url_refused")
STRATEGY = OneOf("strategy", FINETUNING["strategy"].values, complaint="url_refused")
EXAMPLES = Count("examples", low=0, high=LARGEST, complaint="url_refused")
NEXT: Fields = (PRESET, START, TASK, STRATEGY, EXAMPLES)
FIELDS: Fields = (*SHARED, *OF_RUNS, VIEW, GROUP, *NEXT)


def parameters(choices: Choices | None) -> dict[str, str | None]:
    """What the address shall say; nothing of people's own files and runs."""
    if choices is None:
        return written(dict.fromkeys(NEXT))
    shared = not choices.start.startswith(RUN)
    preset = PRESETS[choices.preset]
    return written(
        {
            PRESET: choices.preset,
            START: choices.start if shared and choices.start != preset.start else None,
            TASK: (choices.task or None) if choices.own is None and choices.task != preset.task else None,
            STRATEGY: choices.finetune.strategy,
            EXAMPLES: choices.finetune.train_size,
        }
    )


def arrive(frame: Frame) -> list[str]:
    """Take over what the address says, once a session; returns a sentence for each thing that cannot be used."""
    if st.session_state.get(ARRIVED):
        return []
    st.session_state[ARRIVED] = True
    link = read(NEXT, here())
    keep(chosen(link, current()))
    return [frame.t(remark.key, **remark.values) for remark in link.remarks]


def chosen(link: Link, choices: Choices) -> Choices:
    """The choices that a link describes."""
    if (preset := link[PRESET]) is not None:
        choices = Choices(preset=preset)
    if (start := link[START]) is not None:
        choices = replace(choices, start_chosen=start)
    if (task := link[TASK]) is not None:
        choices = replace(choices, task_chosen=task)
    if (strategy := link[STRATEGY]) is not None:
        choices = choices.with_value("strategy", strategy)
    if (count := link[EXAMPLES]) is not None:
        choices = choices.with_value("train_size", count)
    return choices
