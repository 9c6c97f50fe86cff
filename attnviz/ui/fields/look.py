"""One forward pass over a picture or a graph, and what it says: plain functions, no Streamlit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from attnviz.data import SPECIALS, Batch
from attnviz.masks import MaskPlan
from attnviz.model import WatchedModel
from attnviz.model.inference import inference
from attnviz.trace import HeadsOff, watch
from attnviz.trace.interventions import Head
from attnviz.trace.rollout import rollout

AT_ONCE = 2_000_000  # weights of one layer that a pass makes; more variants go into several passes


@dataclass(frozen=True, eq=False)
class Look:
    """All heads on one example; position 0 is CLS."""

    weights: Float[np.ndarray, "L H S S"]
    mask: Bool[np.ndarray, "L H S S"]  # True = may attend
    rollout: Float[np.ndarray, "L S S"]  # after each layer; rows sum to 1
    chances: Float[np.ndarray, "S labels"]  # of each label, at each position

    @property
    def most_blocked(self) -> float:
        """The largest weight that any head puts where it may not look: 0 when the mask does its work."""
        return float(np.where(self.mask, 0, self.weights).max(initial=0))

    @property
    def row_sums(self) -> tuple[float, float]:
        """The smallest and the largest sum of a row of the rollout."""
        sums = self.rollout.sum(axis=-1)
        return float(sums.min()), float(sums.max())


def look(model: WatchedModel, batch: Batch, plan: MaskPlan | None, off: Collection[Head] = ()) -> Look:
    """Watch a batch of one, with these heads off."""
    heads_off = [HeadsOff(off)] if off else []
    trace = watch(model, batch, masks=plan, interventions=heads_off, sites=model.sites, taps=())
    weights = trace.weights("encoder_self")
    return Look(
        weights=weights[:, 0],
        mask=trace.mask("encoder_self")[:, 0],
        rollout=rollout(weights)[:, 0],
        chances=_chances(trace.logits)[0],
    )


def answers(model: WatchedModel, batch: Batch, plan: MaskPlan | None) -> Float[np.ndarray, "B S labels"]:
    """What a model says of each example at each position, as probabilities of the labels."""
    with inference(model):
        logits = model(batch.source, None, masks=plan)
    return _chances(logits.float().cpu().numpy())


def at_once(model: WatchedModel) -> int:
    """Examples that one pass of `answers` may have."""
    heads = max(map(model.heads, model.sites))
    return max(1, AT_ONCE // (heads * model.max_len * model.max_len))


def _chances(logits: Float[np.ndarray, "B S V"]) -> Float[np.ndarray, "B S labels"]:
    """Softmax over everything that can be said; the labels stand behind the specials."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    found: Float[np.ndarray, "B S labels"] = (shifted / shifted.sum(axis=-1, keepdims=True))[..., len(SPECIALS) :]
    return found
