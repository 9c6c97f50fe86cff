"""What the next run will be: one frozen value in the session, changed by the data tab and by the form."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

import streamlit as st

from attnviz.config import ModelConfig, TrainConfig
from attnviz.data import Task, tasks
from attnviz.data.user_table import Layout
from attnviz.language import Language
from attnviz.training import model_config_for
from attnviz.ui.pretraining.presets import PRESETS, preset_for

KEPT = "pretraining-choices"
TRAIN_FIELDS = frozenset(one.name for one in fields(TrainConfig))


def plain_name(name: str) -> str:
    """A file's name as a run may keep it: no path, not too long, its ending kept."""
    return re.sub(r"[/\\:\x00-\x1f]", "_", name)[-100:]


@dataclass(frozen=True)
class OwnFile:
    """A file of people's own: it stays in the session until a run is made of it."""

    name: str
    data: bytes
    tokens: str = "auto"
    kind: Literal["", "text", "pairs"] = ""  # what is made of it; "": as the end of its name says
    layout: Layout = field(default_factory=Layout)  # how it is read

    @property
    def digest(self) -> str:
        return hashlib.blake2b(self.data, digest_size=8).hexdigest()

    @property
    def task(self) -> str:
        """The task that such a file makes."""
        return f"user-{self.kind or ('text' if self.name.lower().endswith('.txt') else 'pairs')}"

    @property
    def options(self) -> dict[str, Any]:
        """Options of that task."""
        names = ("tokens",) if self.task == "user-text" else ("source_tokens", "target_tokens")
        tokens = {} if self.tokens == "auto" else dict.fromkeys(names, self.tokens)
        chosen = self.layout.chosen
        return tokens | (
            {key: chosen[key] for key in chosen if key == "encoding"} if self.task == "user-text" else chosen
        )


@dataclass(frozen=True)
class Choices:
    """A preset, the data, and whatever was changed by hand."""

    preset: str = next(iter(PRESETS))
    task: str = ""  # "": the preset's
    own: OwnFile | None = None
    changed: Mapping[str, Any] = field(default_factory=dict)  # field of ModelConfig or TrainConfig → value

    @property
    def task_name(self) -> str:
        return self.own.task if self.own else self.task or PRESETS[self.preset].task

    @property
    def task_options(self) -> dict[str, Any]:
        """Options of the task: the preset's own, where the task is the preset's."""
        if self.own is not None:
            return self.own.options
        preset = PRESETS[self.preset]
        return dict(preset.task_options) if self.task_name == preset.task else {}

    @property
    def shape(self) -> dict[str, Any]:
        """Fields of ModelConfig that differ from what fits the task."""
        mine = {name: value for name, value in self.changed.items() if name not in TRAIN_FIELDS}
        return {**PRESETS[self.preset].shape, **mine}

    @property
    def train(self) -> TrainConfig:
        mine = {name: value for name, value in self.changed.items() if name in TRAIN_FIELDS}
        return replace(PRESETS[self.preset].train, **mine)

    def value(self, name: str) -> Any:
        """What a field will be, whether changed or not."""
        if name in TRAIN_FIELDS:
            return getattr(self.train, name)
        return self.shape.get(name, _FITTING.get(name))

    def with_value(self, name: str, value: Any) -> Choices:
        """The same with one field changed; back to the preset's value is no change."""
        untouched = replace(self, changed={key: old for key, old in self.changed.items() if key != name})
        return untouched if untouched.value(name) == value else replace(self, changed={**self.changed, name: value})

    def with_task(self, name: str) -> Choices:
        """The same for another task: with that task's own preset where there is one."""
        found = preset_for(name)
        if found is not None:
            return Choices(preset=found)
        return Choices(preset=self.preset, task=name, changed=self.changed)


_FITTING = {one.name: one.default for one in fields(ModelConfig)}


def current() -> Choices:
    """The session's choices."""
    kept = st.session_state.get(KEPT)
    if not isinstance(kept, Choices) or kept.preset not in PRESETS:
        kept = st.session_state[KEPT] = Choices()
    return kept


def keep(choices: Choices) -> None:
    """From now on these."""
    st.session_state[KEPT] = choices


def change(name: str, value: Any) -> None:
    """One field by hand."""
    keep(current().with_value(name, value))


def data_name(choices: Choices, language: Language) -> str:
    """What people call the data: the file's name, or the task's title."""
    return choices.own.name if choices.own else tasks.info(choices.task_name).title[language]


def task_of(choices: Choices) -> Task:
    """The task with its data; InputError says what is wrong with a file."""
    if choices.own is None:
        return tasks.get(choices.task_name, **choices.task_options)
    return _own_task(choices.own.digest, f"{choices.own.task} {choices.own.options}", choices.own)


def model_config(choices: Choices, task: Task) -> ModelConfig:
    """The shape of the model for this task; an impossible one raises ValueError naming the field."""
    return model_config_for(task, **choices.shape)


@st.cache_resource(show_spinner=False, max_entries=8)
def _own_task(digest: str, plan: str, _own: OwnFile) -> Task:
    make = tasks.from_text if _own.task == "user-text" else tasks.from_csv
    return make(_own.data, name=_own.name, **_own.options)
