"""A whole training step as one CUDA graph: forward, backward, clipping and update, launched once instead of 700 times.

A small model keeps a GPU busy for some microseconds an operation, and Python takes longer than that to ask for each.
A graph is recorded once for every shape of batch, with fixed places for what goes in and out: lengths are therefore
filled up to a few sizes, the learning rate lies on the device, and losses stay there until several are read together.
On a CPU the same object makes the same step operation by operation; that is how it is tested.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from attnviz.config import TrainConfig
from attnviz.data import PAD, Batch
from attnviz.model.written import WrittenTransformer
from attnviz.training.objective import cross_entropy

BUCKET = 16  # lengths are filled up to a multiple of it
MOST_GRAPHS = 16  # shapes with a graph of their own; the oldest gives way
WARM_UP = 3  # steps before a graph is recorded, so that libraries have set themselves up
FIGURES = ("nats", "right", "scored", "norm")  # what a step leaves behind


def bucketed(batch: Batch, most: int) -> Batch:
    """The batch filled up with padding to lengths that are multiples of `BUCKET`, or `most`: nothing else changes.

    Padding of a source is hidden, that of a target comes after all that is scored.
    """

    def filled(x: Tensor | None, value: int) -> Tensor | None:
        if x is None:
            return None
        wanted = min(-(-x.size(1) // BUCKET) * BUCKET, max(most, x.size(1)))
        return functional.pad(x, (0, wanted - x.size(1)), value=value)

    return replace(
        batch,
        src=filled(batch.src, PAD),
        decoder_input=filled(batch.decoder_input, PAD),
        targets=filled(batch.targets, PAD),
        scored=filled(batch.scored, 0),
    )


@dataclass
class _Places:
    """Where a graph finds its batch."""

    src: Tensor | None
    decoder_input: Tensor | None
    targets: Tensor

    @classmethod
    def like(cls, batch: Batch) -> _Places:
        assert batch.targets is not None, "a training batch has targets"
        src, ids = (None if x is None else x.clone() for x in (batch.src, batch.decoder_input))
        return cls(src, ids, batch.targets.clone())

    def take(self, batch: Batch) -> None:
        for place, value in ((self.src, batch.src), (self.decoder_input, batch.decoder_input)):
            if place is not None and value is not None:
                place.copy_(value, non_blocking=True)
        assert batch.targets is not None, "a training batch has targets"
        self.targets.copy_(batch.targets, non_blocking=True)


class GraphedStep:
    """A step of a trainer that computes along the written passes, for batches of one shape.

    What is baked in: dropout, clipping, label smoothing, the optimizer's settings. Whoever changes one of them, or
    puts other tensors into the optimizer's memory, makes a new one.
    """

    def __init__(
        self, passes: WrittenTransformer, optimizer: torch.optim.Optimizer, config: TrainConfig, batch: Batch
    ) -> None:
        self.passes, self.flat, self.optimizer, self.config = passes, passes.flat, optimizer, config
        self.device = passes.flat.weights.device
        self.places = _Places.like(batch)
        self.found: Float[Tensor, " 4"] = torch.zeros(len(FIGURES), device=self.device)
        self._graph: Any = None
        if self.device.type == "cuda":
            self._record()

    def __call__(self, batch: Batch) -> Float[Tensor, " 4"]:
        """Make the step; returns `FIGURES`, on the device, overwritten by the next."""
        self.places.take(batch)
        if self._graph is None:
            self._compute()
        else:
            self._graph.replay()
        return self.found

    def _compute(self) -> None:
        config = self.config
        logits = self.passes(self.places.src, self.places.decoder_input)
        loss = cross_entropy(
            logits,
            self.places.targets,
            pad_id=self.passes.config.pad_id,
            label_smoothing=config.label_smoothing,
            may_be_empty=True,  # to ask is to wait
        )
        loss.objective.backward()
        gradients = self.flat.gradients
        norm = gradients.norm()
        if config.clip_norm:
            gradients *= (config.clip_norm / (norm + 1e-6)).clamp(max=1.0)
        self.optimizer.step()
        self.found.copy_(torch.stack((loss.nats.float(), loss.right.float(), loss.scored.float(), norm)))

    def _record(self) -> None:
        """Warm up on a stream of its own and record; weights and the optimizer's memory are as before afterwards."""
        with self._undone():
            side = torch.cuda.Stream(self.device)
            side.wait_stream(torch.cuda.current_stream(self.device))
            with torch.cuda.stream(side):
                for _ in range(WARM_UP):
                    self._compute()
            torch.cuda.current_stream(self.device).wait_stream(side)
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                self._compute()
        # The graph reads masks and memory that were made while it warmed up: they must not be given away.
        self._in_use = self.passes.in_use()

    @contextmanager
    def _undone(self) -> Iterator[None]:
        """Put every number back in its place afterwards; the tensors stay, for the graph knows no others."""
        optimizer = self.optimizer
        weights = self.flat.weights.clone()
        memory = {
            id(value): value.clone()
            for state in optimizer.state.values()
            for value in state.values()
            if isinstance(value, Tensor)
        }
        try:
            yield
        finally:
            with torch.no_grad():
                self.flat.weights.copy_(weights)
                for state in optimizer.state.values():
                    for value in state.values():
                        if isinstance(value, Tensor):
                            before = memory.get(id(value))
                            value.zero_() if before is None else value.copy_(before)
