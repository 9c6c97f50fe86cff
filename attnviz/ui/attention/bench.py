"""A stage on made-up attention without a page around it: what `attnviz bench` times."""

from __future__ import annotations

import numpy as np

from attnviz.language import spoken
from attnviz.ui.attention.picture import AttentionPicture, KindPicture
from attnviz.ui.text import texts

SPREAD = (
    1.5  # the standard deviation of scores: flatter rows than trained heads have, so that little can be packed away
)


def made_up(layers: int, heads: int, tokens: int) -> AttentionPicture:
    """Causal self-attention of so many heads on so many tokens: the softmax of random scores."""
    rng = np.random.default_rng(0)
    mask = np.arange(tokens) <= np.arange(tokens)[:, None]
    weights = np.empty((layers, heads, tokens, tokens), np.float32)
    for layer, head in np.ndindex(layers, heads):
        query, key = rng.normal(size=(2, tokens, 16)).astype(np.float32)
        scores = query @ key.T * np.float32(SPREAD / 4)
        scores[~mask] = -np.inf
        raised = np.exp(scores - scores.max(-1, keepdims=True))
        weights[layer, head] = raised / raised.sum(-1, keepdims=True)
    labels = tuple(f"token{i}" for i in range(tokens))
    statistics = {"entropy": rng.random((layers, heads)), "delta_loss": rng.normal(size=(layers, heads)) * 0.05}
    kind = KindPicture(
        kind="decoder_self", weights=weights, mask=mask, row_labels=labels, column_labels=labels, stats=statistics
    )
    return AttentionPicture(kinds=(kind,), scope="bench", text=spoken(texts("attention_stage"), "en"), mirror_url=False)
