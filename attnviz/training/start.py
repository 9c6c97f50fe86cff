"""Weights to begin from, and the vocabularies that they were learned with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from attnviz.config import ModelConfig
from attnviz.data import Task, tasks
from attnviz.errors import CheckpointError
from attnviz.model import Transformer
from attnviz.training import checkpoint


@dataclass(frozen=True)
class Start:
    """A trained model that a run begins from."""

    name: str
    config: ModelConfig
    task: Task  # what it was trained on: its vocabularies number the model's rows
    weights: Mapping[str, Tensor]  # by parameter name; a tied weight may be there under either name


def from_checkpoint(name_or_path: str) -> Start:
    """A shipped model or a checkpoint folder. Raises CheckpointError."""
    model, task, manifest = checkpoint.load(name_or_path)
    return Start(manifest.name, model.config, task, model.state_dict())


def without_weights(name_or_path: str | Path) -> Start:
    """What can be said of a start before its weights are read. Raises CheckpointError."""
    task, manifest = checkpoint.load_task(name_or_path)
    return Start(manifest.name, manifest.model, task, {})


def with_vocabularies_of(task: Task, start: Task) -> Task:
    """A task that reads and says tokens by the numbers of `start`; tokens that it lacks become <unk>.

    The given task is left as it is, unless it holds a user's own file, which no copy would.
    """
    same = task.tgt_vocab == start.tgt_vocab and task.src_vocab == start.src_vocab
    if same:
        return task
    lengths = max(task.max_src_len, start.max_src_len), max(task.max_tgt_len, start.max_tgt_len)
    if task.info.name not in tasks.names():
        task.freeze(start.src_vocab, start.tgt_vocab, *lengths)
        return task
    return tasks.restore(task.info.name, task.options, start.src_vocab, start.tgt_vocab, *lengths)


def load_weights(model: Transformer, start: Start) -> tuple[str, ...]:
    """Copy every weight that fits by name and shape; returns the names of parameters that keep their own values.

    Where nothing fits, the model is of another family and CheckpointError says so.
    """
    missing = []
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            value = start.weights.get(name)
            if value is None or value.shape != parameter.shape:
                missing.append(name)
            else:
                parameter.copy_(value.to(parameter.dtype))
    if len(missing) == len(list(model.parameters())):
        raise CheckpointError("checkpoint_names", file=start.name, problem="no_weight_fits")
    return tuple(missing)
