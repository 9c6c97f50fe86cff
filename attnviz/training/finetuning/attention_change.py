"""The same sentence before and after: what every head looks at now that it did not, and the other way round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from attnviz.data import Batch
from attnviz.model import Transformer
from attnviz.trace import Trace, watch


@dataclass(frozen=True)
class HeadChange:
    """How much one head changed: the mean over its queries of ½·Σ|after − before| (total variation), 0 … 1."""

    site: str
    head: int
    change: float


@dataclass(frozen=True)
class AttentionChange:
    """Weights before, after and their difference; every array is (B, H, T, S), by site."""

    before: Trace
    after: Trace
    difference: Mapping[str, Float[np.ndarray, "B H T S"]]  # after − before: −1 … 1, rows sum to 0
    heads: tuple[HeadChange, ...]  # the most changed first

    def of(self, site: str, head: int) -> float:
        """The change of one head."""
        return next(found.change for found in self.heads if (found.site, found.head) == (site, head))


def attention_change(before: Transformer, after: Transformer, batch: Batch) -> AttentionChange:
    """Watch two models of the same shape read (and, if they decode, say) the same thing.

    `batch` must hold what a decoder is to read: see `attnviz.api.with_output`. Padding counts as a query like others,
    so give one sentence. Models with other sites raise ValueError.
    """
    if before.sites != after.sites:
        raise ValueError(f"the models differ: {', '.join(before.sites)} and {', '.join(after.sites)}")
    first, second = watch(before, batch), watch(after, batch)
    difference = {site: second[site].weights - first[site].weights for site in after.sites}
    heads = [
        HeadChange(site, head, float(change))
        for site, change_of in difference.items()
        for head, change in enumerate(np.abs(change_of).sum(axis=-1).mean(axis=(0, 2)) / 2)
    ]
    return AttentionChange(first, second, difference, tuple(sorted(heads, key=lambda found: -found.change)))
