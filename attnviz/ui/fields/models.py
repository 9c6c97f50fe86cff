"""The models that a page of this kind shows: the shipped ones, and those of runs at a kept step."""

from __future__ import annotations

from typing import cast

import numpy as np
import streamlit as st

from attnviz.data.tasks.fields import FieldTask
from attnviz.runs.feed import RunView
from attnviz.training import checkpoint
from attnviz.ui.fields import claim
from attnviz.ui.fields.look import Look, answers, at_once, look
from attnviz.ui.fields.scene import Changed, FieldModel, Scene, Source
from attnviz.ui.runs.library import watched

LOOKED_AT = 512  # held-out examples that a gallery is chosen from
MISREAD = 4  # of a gallery


@st.cache_resource(show_spinner=False, max_entries=8)
def shipped_model(name: str) -> FieldModel:
    """A ready-trained model; its held-out examples travel with it, so that no package is needed."""
    model, task, _ = checkpoint.load(name)
    return FieldModel(name, name, model, cast(FieldTask, task))


def model_of_run(view: RunView, step: int | None) -> FieldModel:
    """The model of a kept step; None: as it is born. RunError where it is not kept."""
    found = watched(view, step)
    return FieldModel(f"{view.id} {step}", view.id, found.model, cast(FieldTask, found.task))


@st.cache_resource(show_spinner=False, max_entries=96)
def looked(
    key: str, source: Source, changed: Changed, off: tuple[tuple[str, int], ...], _s: Scene, _m: FieldModel
) -> Look:
    """All heads on an example; everybody who asks the same shares it."""
    batch, plan = _s.read(_m.task, source, [changed])
    return look(_m.model, batch, plan, off)


@st.cache_resource(show_spinner=False, max_entries=96)
def claimed(key: str, source: Source, positions: tuple[int, ...], _s: Scene, _m: FieldModel) -> claim.Claim | None:
    """The change that matters most to the answers at these positions of an example as it is."""
    changes = _s.tried(_m.task, source)
    variants: list[Changed] = [(), *((one,) for one in changes)]
    most = at_once(_m.model)
    found = np.concatenate(
        [answers(_m.model, *_s.read(_m.task, source, variants[i : i + most])) for i in range(0, len(variants), most)]
    )
    return claim.strongest(found[0], found[1:], changes, positions)


@st.cache_resource(show_spinner=False, max_entries=16)
def gallery(key: str, count: int, _m: FieldModel) -> tuple[tuple[int, bool], ...]:
    """Numbers of held-out examples worth seeing, and whether each is read right: one of each class, then the others;
    some that are misread are among them."""
    task, pairs = _m.task, list(_m.examples)[:LOOKED_AT]
    if task.per_token:
        return ()
    right: list[bool] = []
    for start in range(0, len(pairs), 64):
        batch = task.collate(pairs[start : start + 64])
        said = answers(_m.model, batch, None)[:, 0].argmax(axis=-1)
        right += [task.labels[int(one)] == pair.target[0] for one, pair in zip(said, pairs[start:], strict=False)]
    first: dict[str, int] = {}
    for number, pair in enumerate(pairs):
        first.setdefault(pair.target[0], number)
    wanted = [first[label] for label in task.labels if label in first][: count - MISREAD]
    wanted += [number for number, fine in enumerate(right) if not fine and number not in wanted][:MISREAD]
    wanted += [number for number in range(len(pairs)) if number not in wanted][: max(0, count - len(wanted))]
    return tuple((number, right[number]) for number in wanted)
