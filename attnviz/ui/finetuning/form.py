"""The form of the next fine-tuning: start, task, strategy and its own settings; the others in an expander."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import get_args

import streamlit as st

from attnviz.data import InputError, Task
from attnviz.data.augmentation import augmentations_of
from attnviz.data.tasks.catalogue import INFOS
from attnviz.settings import FINETUNING, TRAINING
from attnviz.settings.choices import LoRATarget
from attnviz.training.finetuning.presets import PRESETS
from attnviz.ui.finetuning import own_data
from attnviz.ui.finetuning.choices import RUN, Choices, change, current, keep, start_of
from attnviz.ui.frame.controls import choose, shown
from attnviz.ui.frame.notices import shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs.fields import ask
from attnviz.ui.runs.library import library
from attnviz.ui.sentence import models
from attnviz.ui.text import words

TASKS = (
    "copy",
    "reverse",
    "sort",
    "lookup",
    "numbers-formal",
    "numbers-zh",
    "numbers-en",
    "dates",
    "inflection",
    "pinyin-sentences",
    "pinyin-phrases",
    "pinyin",
    "traditional",
    "segmentation",
    "python-syntax",
    "hsk-topic",
    "sentiment-zh",
    "sentiment-en",
    "lm-zh",
    "lm-en",
)
OWN = "own"  # the task that is a file of people's own
SIZES = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)
LISTED = 30  # runs that are offered as a start

OWN_FIELDS: Mapping[str, tuple[str, ...]] = {
    "last-layers": ("last_layers",),
    "layer-decay": ("layer_decay",),
    "gradual": ("unfreeze_every", "unfreeze_blocks"),
    "lora": ("lora_rank", "lora_alpha"),
    "adapter": ("adapter_size",),
}
GROUPS: Mapping[str, tuple[str, ...]] = {
    "regular": ("dropout", "weight_decay", "l1", "label_smoothing", "patience", "eval_every"),
    "data": ("augmentation", "augmentation_share", "new_tokens", "backbone", "data_seed"),
    "optimizer": ("batch_size", "warmup_steps", "schedule", "optimizer", "clip_norm", "seed"),
}


def show(frame: Frame, task: Task | None) -> None:
    """Draw the form. `task` None: it is not known yet."""
    before = current()
    _preset(frame, before)
    _start(frame, before)
    choices = _task(frame, before)
    _strategy(frame, choices)
    if task is not None:
        _size(frame, choices, task)
    _fields(frame, ("steps", "learning_rate"), choices, task)
    with st.expander(frame.t("more_choices"), icon=":material/tune:", key="ft-more"):
        for group, names in GROUPS.items():
            st.html(f'<h2 class="rn-group">{frame.t(f"group_{group}")}</h2>')
            _fields(frame, names, choices, task)
    if choices != before:
        keep(choices)
        st.rerun()
    if before.changed and st.button(frame.t("back_to_preset"), icon=":material/undo:", key="ft-back"):
        keep(replace(before, changed={}))
        st.rerun()


def _preset(frame: Frame, choices: Choices) -> None:
    picked = choose(
        f"ft-preset:{choices.preset}",
        frame.t("preset"),
        tuple(PRESETS),
        lambda name: frame.t(f"preset_{name.replace('-', '_')}"),
        default=choices.preset,
    )
    if picked != choices.preset:
        keep(Choices(preset=picked))
        st.rerun()


def _start(frame: Frame, choices: Choices) -> None:
    labels = {name: models.label(name, folder, frame.language) for name, folder in models.choices().items()}
    for one in library().list()[:LISTED]:
        if one.status is not None and one.status.step:
            labels[f"{RUN}{one.id}"] = frame.t("start_run", name=shortened(one.name, 40), step=f"{one.status.step:,}")
    if choices.start not in labels:
        labels[choices.start] = choices.start
    _select(frame, "start", list(labels), labels.__getitem__, choices.start, _start_from)


def _start_from(picked: str) -> None:
    keep(replace(current(), start_chosen=picked))


def _task(frame: Frame, choices: Choices) -> Choices:
    own = choices.own is not None or not choices.task
    now = OWN if own else choices.task
    offered = TASKS if own or now in TASKS else (now, *TASKS)  # a preset's may be one of pictures
    labels = {name: INFOS[name].title[frame.language] for name in offered} | {OWN: frame.t("task_own")}
    _select(frame, "task", list(labels), labels.__getitem__, now, _for_task)
    return own_data.ask(frame, choices) if own else choices


def _for_task(picked: str) -> None:
    choices = current()
    if picked == OWN:
        keep(replace(choices, preset="own", start_chosen=choices.start, task_chosen="", own=None))
    else:
        keep(replace(choices, task_chosen=picked, own=None))


def _strategy(frame: Frame, choices: Choices) -> None:
    strategy = choices.finetune.strategy

    def name(code: str) -> str:
        return frame.t(f"strategy_{code.replace('-', '_')}")

    _select(frame, "strategy", FINETUNING["strategy"].values, name, strategy, partial(change, "strategy"))
    st.html(f'<p class="rn-why">{frame.t("why_strategy_" + strategy.replace("-", "_"))}</p>')
    if strategy == "lora":
        chosen = shown(f"ft-targets:{frame.language}", frozenset(choices.finetune.lora_targets), _targets)
        st.pills(
            frame.t("field_lora_targets"),
            get_args(LoRATarget),
            selection_mode="multi",
            default=sorted(chosen.value),
            key=chosen.key,
            format_func=lambda name: frame.t(f"target_{name}"),
            on_change=chosen.answered,
        )
    _fields(frame, OWN_FIELDS.get(strategy, ()), choices, None)


def _targets(chosen: frozenset[LoRATarget]) -> None:
    if chosen:  # none at all would train nothing
        change("lora_targets", tuple(sorted(chosen, key=get_args(LoRATarget).index)))


def _size(frame: Frame, choices: Choices, task: Task) -> None:
    everything = len(task.split("train"))
    sizes = [size for size in SIZES if size < everything] + [0]
    now = choices.finetune.train_size if choices.finetune.train_size < everything else 0
    if now not in sizes:
        sizes = [*sorted({*sizes, now} - {0}), 0]
    picked = shown(f"ft-size:{frame.language}", now, partial(change, "train_size"))
    st.select_slider(
        frame.t("field_train_size"),
        sizes,
        picked.value,
        key=picked.key,
        format_func=lambda size: f"{size:,}" if size else frame.t("size_all", count=f"{everything:,}"),
        on_change=picked.answered,
    )


def _fields(frame: Frame, names: tuple[str, ...], choices: Choices, task: Task | None) -> None:
    for start in range(0, len(names), 2):
        for column, name in zip(st.columns(2, gap="small"), names[start : start + 2], strict=False):
            with column:
                _field(frame, name, choices, task)


def _field(frame: Frame, name: str, choices: Choices, task: Task | None) -> None:
    value, heard = choices.value(name), partial(change, name)
    row, values = TRAINING[name] if name in TRAINING else FINETUNING[name], None
    if name == "dropout" and value is None:
        value = _start_dropout(choices)
    elif name == "augmentation":
        if task is None:
            return
        values = augmentations_of(task)
    elif name == "augmentation_share" and choices.finetune.augmentation == "none":
        return
    words_of_values = frame.t if name in FINETUNING and name != "dropout" else words("runs", frame.language)
    ask(words_of_values, row, value, heard, scope="finetuning", values=values)


def _start_dropout(choices: Choices) -> float:
    try:
        return start_of(choices).config.dropout
    except InputError:
        return 0.1


def _select(
    frame: Frame, name: str, codes: Sequence[str], show: Callable[[str], str], now: str, heard: Callable[[str], None]
) -> None:
    found = shown(f"ft-{name}:{frame.language}", now, heard)
    place = codes.index(now)
    st.selectbox(frame.t(f"field_{name}"), codes, place, format_func=show, key=found.key, on_change=found.answered)
