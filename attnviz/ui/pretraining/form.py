"""The form of the next run: a preset, few settings at first, the others in an expander."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from attnviz.data import Task
from attnviz.data.objectives import objectives_of, own_objective
from attnviz.settings import MODEL, TRAINING, Setting
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.notices import shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.pretraining.choices import Choices, change, current, data_name, keep
from attnviz.ui.pretraining.presets import PRESETS
from attnviz.ui.runs.fields import ask
from attnviz.ui.text import words

OTHER = "other-data"  # in the list of presets: data that no preset is for
FIELDS: Mapping[str, Setting] = {**TRAINING, **MODEL}
FIRST = ("objective", "n_decoder_layers", "n_heads", "learning_rate")
GROUPS: dict[str, tuple[str, ...]] = {
    "model": ("n_encoder_layers", "d_model", "d_ff", "positions", "norm", "activation", "initialiser"),
    "optimizer": ("optimizer", "schedule", "warmup_steps", "steps", "batch_size", "clip_norm"),
    "regular": ("dropout", "weight_decay", "l1", "label_smoothing", "seed"),
}


def show(frame: Frame, task: Task) -> None:
    """Draw the form."""
    choices = current()
    _preset(frame, choices)
    t = words("runs", frame.language)
    for start in range(0, len(FIRST), 2):
        for column, name in zip(st.columns(2, gap="small"), FIRST[start : start + 2], strict=True):
            with column:
                _field(t, name, choices, task)
    with st.expander(frame.t("more_choices"), icon=":material/tune:", key="more-choices"):
        for group, names in GROUPS.items():
            st.html(f'<h2 class="rn-group">{frame.t(f"group_{group}")}</h2>')
            for start in range(0, len(names), 2):
                for column, name in zip(st.columns(2, gap="small"), names[start : start + 2], strict=False):
                    with column:
                        _field(t, name, choices, task)
    if choices.changed and st.button(frame.t("back_to_preset"), icon=":material/undo:", key="back-to-preset"):
        keep(Choices(choices.preset, choices.task, choices.own))
        st.rerun()


def _preset(frame: Frame, choices: Choices) -> None:
    """The presets; before them the data, where they are not those of the preset."""
    others = choices.own is not None or choices.task_name != PRESETS[choices.preset].task
    names, now = (OTHER, *PRESETS) if others else tuple(PRESETS), OTHER if others else choices.preset
    data = data_name(choices, frame.language)
    picked = choose(
        f"preset:{choices.preset}:{data if others else ''}",
        frame.t("preset"),
        names,
        lambda name: shortened(data, 60) if name == OTHER else frame.t(f"preset_{name.replace('-', '_')}"),
        default=now,
    )
    if picked != now:
        keep(Choices(preset=picked))
        st.rerun()
    if others:
        settings = frame.t(f"preset_{choices.preset.replace('-', '_')}")
        st.caption(frame.t("settings_of_preset", preset=settings))


def _field(t: Any, name: str, choices: Choices, task: Task) -> None:
    field, value = FIELDS[name], choices.value(name)
    values: tuple[Any, ...] | None = None
    if name == "n_encoder_layers" and task.src_vocab is None:
        return
    if name == "objective":
        own, values = own_objective(task), objectives_of(task)
        if own is not None:
            heard = partial(_objective, own)
            ask(t, field, value or own, heard, scope="pretraining", values=values)
        return
    if name == "n_heads":
        values = tuple(heads for heads in MODEL["n_heads"].offered if fits(choices, heads, choices.value("d_model")))
    if name == "d_model":
        values = tuple(width for width in MODEL["d_model"].offered if fits(choices, choices.value("n_heads"), width))
    ask(t, field, value, partial(change, name), scope="pretraining", values=values)


def _objective(own: str, picked: str) -> None:
    change("objective", None if picked == own else picked)


def fits(choices: Choices, heads: int, width: int) -> bool:
    """Whether so many heads divide a width, and into an even part where positions turn pairs."""
    return width % heads == 0 and (choices.value("positions") != "rotary" or (width // heads) % 2 == 0)
