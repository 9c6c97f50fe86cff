"""What one can say about a head from its weights alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float


@dataclass(frozen=True, eq=False)
class HeadStatistics:
    """Averages over the queries that count, one number a head; NaN where no query counts.

    Positions are compared by index. In cross-attention `same` is therefore the source token with the query's own
    index, `previous` the one before it, and `distance` is counted between the two indices: high `same` means
    that both sequences are read in step, as in hanzi → pinyin.
    """

    entropy: Float[np.ndarray, "*heads"]  # nats: 0 = all on one key, ln(n) = even over n keys
    distance: Float[np.ndarray, "*heads"]  # tokens between query and key, weighted
    previous: Float[np.ndarray, "*heads"]  # share on the key before the query's index, of queries that have one
    first: Float[np.ndarray, "*heads"]  # share on key 0
    same: Float[np.ndarray, "*heads"]  # share on the key at the query's own index, of queries that have one

    FIELDS = ("entropy", "distance", "previous", "first", "same")


def row_entropy(weights: Float[np.ndarray, "*rows S"]) -> Float[np.ndarray, "*rows"]:
    """−Σ w ln w over the keys, in nats; 0·ln 0 = 0."""
    positive = np.where(weights > 0, weights, 1)
    found: Float[np.ndarray, "*rows"] = -(weights * np.log(positive)).sum(axis=-1)
    return found


def statistics(
    weights: Float[np.ndarray, "*heads T S"],
    mask: Bool[np.ndarray, "*masks T S"] | None = None,
    *,
    rows: Bool[np.ndarray, "B T"] | None = None,
) -> HeadStatistics:
    """Statistics of every head of `weights`, (…, H, T, S) → (…, H).

    A query whose row is fully blocked (by `mask`, or because its weights are all 0) doesn't count, nor does one that
    is False in `rows`, (B, T), which says which queries are not padding; `weights` is then (…, B, H, T, S).
    """
    queries, keys = weights.shape[-2:]
    counts = np.asarray(weights.any(axis=-1))
    if mask is not None:
        counts = counts & _sees(mask)
    if rows is not None:
        counts = counts & rows[:, None, :]
    query, key = np.arange(queries), np.arange(keys)
    distance = np.abs(query[:, None] - key).astype(weights.dtype)
    on_same = np.diagonal(weights, axis1=-2, axis2=-1)
    on_previous = np.diagonal(weights, offset=-1, axis1=-2, axis2=-1)
    with_same, with_previous = on_same.shape[-1], on_previous.shape[-1]
    return HeadStatistics(
        entropy=_mean(row_entropy(weights), counts),
        distance=_mean(np.einsum("...ts,ts->...t", weights, distance), counts),
        previous=_mean(on_previous, counts[..., 1 : 1 + with_previous]),
        first=_mean(weights[..., 0], counts),
        same=_mean(on_same, counts[..., :with_same]),
    )


def induction(weights: Float[np.ndarray, "*heads T T2"], tokens: Sequence[int]) -> Float[np.ndarray, "*heads"] | None:
    """The share of each head on what followed an earlier occurrence of the query's own token, (…, T, T) → (…).

    A mean over the queries whose token stood there before; None where none did (Olsson et al. 2022).
    """
    place = np.asarray(tokens)
    query, key = np.arange(len(place))[:, None], np.arange(len(place))
    earlier = (place[:, None] == place) & (key < query)
    after = np.zeros_like(earlier)
    after[:, 1:] = earlier[:, :-1]
    after &= key < query  # what followed must lie behind, too
    counts = after.any(axis=-1)
    if not counts.any():
        return None
    found: np.ndarray = np.where(after, weights, 0).sum(axis=-1)[..., counts].mean(axis=-1)
    return found.astype(np.float32)


def _sees(mask: Bool[np.ndarray, "*masks T S"]) -> Bool[np.ndarray, "*masks T"]:
    """Which queries see anything. Heads that share a mask share its numbers, which are then looked at once."""
    own = mask[tuple(slice(0, 1) if stride == 0 else slice(None) for stride in mask.strides)]
    return np.broadcast_to(own.any(axis=-1), mask.shape[:-1])


def _mean(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    number = counts.sum(axis=-1)
    total = np.where(counts, values, 0).sum(axis=-1, dtype=np.float64)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan).astype(np.float32)
