"""What the lab keeps of a forward pass: the weights of every head, and one head in full.

`attnviz.trace.watch` keeps everything; at 512 tokens that is more than a cell painted in a drag can wait for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from attnviz.data import Batch
from attnviz.masks import MaskPlan
from attnviz.model import Chain, WatchedModel
from attnviz.model.inference import inference
from attnviz.model.probe import ALL_TAPS, Probe
from attnviz.trace.application import MaskApplication
from attnviz.trace.interventions import Intervention
from attnviz.trace.leakage import Influence, Side, influences
from attnviz.trace.loss import mean_loss
from attnviz.trace.watching import to_numpy

Floats = NDArray[np.float32]
WEIGHTS = frozenset({"weights"})
DETAILS = ("scores", "mask", "masked_scores", "weights", "head_output", "sink")


@dataclass(frozen=True, eq=False)
class Pass:
    """One forward pass of one example."""

    weights: Mapping[str, Floats]  # by attention site, (H, T, S)
    detail: Mapping[str, NDArray[np.generic]]  # of the head looked at: DETAILS, (T, S), the output (T, D), a sink (T)
    logits: Floats  # (T, V)
    loss: float | None  # nats per target token


@dataclass
class Lens:
    """A probe that keeps and changes nothing."""

    site: str
    head: int
    weights: dict[str, Floats] = field(default_factory=dict)
    detail: dict[str, NDArray[np.generic]] = field(default_factory=dict)

    def wants(self, site: str) -> bool:
        return site.endswith("_attn")

    def hears_at(self, site: str) -> frozenset[str]:
        return ALL_TAPS if site == self.site else WEIGHTS

    def passed(self, logits: Floats, batch: Batch) -> Pass:
        """What was kept of the pass that gave these logits for the batch's first example."""
        loss = None
        if batch.targets is not None and batch.scored is not None:
            loss = mean_loss(torch.from_numpy(logits)[None], batch.targets[:1].cpu(), batch.scored[:1].cpu())
        mask = np.broadcast_to(self.detail["mask"], self.detail["scores"].shape)
        return Pass(self.weights, {**self.detail, "mask": mask}, logits, loss)

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        if name == "weights":
            self.weights[site] = to_numpy(value[0])
        if site == self.site and name in DETAILS:
            per_head = value[0, self.head if value.size(1) > 1 else 0]
            self.detail[name] = to_numpy(per_head)
        return value


def run(model: WatchedModel, batch: Batch, masks: MaskPlan, application: MaskApplication, site: str, head: int) -> Pass:
    """The model on the batch's first example, under `masks` applied as `application` says."""
    lens = Lens(site, head)
    probe = lens if application == MaskApplication() else Chain([application.probe(), lens])
    with inference(model, tokens=batch.positions):
        logits = model(batch.src, batch.decoder_input, masks=masks, probe=probe)
    return lens.passed(to_numpy(logits[0]), batch)


def run_replacing(
    model: WatchedModel,
    batch: Batch,
    masks: MaskPlan,
    application: MaskApplication,
    site: str,
    head: int,
    *,
    side: Side,
    token: int,
    specials: Collection[int],
) -> tuple[Pass, Influence]:
    """`run`, and beside it in the same pass the example with one input replaced: two passes take longer."""
    lens = Lens(site, head)
    interventions: list[Probe | Intervention] = [lens] if application == MaskApplication() else [application, lens]
    (found,) = influences(
        model,
        batch,
        side,
        masks=masks,
        interventions=interventions,
        inputs=[token],
        replacements=1,
        specials=specials,
    )
    return lens.passed(found.logits, batch), found
