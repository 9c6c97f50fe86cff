"""What the model would say next, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from attnviz.data.tokens import Tokens


@dataclass(frozen=True, eq=False)
class Predictions:
    """The k most likely tokens at every position, best first; with targets, how the right one fared.

    `loss` is −ln p(target) in nats, NaN where nothing is scored; `rank` counts from 1, 0 where nothing is scored.
    Where the logits are NaN so are the probabilities, and the target comes last.
    """

    ids: Int[np.ndarray, "B T k"]
    probabilities: Float[np.ndarray, "B T k"]
    tokens: tuple[tuple[tuple[str, ...], ...], ...]  # as ids: tokens[example][position][place]
    loss: Float[np.ndarray, "B T"] | None
    rank: Int[np.ndarray, "B T"] | None

    @property
    def correct(self) -> np.ndarray | None:
        """(B, T) bool: the target is the most likely token; False where nothing is scored."""
        return None if self.rank is None else self.rank == 1

    @property
    def mean_loss(self) -> float | None:
        """Nats per scored target token; NaN when nothing is scored or a loss is NaN."""
        if self.loss is None or self.rank is None:
            return None
        scored = self.loss[self.rank > 0]
        return float(scored.mean(dtype=np.float64)) if scored.size else float("nan")


def log_probabilities(logits: Float[np.ndarray, "*rows V"]) -> Float[np.ndarray, "*rows V"]:
    """ln softmax over the vocabulary, in nats."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    found: Float[np.ndarray, "*rows V"] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return found


def predictions(
    logits: Float[np.ndarray, "B T V"],
    vocabulary: Tokens,
    k: int = 5,
    *,
    targets: np.ndarray | None = None,
    scored: Bool[np.ndarray, "B T"] | None = None,
) -> Predictions:
    """Top-k tokens and probabilities of `logits`; `targets` are token numbers.

    They count where `scored`; None: everywhere.
    """
    if len(vocabulary) != logits.shape[-1]:
        raise ValueError(f"the vocabulary has {len(vocabulary)} tokens, the logits {logits.shape[-1]}")
    if k < 1:
        raise ValueError(f"k is {k}; it must be at least 1")
    with np.errstate(invalid="ignore"):
        logs = log_probabilities(logits)
    ids = np.argsort(-logs, axis=-1, kind="stable")[..., :k]
    best = np.exp(np.take_along_axis(logs, ids, axis=-1))
    names = {i: vocabulary.label(i) for i in np.unique(ids).tolist()}
    tokens = tuple(tuple(tuple(names[i] for i in place) for place in row) for row in ids.tolist())
    if targets is None:
        return Predictions(ids=ids, probabilities=best, tokens=tokens, loss=None, rank=None)
    of_target = np.take_along_axis(logs, targets[..., None], axis=-1)
    scored = np.ones(targets.shape, dtype=bool) if scored is None else scored
    better = np.where(np.isnan(of_target[..., 0]), logs.shape[-1] - 1, (logs > of_target).sum(axis=-1))
    rank = np.where(scored, 1 + better, 0)
    loss = np.where(scored, -of_target[..., 0], np.nan).astype(logits.dtype)
    return Predictions(ids=ids, probabilities=best, tokens=tokens, loss=loss, rank=rank)
