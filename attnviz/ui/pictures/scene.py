"""Pictures: patches are hidden from every query, so that their weight is 0 everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from attnviz.data import Batch, Pair
from attnviz.data.tasks.digits import PictureTask
from attnviz.data.tasks.fields import FieldTask
from attnviz.masks import MaskPlan
from attnviz.model.graph import adjacent
from attnviz.ui.fields.look import Look
from attnviz.ui.fields.scene import Change, Changed, Scene, Source
from attnviz.ui.text import Words


def picture_task(task: FieldTask) -> PictureTask:
    """The task as one of pictures."""
    assert isinstance(task, PictureTask), f"{task.info.name} is about no pictures"
    return task


class Pictures(Scene):
    """A change is a patch by its position, from 1, row by row: its column of the mask is blocked in every head."""

    page = "pictures"
    shipped = ("digits", "digits-low")
    package = "scikit-learn"
    extra = "pictures"

    def read(self, task: FieldTask, source: Source, variants: Sequence[Changed]) -> tuple[Batch, MaskPlan | None]:
        field = task.field([source] * len(variants))
        count = len(task.places(source)) + 1
        visible = torch.ones(len(variants), count, count)
        for row, hidden in enumerate(variants):
            visible[row, :, [int(patch) for patch in hidden]] = 0
        labels = (self.positions(task, source),) * len(variants)
        batch = Batch(src=None, decoder_input=None, targets=None, pixels=field, src_labels=labels)
        return batch, MaskPlan(encoder_self=adjacent(visible))

    def possible(self, task: FieldTask, source: Source) -> frozenset[Change]:
        return frozenset(self.tried(task, source))

    def tried(self, task: FieldTask, source: Source) -> tuple[Change, ...]:
        return tuple(str(patch + 1) for patch in range(len(task.places(source))))

    def truth(self, task: FieldTask, pair: Pair, changed: Changed) -> tuple[str | None, ...]:
        return (pair.target[0], *(None for _ in task.places(pair.source)))

    def drawn(
        self, task: FieldTask, source: Source, gallery: Sequence[Pair]
    ) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        pictures = picture_task(task)
        values = {
            "side": pictures.side,
            "across": pictures.side // pictures.patch_size,
            "channels": pictures.channels,
            "ink": pictures.info.name == "digits",  # bright is ink: drawn in the colour of the text
        }
        fields = task.field([source, *(pair.source for pair in gallery)]).numpy().astype(np.float32)
        return values, {"pixels": fields[0], "thumbnails": fields[1:]}

    def facts(self, t: Words, task: FieldTask, pair: Pair, now: Look, changed: Changed) -> list[str]:
        low, high = now.row_sums
        blocked = t("fact_blocked", weight=f"{now.most_blocked:g}", count=len(changed)) if changed else t("fact_none")
        return [blocked, t("fact_rollout", low=f"{low:.3f}", high=f"{high:.3f}")]

    def named(self, t: Words, task: FieldTask, change: Change) -> Mapping[str, Any]:
        row, column = task.places(())[int(change) - 1].split(",")
        return {"row": row, "column": column}

    def title(self, t: Words, number: int, task: FieldTask, pair: Pair) -> str:
        return t("title_picture", number=number + 1, label=task.title(pair.target[0], t.language))

    def remarks(self, t: Words, task: FieldTask, source: Source, changed: Changed) -> list[str]:
        return [t("all_hidden")] if len(changed) == len(task.places(source)) else []
