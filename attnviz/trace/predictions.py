"""What the model would say next, and how sure it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from attnviz.data.tokens import Tokens

FEW = 512  # tokens of a vocabulary that are sorted as a whole
AT_ONCE = 2**22  # logits that are computed with at once: steps in between take several times as many bytes


@dataclass(frozen=True, eq=False)
class Predictions:
    """The k most likely tokens at every position, best first; with targets, how the right one fared.

    `loss` is −ln p(target) in nats, NaN where nothing is scored; `rank` counts from 1, 0 where nothing is scored.
    Where the logits are NaN so are the probabilities, and the target comes last.
    """

    ids: Int[np.ndarray, "B T k"]
    probabilities: Float[np.ndarray, "B T k"]
    names: Mapping[int, str]  # of the ids
    loss: Float[np.ndarray, "B T"] | None
    rank: Int[np.ndarray, "B T"] | None

    @cached_property
    def tokens(self) -> tuple[tuple[tuple[str, ...], ...], ...]:
        """As ids: tokens[example][position][place]."""
        return tuple(tuple(tuple(self.names[i] for i in place) for place in row) for row in self.ids.tolist())

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
    k = min(k, logits.shape[-1])
    ids = np.empty((*logits.shape[:2], k), dtype=np.int64)
    best = np.empty(ids.shape, dtype=logits.dtype)
    of_target = np.empty(logits.shape[:2], dtype=logits.dtype)
    better = np.empty(logits.shape[:2], dtype=np.int64)
    for rows, logs in _in_parts(logits):
        ids.reshape(-1, k)[rows] = likeliest = _likeliest(logs, k)
        best.reshape(-1, k)[rows] = np.exp(np.take_along_axis(logs, likeliest, axis=-1))
        if targets is not None:
            right = np.take_along_axis(logs, targets.reshape(-1)[rows, None], axis=-1)
            of_target.reshape(-1)[rows] = right[:, 0]
            better.reshape(-1)[rows] = (logs > right).sum(axis=-1)
    names = {i: vocabulary.label(i) for i in np.unique(ids).tolist()}
    if targets is None:
        return Predictions(ids=ids, probabilities=best, names=names, loss=None, rank=None)
    scored = np.ones(targets.shape, dtype=bool) if scored is None else scored
    better = np.where(np.isnan(of_target), logits.shape[-1] - 1, better)
    rank = np.where(scored, 1 + better, 0)
    loss = np.where(scored, -of_target, np.nan).astype(logits.dtype)
    return Predictions(ids=ids, probabilities=best, names=names, loss=loss, rank=rank)


def probabilities_of(logits: Float[np.ndarray, "B T V"], ids: Int[np.ndarray, "B T k"]) -> Float[np.ndarray, "B T k"]:
    """What `logits` say of the tokens `ids`."""
    found = np.empty(ids.shape, dtype=logits.dtype)
    flat = found.reshape(-1, ids.shape[-1])
    for rows, logs in _in_parts(logits):
        flat[rows] = np.exp(np.take_along_axis(logs, ids.reshape(flat.shape)[rows], axis=-1))
    return found


def _in_parts(logits: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Some rows at a time, and their log-probabilities (N, V)."""
    flat = logits.reshape(-1, logits.shape[-1])
    count = max(1, AT_ONCE // logits.shape[-1])
    for first in range(0, len(flat), count):
        rows = slice(first, first + count)
        with np.errstate(invalid="ignore"):
            yield rows, log_probabilities(flat[rows])


def _likeliest(logs: Float[np.ndarray, "N V"], k: int) -> Int[np.ndarray, "N k"]:
    """The k most likely tokens of each row, best first; of equals the one with the lower number, NaN last.

    Tens of thousands are not sorted for the sake of five; a few hundred are sorted at once.
    """
    if logs.shape[-1] <= FEW:
        return np.argsort(-logs, axis=-1, kind="stable")[:, :k]
    bound = np.partition(-logs, k - 1, axis=-1)[:, k - 1]
    found = np.empty((len(logs), k), dtype=np.int64)
    for row, (values, worst) in enumerate(zip(-logs, bound, strict=True)):
        among = np.arange(len(values)) if np.isnan(worst) else np.flatnonzero(values <= worst)
        found[row] = among[np.argsort(values[among], kind="stable")[:k]]
    return found
