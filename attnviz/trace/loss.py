"""The loss as everywhere in this project: nats per target token."""

from __future__ import annotations

import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional


def token_losses(
    logits: Float[Tensor, "B T V"], targets: Int[Tensor, "B T"], scored: Bool[Tensor, "B T"]
) -> Float[Tensor, "B T"]:
    """−ln p(target) at each position, in nats; 0 where nothing is scored."""
    loss = functional.cross_entropy(logits.float().transpose(1, 2), targets, reduction="none")
    return loss.masked_fill(~scored, 0.0)


def mean_loss(logits: Float[Tensor, "B T V"], targets: Int[Tensor, "B T"], scored: Bool[Tensor, "B T"]) -> float:
    """Nats per scored target token over the whole batch; NaN when nothing is scored."""
    count = int(scored.sum())
    return float(token_losses(logits, targets, scored).sum(dtype=torch.float64)) / count if count else math.nan
