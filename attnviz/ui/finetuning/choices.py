"""What the next fine-tuning will be: one frozen value in the session, changed by the form."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import streamlit as st

from attnviz.config import FineTuneConfig, TrainConfig
from attnviz.data import SPECIALS, InputError, Task, tasks
from attnviz.data.user_table import Layout
from attnviz.training.finetuning.found_rates import SEARCHED
from attnviz.training.finetuning.prepare import Prepared, fits, prepare
from attnviz.training.finetuning.presets import LARGEST_RATE, PRESETS
from attnviz.training.start import Start, without_weights
from attnviz.ui.runs.library import library
from attnviz.ui.sentence import models

KEPT = "finetuning-choices"
TRAIN_FIELDS = frozenset(one.name for one in fields(TrainConfig))
# Tasks that can be read by words or by characters, and the options that say so.
EITHER_WAY: Mapping[str, tuple[str, ...]] = {
    "sentiment-en": ("tokens",),
    "user-labels": ("tokens",),
    "user-pairs": ("source_tokens", "target_tokens"),
}
RUN = "run:"  # what a start begins with that is a run of this machine


@dataclass(frozen=True)
class OwnFile:
    """A file of people's own: it stays in the session until a run is made of it."""

    name: str
    data: bytes
    kind: str = "labels"  # what is learned of its texts: "labels" or "pairs"
    layout: Layout = field(default_factory=Layout)  # how it is read

    @property
    def digest(self) -> str:
        return hashlib.blake2b(self.data, digest_size=8).hexdigest()

    @property
    def task(self) -> str:
        """The task that such a file makes."""
        return f"user-{self.kind}"


@dataclass(frozen=True)
class Choices:
    """A preset, and whatever was changed by hand."""

    preset: str = next(iter(PRESETS))
    start_chosen: str = ""  # "": the preset's; a shipped name or "run:<id>"
    task_chosen: str = ""  # "": the preset's
    own: OwnFile | None = None
    changed: Mapping[str, Any] = field(default_factory=dict)  # field of TrainConfig or FineTuneConfig → value

    @property
    def start(self) -> str:
        return self.start_chosen or PRESETS[self.preset].start

    @property
    def task(self) -> str:
        """The task's name; "" while a file is waited for."""
        return self.own.task if self.own else self.task_chosen or PRESETS[self.preset].task

    @property
    def task_options(self) -> dict[str, Any]:
        """Options of the task: the preset's own, where the task is the preset's, and the start's way of reading."""
        preset = PRESETS[self.preset]
        options = dict(preset.task_options) if self.task == preset.task else {}
        names = EITHER_WAY.get(self.task, ())
        if self.own is not None:
            options |= self.own.layout.chosen
        return options | dict.fromkeys(names, "characters") if names and reads_characters(self) else options

    @property
    def finetune(self) -> FineTuneConfig:
        return replace(PRESETS[self.preset].finetune, **self._changed_of(FineTuneConfig))

    @property
    def train(self) -> TrainConfig:
        preset = PRESETS[self.preset]
        train, factor = preset.train, preset.rates.get(self.finetune.strategy, 1)
        rate = train.learning_rate if factor == 1 else min(train.learning_rate * factor, LARGEST_RATE)
        return replace(train, **{"learning_rate": rate, **self._changed_of(TrainConfig)})

    def unsearched(self, strategies: Iterable[str]) -> tuple[str, ...]:
        """Those whose rate nobody searched for this start and task: they take a usual one."""
        if "learning_rate" in self.changed:
            return ()
        preset = PRESETS[self.preset]
        same = (self.start, self.task) == (preset.start, preset.task)
        searched = {str(one) for one in SEARCHED.get(preset.name, {})} if same else set()
        return tuple(one for one in strategies if one not in searched)

    def _changed_of(self, kind: type) -> dict[str, Any]:
        mine = {one.name for one in fields(kind)}
        return {name: value for name, value in self.changed.items() if name in mine}

    def value(self, name: str) -> Any:
        """What a field will be, whether changed or not."""
        return getattr(self.train if name in TRAIN_FIELDS else self.finetune, name)

    def with_value(self, name: str, value: Any) -> Choices:
        """The same with one field changed; back to the preset's value is no change."""
        untouched = replace(self, changed={key: old for key, old in self.changed.items() if key != name})
        return untouched if untouched.value(name) == value else replace(self, changed={**self.changed, name: value})

    @property
    def plan(self) -> dict[str, Any]:
        """The start as runs name it."""
        if self.start.startswith(RUN):
            return {"run": self.start.removeprefix(RUN)}
        folder = models.choices().get(self.start)
        shipped = folder is None or self.start in _shipped()
        return {"checkpoint": self.start if shipped else str(folder)}

    @property
    def signature(self) -> str:
        """What a prepared model depends on."""
        own = [self.own.digest, self.own.kind] if self.own else None
        plan = [self.start, self.task, self.task_options, own, self.finetune.to_dict(), self.train.seed]
        return json.dumps(plan, sort_keys=True, default=str)


