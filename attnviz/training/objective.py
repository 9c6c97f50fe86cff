"""What training makes small: cross-entropy in nats per target token; padding is never scored."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor

from attnviz.data import Batch
from attnviz.masks import MaskPlan
from attnviz.model import SILENT, Probe, Transformer


@dataclass(frozen=True)
class Loss:
    """The loss of one batch: `objective` is differentiated, `nats` is what is shown."""

    objective: Float[Tensor, ""]  # with label smoothing
    nats: Float[Tensor, ""]  # without: mean −log p(target), detached
    tokens: int  # scored target tokens
    correct: int  # of them, those whose target got the highest logit


def predict(
    model: Transformer, batch: Batch, masks: MaskPlan | None = None, *, probe: Probe = SILENT
) -> Float[Tensor, "B T V"]:
    """The logits that stand for `batch.targets`. `masks` None: the model's own."""
    return model(batch.src, batch.decoder_input if model.config.has_decoder else None, masks=masks, probe=probe)


def cross_entropy(
    logits: Float[Tensor, "B T V"],
    targets: Int[Tensor, "B T"],
    *,
    pad_id: int = 0,
    label_smoothing: float = 0.0,
    may_be_empty: bool = False,
) -> Loss:
    """Mean over the target tokens that are not padding; ε label smoothing gives every token ε/V of the mass
    (Szegedy et al. 2016). Where nothing is scored the loss is 0 if it `may_be_empty`, else ValueError."""
    scored = targets != pad_id
    log_p = logits[scored].log_softmax(dim=-1)
    wanted = targets[scored]
    if wanted.numel() == 0:
        if may_be_empty:
            nothing = logits.sum() * 0
            return Loss(nothing, nothing.detach(), 0, 0)
        raise ValueError("targets are all padding; at least one target token is needed")
    nats = -log_p.gather(-1, wanted[:, None]).mean()
    objective = nats
    if label_smoothing:
        objective = (1 - label_smoothing) * nats - label_smoothing * log_p.mean()
    correct = int((log_p.argmax(dim=-1) == wanted).sum())
    return Loss(objective, nats.detach(), wanted.numel(), correct)
