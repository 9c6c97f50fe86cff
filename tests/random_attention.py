"""Made-up attention with the properties of real attention."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnviz.ui.attention.picture import KindPicture


def kind_picture(
    layers: int = 2,
    heads: int = 3,
    rows: int = 5,
    columns: int = 7,
    *,
    kind: str = "cross",
    seed: int = 0,
    per_head: bool = False,
    **changes: Any,
) -> KindPicture:
    """A random but proper kind of attention: blocked cells have no weight, rows sum to 1."""
    rng = np.random.default_rng(seed)
    shape = (layers, heads, rows, columns)
    mask = rng.random(shape if per_head else shape[2:]) < 0.7
    scores = np.where(mask, rng.normal(size=shape), -np.inf)
    scores[..., 0] = np.where(mask.any(-1), scores[..., 0], 0)
    shifted = np.exp(scores - scores.max(-1, keepdims=True))
    weights = (shifted / shifted.sum(-1, keepdims=True) * mask).astype(np.float32)
    return KindPicture(
        **{
            "kind": kind,
            "weights": weights,
            "mask": mask,
            "row_labels": tuple(f"q{i}" for i in range(rows)),
            "column_labels": tuple(f"k{i}" for i in range(columns)),
            **changes,
        }
    )


def causal_kind(layers: int, heads: int, tokens: int, *, seed: int = 0, spread: float = 1.5) -> KindPicture:
    """Causal self-attention on so many tokens: softmax of random scores whose standard deviation is `spread`."""
    rng = np.random.default_rng(seed)
    mask = np.arange(tokens) <= np.arange(tokens)[:, None]
    weights = np.empty((layers, heads, tokens, tokens), np.float32)
    for layer, head in np.ndindex(layers, heads):
        query, key = rng.normal(size=(2, tokens, 16)).astype(np.float32)
        scores = np.where(mask, query @ key.T * np.float32(spread / 4), -np.inf)
        raised = np.exp(scores - scores.max(-1, keepdims=True))
        weights[layer, head] = raised / raised.sum(-1, keepdims=True)
    labels = tuple(f"token{i}" for i in range(tokens))
    return KindPicture(kind="decoder_self", weights=weights, mask=mask, row_labels=labels, column_labels=labels)