def _shipped() -> tuple[str, ...]:
    from attnviz.training import checkpoint

    return checkpoint.shipped()


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


def task_of(choices: Choices) -> Task:
    """The task with its data; InputError says what is wrong with a file."""
    if choices.own is None:
        return tasks.get(choices.task, **choices.task_options)
    options = choices.task_options
    return _own_task(choices.own.digest, choices.own.kind, tuple(options.items()), choices.own)


def reads_characters(choices: Choices) -> bool:
    """Whether every token that the start reads is one character."""
    try:
        task = (start_of if choices.start.startswith(RUN) else described)(choices).task
    except InputError:
        return False
    return all(len(token) == 1 for token in (task.src_vocab or task.tgt_vocab).tokens[len(SPECIALS) :])


def that_fit(choices: Choices) -> tuple[str, ...]:
    """Names of models that these data and this strategy could begin from."""
    each = {name: replace(choices, start_chosen=name) for name in models.choices()}
    return _that_fit(choices.signature, tuple((name, _stamp(name)) for name in each), each)


@st.cache_resource(show_spinner=False, max_entries=24)
def _that_fit(signature: str, stamps: tuple[tuple[str, str], ...], _each: Mapping[str, Choices]) -> tuple[str, ...]:
    found = []
    for name, one in _each.items():
        with contextlib.suppress(InputError, ValueError):
            if fits(described(one), task_of(one), one.finetune):
                found.append(name)
    return tuple(found)


def start_of(choices: Choices) -> Start:
    """The model to begin from; InputError says why there is none."""
    return _start(choices.start, _stamp(choices.start))


def described(choices: Choices) -> Start:
    """The same of a model that is no run, before its weights are read: what every model is asked for costs little."""
    return _described(choices.start, _stamp(choices.start))


def prepared(choices: Choices) -> Prepared:
    """Model, data and the table of what trains; InputError or ValueError for what does not fit."""
    return _prepared(choices.signature, _stamp(choices.start), choices)


def _stamp(start: str) -> str:
    """Changes when the start does."""
    if start.startswith(RUN):
        return str(max(library().open(start.removeprefix(RUN)).kept_steps(), default=-1))
    folder = models.choices().get(start)
    return "" if folder is None else f"{folder} {models.stamp(folder)}"


@st.cache_resource(show_spinner=False, max_entries=8)
def _own_task(digest: str, kind: str, options: tuple[tuple[str, Any], ...], _own: OwnFile) -> Task:
    make = tasks.from_labels if kind == "labels" else tasks.from_csv
    return make(_own.data, name=_own.name, **dict(options))


@st.cache_resource(show_spinner=False, max_entries=12)
def _start(name: str, stamp: str) -> Start:
    if name.startswith(RUN):
        run = library().open(name.removeprefix(RUN))
        from attnviz.runs.creation import last_of

        model, task = run.model_at(last_of(run.kept_steps()))
        from attnviz.model.lora import plain_copy

        plain = plain_copy(model)
        return Start(run.name, plain.config, task, plain.state_dict())
    loaded = models.load(name)
    return Start(loaded.manifest.name, loaded.model.config, loaded.task, loaded.model.state_dict())


@st.cache_resource(show_spinner=False, max_entries=32)
def _described(name: str, stamp: str) -> Start:
    folder = models.choices().get(name)
    return without_weights(name if folder is None else folder)


@st.cache_resource(show_spinner=False, max_entries=24)
def _prepared(signature: str, stamp: str, _choices: Choices) -> Prepared:
    return prepare(start_of(_choices), task_of(_choices), _choices.finetune, seed=_choices.train.seed)
