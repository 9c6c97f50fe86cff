"""What every head is worth, estimated by one backward pass: a gate on each head, and the slope of the loss at it.

With a gate g that multiplies a head's output, the loss without the head is L(g = 0). To first order that is
L(1) − ∂L/∂g at g = 1 (Molchanov et al. 2017; Michel et al. 2019): all heads at once, for the price of some passes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from attnviz.data.batch import Batch
from attnviz.masks import MaskPlan
from attnviz.model import WatchedModel
from attnviz.model.inference import inference
from attnviz.trace.ablation import all_heads
from attnviz.trace.interventions import Head
from attnviz.trace.loss import token_losses


class Gates:
    """A probe that multiplies every head's output by a gate, 1 to begin with."""

    hears = frozenset({"head_output"})

    def __init__(self, model: WatchedModel) -> None:
        self.gates = {
            site: torch.ones(model.heads(site), device=model.device, requires_grad=True) for site in model.sites
        }

    def wants(self, site: str) -> bool:
        return site in self.gates

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        if name != "head_output" or site not in self.gates:
            return value
        return value * self.gates[site].to(value.dtype)[None, :, None, None]


def head_estimates(model: WatchedModel, batch: Batch, *, masks: MaskPlan | None = None) -> dict[Head, float]:
    """About what switching off each head changes, nats per target token: an estimate, for which head is large.

    A batch in which nothing is scored raises ValueError.
    """
    if batch.targets is None or batch.scored is None or not batch.n_scored:
        raise ValueError("nothing of this batch is scored; there is no loss to estimate by")
    batch = batch.to(model.device)
    assert batch.targets is not None, "checked above"
    assert batch.scored is not None, "targets are scored somewhere"
    masks = masks or model.default_masks(batch.source, batch.decoder_input)
    with inference(model, tokens=batch.positions), torch.enable_grad():
        gates = Gates(model)
        logits = model(batch.source, batch.decoder_input, masks=masks, probe=gates)
        loss = token_losses(logits, batch.targets, batch.scored).sum() / batch.scored.sum()
        slopes = torch.autograd.grad(loss, list(gates.gates.values()), allow_unused=True)
    found = dict(zip(gates.gates, slopes, strict=True))
    return {
        (site, head): 0.0 if (slope := found[site]) is None else -float(slope[head]) for site, head in all_heads(model)
    }
