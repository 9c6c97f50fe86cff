"""Heads taken out of a model for good (Michel et al. 2019), the least important first or at random.

A head that is out has no weights left: its rows of the three projections and its columns of W_O are 0. The model keeps
its shape, so that it is stored, loaded and drawn like any other.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from attnviz.data import Batch, Task
from attnviz.errors import InputError
from attnviz.model import MultiHeadAttention, Transformer
from attnviz.trace.ablation import all_heads, head_effects
from attnviz.trace.interventions import Head
from attnviz.training.evaluation import evaluate
from attnviz.training.finetuning.race import score_of

Order = Literal["importance", "random"]


@dataclass(frozen=True)
class PrunePoint:
    """A model with its first few heads out."""

    out: tuple[Head, ...]
    share: float  # of the heads that were there
    score: float  # exact match; accuracy of models that write no sequence
    loss: float  # nats per target token


def head_order(
    model: Transformer, batch: Batch | None = None, *, by: Order = "importance", seed: int = 0
) -> tuple[Head, ...]:
    """The heads that are still there, in the order in which they go. By importance: first the one without which the
    loss on `batch` grows least, with all others still there."""
    gone = set(pruned_heads(model))
    heads = [head for head in all_heads(model) if head not in gone]
    if by == "random":
        random.Random(seed).shuffle(heads)
        return tuple(heads)
    if batch is None:
        raise ValueError("importance is measured on a batch; none was given")
    effects = sorted(head_effects(model, batch), key=lambda effect: effect.loss)
    return tuple(head for effect in effects if (head := (effect.site, effect.head)) not in gone)


def prune(model: Transformer, heads: Collection[Head]) -> Transformer:
    """A copy without these heads. Raises InputError: "compress_head" for one that is not there, "compress_every_head"
    when none would be left."""
    known = all_heads(model)
    for site, head in heads:
        if (site, head) not in known:
            raise InputError("compress_head", site=site, head=head, known=", ".join(model.sites))
    if not known or {*heads, *pruned_heads(model)} >= set(known):
        raise InputError("compress_every_head", heads=len(known))
    smaller = copy.deepcopy(model)
    with torch.no_grad():
        for site, head in heads:
            attention = _attention(smaller, site)
            where = _features(attention, head)
            for projection in (attention.q_proj, attention.k_proj, attention.v_proj):
                projection.weight[where] = 0
                projection.bias[where] = 0
            attention.out_proj.weight[:, where] = 0
    return smaller


def pruned_heads(model: Transformer) -> tuple[Head, ...]:
    """The heads that give nothing: all of their columns of W_O are 0."""
    found = []
    for site, head in all_heads(model):
        module = model.get_submodule(site)
        if isinstance(module, MultiHeadAttention) and not module.out_proj.weight[:, _features(module, head)].any():
            found.append((site, head))
    return tuple(found)


def head_counts(heads: int, points: int) -> list[int]:
    """How many of so many heads are out at the points of a curve: 0, … all but one."""
    most = max(0, heads - 1)
    return sorted({round(most * step / max(1, points - 1)) for step in range(points)})


def pruning_curve(
    model: Transformer,
    task: Task,
    order: Sequence[Head],
    *,
    points: int = 8,
    split: str = "validation",
    limit: int | None = 256,
) -> Iterator[PrunePoint]:
    """The model with 0, … all but one head out, in `points` steps of about equal size, each measured on `split`."""
    for count in head_counts(len(order), points):
        out = tuple(order[:count])
        metrics = evaluate(prune(model, out) if out else model, task, split, limit=limit)
        yield PrunePoint(out, count / max(1, len(order)), score_of(metrics), metrics.loss)


def _attention(model: Transformer, site: str) -> MultiHeadAttention:
    module = model.get_submodule(site)
    if not isinstance(module, MultiHeadAttention):  # one head of another kind: there is nothing to take out
        raise InputError("compress_every_head", heads=1)
    return module


def _features(attention: MultiHeadAttention, head: int) -> slice:
    width = attention.q_proj.out_features // attention.n_heads
    return slice(head * width, (head + 1) * width)
