"""What training makes small: cross-entropy in nats per target token; padding is never scored."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

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
) -> Loss:
    """Mean over the target tokens that are not padding; ε label smoothing gives every token ε/V of the mass
    (Szegedy et al. 2016). Where nothing is scored the loss is 0 if it `may_be_empty`, else ValueError."""
    wanted = targets.flatten()
    scored = wanted != pad_id
    count = scored.sum()
    # Elsewhere than on a CPU the answer would have to be waited for.
    if not may_be_empty and targets.device.type == "cpu" and not count:
        raise ValueError("targets are all padding; at least one target token is needed")
    log_p = logits.flatten(0, 1).log_softmax(dim=-1)
    # The sum over the scored tokens by their number: padding costs nothing but its place, and no index is made of it.
    divisor = count.clamp(min=1)
    nats = functional.nll_loss(log_p, wanted, ignore_index=pad_id, reduction="sum") / divisor
    objective = nats
    if label_smoothing:
        even = log_p.mean(dim=-1).masked_fill(~scored, 0.0).sum() / divisor
        objective = (1 - label_smoothing) * nats - label_smoothing * even
    right = ((log_p.argmax(dim=-1) == wanted) & scored).sum()
    return Loss(objective, nats.detach(), count, right)
