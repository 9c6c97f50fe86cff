"""What each head is worth for one question: estimated for all heads at once, then measured one after the other."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from attnviz.data import Batch
from attnviz.model import WatchedModel
from attnviz.trace import TokenEffects, all_heads, token_effects
from attnviz.trace.estimate import head_estimates
from attnviz.ui.sentence.reading import Head, Picture

MOST_WORK = 3e11  # multiplications: about twenty seconds of a laptop's; what takes longer is not measured unasked
QUICK = 1e10  # so few are done before anything is drawn
SECONDS = 1.0  # of measuring between two pictures


class Worth:
    """What is known so far; shared by everybody who asks the same, and each of them may drive it on."""

    def __init__(self) -> None:
        self.effects: TokenEffects | None = None  # of all heads, when all are measured
        self.estimate: Mapping[Head, float] = {}
        self.finished = False  # all heads are measured, or there is no loss to measure by
        self._parts: list[TokenEffects] = []
        self._lock = threading.Lock()

    @property
    def exact(self) -> Mapping[Head, float]:
        """Δloss of the heads that are measured, nats per target token."""
        return {head: change for part in list(self._parts) for head, change in part.means().items()}

    def begin(self, model: WatchedModel, intact: Picture) -> None:
        """Nothing is to be done where there is no loss, or no head can be switched off."""
        loss = intact.trace.loss
        if "ablate" not in model.can or loss is None or not math.isfinite(loss):
            self.finished = True

    def measure(self, model: WatchedModel, batch: Batch) -> None:
        """Every head, exactly."""
        with self._lock:
            if not self.finished:
                self._parts = [token_effects(model, batch)]
                self._finish(model)

    def go_on(self, model: WatchedModel, batch: Batch, seconds: float = SECONDS) -> None:
        """The estimate if it is not there yet; else more heads exactly, the most important first, for so long."""
        with self._lock:
            if self.finished:
                return
            if not self.estimate:
                self.estimate = head_estimates(model, batch)
                return
            known = self.exact
            left = sorted((head for head in all_heads(model) if head not in known), key=self._rank)
            end, count = time.monotonic() + seconds, 1
            while left and time.monotonic() < end:
                self._parts.append(token_effects(model, batch, heads=left[:count]))
                left, count = left[count:], min(2 * count, 16)
            if not left:
                self._finish(model)

    def _rank(self, head: Head) -> float:
        return -abs(self.estimate.get(head, 0.0))

    def _finish(self, model: WatchedModel) -> None:
        """All parts as one, in the order of the heads."""
        first = self._parts[0]
        heads = [head for part in self._parts for head in part.heads]
        order = [heads.index(head) for head in all_heads(model)]
        self.effects = replace(
            first,
            heads=all_heads(model),
            loss=np.concatenate([part.loss for part in self._parts])[order],
            top=np.concatenate([part.top for part in self._parts])[order],
        )
        self.finished = True


def work_of(model: WatchedModel, intact: Picture) -> float:
    """Multiplications that switching off every head, one by one, takes."""
    tokens = intact.trace.logits.shape[1]
    return float(sum(p.numel() for p in model.parameters())) * tokens * sum(map(model.heads, model.sites))
