"""Several processes train one model: each takes its rows of every batch, and all make the same update.

`torchrun --nproc_per_node 2 -m attnviz train …` starts them. The global batch, and so every number of the run, is that
of a single process: the loss is the mean over all target tokens of all ranks, not a mean of the ranks' means.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from attnviz.data import PAD, Batch
from attnviz.masks import MaskPlan
from attnviz.model import Transformer
from attnviz.training.objective import Loss

_RANK_STRIDE = 7_919  # seeds of the ranks' dropout


class Ranks:
    """This process among those that train together; made by `joined`, inside torch's process group."""

    def __init__(self, device: torch.device | str = "cpu") -> None:
        self.rank = dist.get_rank()
        self.size = dist.get_world_size()
        self.device = torch.device(device)

    @property
    def writes(self) -> bool:
        """Whether this is the process that prints, evaluates and writes files: the first."""
        return self.rank == 0

    def seed(self, seed: int) -> int:
        """A seed of this rank's own, so that dropout differs between ranks; the first has the run's."""
        return seed + _RANK_STRIDE * self.rank

    def share(self, batch: Batch) -> Batch:
        """Every size-th row from this rank's on, as wide as the whole batch. Lengths are sorted, so shares are even.

        A rank that would get nothing reads the first row and scores none of it.
        """
        mine = range(self.rank, batch.size, self.size) or range(1)
        rows = slice(mine.start, batch.size if len(mine) > 1 else mine.start + 1, self.size)

        def cut(x: Tensor | None) -> Tensor | None:
            return None if x is None else x[rows]

        targets, scored = cut(batch.targets), cut(batch.scored)
        if self.rank >= batch.size and targets is not None:
            targets, scored = torch.full_like(targets, PAD), None
        return replace(
            batch,
            src=cut(batch.src),
            decoder_input=cut(batch.decoder_input),
            targets=targets,
            scored=scored,
            src_labels=batch.src_labels[rows],
            decoder_labels=batch.decoder_labels[rows],
            target_labels=batch.target_labels[rows],
            unknown_src=batch.unknown_src[rows],
            unknown_decoder=batch.unknown_decoder[rows],
        )

    def wrap(self, model: Transformer) -> nn.Module:
        """torch's DistributedDataParallel around the model: it averages gradients while they are being computed."""
        return DistributedDataParallel(model)

    def predict(self, wrapped: nn.Module, batch: Batch, masks: MaskPlan | None) -> Float[Tensor, "B T V"]:
        """`objective.predict` through the wrapper."""
        has_decoder = wrapped.module.config.has_decoder  # type: ignore[union-attr]
        logits: Tensor = wrapped(batch.src, batch.decoder_input if has_decoder else None, masks=masks)
        return logits

    def join(self, loss: Loss) -> Loss:
        """The loss of the global batch. Its objective is this rank's part, scaled so that the *average* of the ranks'
        gradients is the gradient of the mean over all tokens."""
        sums = torch.stack((loss.nats.double() * loss.scored, loss.scored.double(), loss.right.double()))
        sums = sums.to(self._sum_device)
        dist.all_reduce(sums)
        nats, tokens, correct = sums.to(loss.nats.device)
        return Loss(
            objective=loss.objective * (self.size * loss.scored / tokens).to(loss.objective.dtype),
            nats=(nats / tokens).to(loss.nats.dtype),
            scored=tokens.long(),
            right=correct.long(),
        )

    def average(self, gradients: Float[Tensor, " N"]) -> None:
        """The ranks' mean in place: what the wrapper does, for gradients that lie in one buffer."""
        dist.all_reduce(gradients)
        gradients /= self.size

    def agree(self, weights: Float[Tensor, " N"]) -> None:
        """The first rank's weights for all."""
        dist.broadcast(weights, src=0)

    @property
    def _sum_device(self) -> torch.device:
        return self.device if self.device.type == "cuda" else torch.device("cpu")


@contextmanager
def joined(device: torch.device | str = "cpu") -> Iterator[Ranks | None]:
    """Inside, this process is one of those that `torchrun` started; None where it is alone.

    Ranks on CUDA talk over nccl, one GPU each (take `local_device`); all others over gloo.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield None
        return
    device = torch.device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Ranks(device)
    finally:
        dist.destroy_process_group()


def local_device(device: torch.device | str) -> torch.device:
    """The device of this rank: "cuda" becomes the GPU whose number is the rank's on its machine."""
    device = torch.device(device)
    if device.type == "cuda" and device.index is None and "LOCAL_RANK" in os.environ:
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    return device
