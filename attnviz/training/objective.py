"""What training makes small: cross-entropy in nats per target token; padding is never scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable

from attnviz.data import Batch
from attnviz.masks import MaskPlan
from attnviz.model import SILENT, Probe, Transformer


@dataclass(frozen=True)
class Loss:
    """The loss of one batch: `objective` is differentiated, `nats` is what is shown.

    Everything stays on the device; `tokens` and `correct` wait for it.
    """

    objective: Float[Tensor, ""]  # with label smoothing
    nats: Float[Tensor, ""]  # without: mean −log p(target), detached
    scored: Int[Tensor, ""]  # number of target tokens that are scored
    right: Int[Tensor, ""]  # of them, those whose target got the highest logit
    slope: Float[Tensor, "N V"] | None = None  # d objective / d logits, where it was found beside it, without autograd

    @property
    def tokens(self) -> int:
        """Scored target tokens."""
        return int(self.scored)

    @property
    def correct(self) -> int:
        """Of them, those whose target got the highest logit."""
        return int(self.right)


def predict(
    model: Transformer, batch: Batch, masks: MaskPlan | None = None, *, probe: Probe = SILENT
) -> Float[Tensor, "B T V"]:
    """The logits that stand for `batch.targets`. `masks` None: the model's own."""
    found: Float[Tensor, "B T V"] = model(
        batch.source, batch.decoder_input if model.config.has_decoder else None, masks=masks, probe=probe
    )
    return found


def cross_entropy(
    logits: Float[Tensor, "B T V"],
    targets: Int[Tensor, "B T"],
    *,
    pad_id: int = 0,
    label_smoothing: float = 0.0,
    may_be_empty: bool = False,
    with_slope: bool = False,
) -> Loss:
    """Mean over the target tokens that are not padding; ε label smoothing gives every token ε/V of the mass
    (Szegedy et al. 2016). Where nothing is scored the loss is 0 if it `may_be_empty`, else ValueError.

    `with_slope`: autograd is left out, and d objective / d logits stands in the loss.
    """
    wanted = targets.flatten()
    scored = wanted != pad_id
    count = scored.sum()
    # Elsewhere than on a CPU the answer would have to be waited for.
    if not may_be_empty and targets.device.type == "cpu" and not count:
        raise ValueError("targets are all padding; at least one target token is needed")
    flat = logits.flatten(0, 1)
    if with_slope:
        with torch.no_grad():
            objective, nats, log_p, share = _compared(flat, wanted, scored, count, label_smoothing)
            right = ((likeliest(log_p) == wanted) & scored).sum()
            return Loss(objective, nats, count, right, _slope(log_p.exp_(), wanted[:, None], share, label_smoothing))
    objective, nats, log_p = _MeanCrossEntropy.apply(flat, wanted, scored, count, label_smoothing)
    right = ((likeliest(log_p) == wanted) & scored).sum()
    return Loss(objective, nats, count, right)


def likeliest(scores: Float[Tensor, "N V"]) -> Int[Tensor, " N"]:
    """The place of each row's largest number, the first of equal ones. On a CPU by NumPy: up to 20 times as fast."""
    if scores.device.type != "cpu" or scores.dtype not in (torch.float32, torch.float64):
        return scores.argmax(dim=-1)
    return torch.from_numpy(scores.detach().numpy().argmax(axis=-1))


def _compared(
    logits: Float[Tensor, "N V"], wanted: Int[Tensor, " N"], scored: Tensor, count: Tensor, smoothing: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(objective, nats, log p, each row's share of the mean)."""
    log_p = logits.log_softmax(dim=-1)
    # The sum over the scored tokens by their number: padding costs nothing but its place; no index is made of it.
    divisor, padding = count.clamp(min=1), ~scored
    nats = log_p.gather(1, wanted[:, None])[:, 0].masked_fill_(padding, 0.0).sum().neg_() / divisor
    objective = nats.clone()
    if smoothing:
        objective = (1 - smoothing) * nats - smoothing * log_p.mean(-1).masked_fill_(padding, 0.0).sum() / divisor
    return objective, nats, log_p, scored.to(log_p.dtype) / divisor


def _slope(p: Float[Tensor, "N V"], target: Int[Tensor, "N 1"], share: Tensor, smoothing: float) -> Tensor:
    """(p − what is wanted) · share, in the memory of p."""
    if smoothing:
        p -= smoothing / p.size(-1)
    p.scatter_add_(1, target, p.new_full((1, 1), smoothing - 1).expand_as(target))
    return p.mul_(share[:, None])


class _MeanCrossEntropy(torch.autograd.Function):
    """(objective, nats, log p), the objective alone differentiated, and once: d/dz = (p − what is wanted) / tokens.

    By hand, because the steps of `log_softmax` and `nll_loss` take twice the time. A test holds them together.
    """

    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, wanted: Tensor, scored: Tensor, count: Tensor, smoothing: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        objective, nats, log_p, share = _compared(logits, wanted, scored, count, smoothing)
        ctx.save_for_backward(log_p, wanted[:, None], share)
        ctx.smoothing = smoothing
        ctx.mark_non_differentiable(nats, log_p)
        ctx.set_materialize_grads(False)
        return objective, nats, log_p

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        if gradients[0] is None:
            return None, None, None, None, None
        log_p, target, share = ctx.saved_tensors
        return _slope(log_p.exp(), target, share * gradients[0], ctx.smoothing), None, None, None, None
