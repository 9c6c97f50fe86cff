"""A compressed model as a checkpoint that loads again, with figures of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from attnviz.data import Task
from attnviz.data.split import SPLITS
from attnviz.errors import InputError
from attnviz.model import Transformer
from attnviz.training import checkpoint, held_out
from attnviz.training.checkpoint import round_weights
from attnviz.training.evaluation import evaluate
from attnviz.training.manifest import Manifest, SplitSize


def save_compressed(
    path: str | Path,
    model: Transformer,
    task: Task,
    manifest: Manifest,
    *,
    name: str,
    stored: str | None = None,
    limit: int | None = None,
) -> Manifest:
    """Measure `model` as it will be stored (None: as its start was) and write it; `manifest` is that of its start.

    No recipe makes it again, so the new manifest names none. `limit`: examples of each measurement. Raises
    CheckpointError where it cannot be written.
    """
    stored = stored or manifest.stored
    round_weights(model, stored)
    metrics, splits = {}, dict(manifest.splits)
    try:
        for split in SPLITS[1:]:
            metrics[split] = evaluate(model, task, split, limit=limit)
            splits[split] = SplitSize(len(task.split(split)), task.fingerprint(split))
    except InputError as error:  # somebody's own file does not travel with a model: nothing can be measured then
        if error.code != "no_data":
            raise
    made = replace(manifest, name=name, recipe=None, stored=stored, metrics=metrics, splits=splits)
    checkpoint.save(path, model, made, held_out.of(task))
    return made
