"""Weights of a model from elsewhere fitted to batches, and the memory that it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from attnviz.data.batch import Batch
from attnviz.errors import ForeignError
from attnviz.foreign.adapter import ForeignModel
from attnviz.foreign.load import free_memory, size_text
from attnviz.trace.loss import token_losses

CLIP = 1.0  # the longest step, as a norm of all gradients
A_WEIGHT = 4  # bytes of a number
A_TRAINED = 12  # bytes more of one that is trained: its gradient, and two averages of the optimizer
SPARE = 1.25  # times that: what is between the layers


@dataclass(frozen=True)
class TuningStep:
    """One step of training."""

    step: int  # from 1
    loss: float  # nats per scored token, before the step


def fit(
    model: ForeignModel,
    parameters: Sequence[nn.Parameter],
    batches: Sequence[Batch],
    *,
    steps: int,
    learning_rate: float,
) -> Iterator[TuningStep]:
    """AdamW on these parameters, a batch a step, one after another and again; yields every step as it is done.

    Raises ValueError where there is nothing to learn from.
    """
    for batch in batches:
        if batch.targets is None or not batch.n_scored:
            raise ValueError("a batch without scored targets has nothing to learn from")
    if not batches:
        raise ValueError("there are no batches to learn from")
    optimizer = torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=0.0)
    for step in range(steps):
        batch = batches[step % len(batches)].to(model.device)
        assert batch.targets is not None, "checked above"
        assert batch.scored is not None, "targets are scored somewhere or nowhere"
        logits = model(batch.source, batch.decoder_input)
        loss = token_losses(logits, batch.targets, batch.scored).sum() / batch.scored.sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, CLIP)
        optimizer.step()
        yield TuningStep(step + 1, float(loss.detach()))


def memory_to_tune(parameters: int, trained: int) -> int:
    """Bytes that training `trained` of a model's `parameters` takes, the model itself included."""
    return round(SPARE * (A_WEIGHT * parameters + A_TRAINED * trained))


def refuse_what_does_not_fit(name: str, parameters: int, trained: int) -> None:
    """ForeignError with the memory that it would take, where that is not free."""
    needed, free = memory_to_tune(parameters, trained), free_memory()
    if free is not None and needed > free:
        raise ForeignError("foreign_tuning_memory", name=name, needed=size_text(needed), free=size_text(free))


class WholeModel:
    """Every weight of a model, to be trained; what it was before is gone then."""

    def __init__(self, model: ForeignModel) -> None:
        refuse_what_does_not_fit(model.name, 0, model.parameters_count)
        self.model = model
        model.net.requires_grad_(True)

    @property
    def trained(self) -> int:
        """Numbers that training changes: all."""
        return self.model.parameters_count

    def train(self, batches: Sequence[Batch], *, steps: int, learning_rate: float = 1e-4) -> Iterator[TuningStep]:
        """Fit all weights to the batches' targets, one after another and again."""
        return fit(self.model, list(self.model.net.parameters()), batches, steps=steps, learning_rate=learning_rate)

    def save(self, folder: Path) -> None:
        """Write the model as transformers does: config and safetensors."""
        net = self.model.net
        implementation = net.config._attn_implementation
        net.config._attn_implementation = "eager"  # ours is not known elsewhere
        try:
            net.save_pretrained(folder)
        finally:
            net.config._attn_implementation = implementation
