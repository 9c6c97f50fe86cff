"""Weights of one byte: how many bytes, how good the model still is, and how far its attention moved."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np

from attnviz.data import Task
from attnviz.errors import InputError
from attnviz.model import Transformer
from attnviz.trace import watch
from attnviz.training import int8
from attnviz.training.checkpoint import round_weights, stored_weights
from attnviz.training.evaluation import Metrics, evaluate
from attnviz.training.manifest import Manifest

WATCHED = 32  # examples whose attention is compared


@dataclass(frozen=True, eq=False)
class OneByte:
    """A model whose matrices are whole numbers times a scale."""

    model: Transformer
    bytes_before: int  # of the weights in float32
    bytes_after: int  # of the whole numbers, scales, biases and norms

    @property
    def share(self) -> float:
        """Bytes after by bytes before."""
        return self.bytes_after / self.bytes_before


@dataclass(frozen=True, eq=False)
class Quantized(OneByte):
    """Such a model, and what it costs beside the one it was."""

    before: Metrics
    after: Metrics
    moved_mean: float  # attention weights: mean |difference| over the cells that may be seen
    moved_most: float


def one_byte(model: Transformer, manifest: Manifest | None = None) -> OneByte:
    """A copy with weights of one byte. Of a model that has them already it raises InputError."""
    if (manifest is not None and manifest.stored == int8.FORMAT) or _is_quantized(model):
        raise InputError("compress_twice", name="" if manifest is None else manifest.name)
    smaller = copy.deepcopy(model)
    round_weights(smaller, int8.FORMAT)
    return OneByte(
        model=smaller,
        bytes_before=sum(4 * weight.numel() for weight in stored_weights(model).values()),
        bytes_after=sum(w.numel() * w.element_size() for w in stored_weights(model, int8.FORMAT).values()),
    )


def quantize(
    model: Transformer, task: Task, manifest: Manifest | None = None, *, split: str = "test", limit: int | None = None
) -> Quantized:
    """Quantize a copy and measure both on `split`. One that is quantized already raises InputError."""
    small = one_byte(model, manifest)
    batch = task.collate(task.split(split)[:WATCHED])
    one, other = watch(model, batch), watch(small.model, batch)
    moved = [np.abs(one[site].weights - other[site].weights)[one[site].mask] for site in one.sites]
    cells = np.concatenate(moved) if moved else np.zeros(1)
    return Quantized(
        model=small.model,
        bytes_before=small.bytes_before,
        bytes_after=small.bytes_after,
        before=evaluate(model, task, split, limit=limit),
        after=evaluate(small.model, task, split, limit=limit),
        moved_mean=float(cells.mean()),
        moved_most=float(cells.max()),
    )


def _is_quantized(model: Transformer) -> bool:
    """Whether every matrix lies on a grid of 255 values a row: rounding it again changes nothing."""
    weights = {name: parameter.detach().cpu() for name, parameter in model.named_parameters() if parameter.dim() == 2}
    again = int8.unpacked(int8.packed(weights))
    return bool(weights) and all(
        np.allclose(weight.numpy(), again[name].numpy(), rtol=1e-6, atol=1e-9) for name, weight in weights.items()
    )
