"""Keys and values that a decoder need not compute again."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


class KVCache:
    """Keys and values by site, (B, H, S, D) each: self-attention's grow by a step, cross-attention's are made once."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Tensor, Tensor]] = {}

    def length(self, site: str) -> int:
        """Keys kept at `site`."""
        return self._kept[site][0].size(2) if site in self._kept else 0

    @property
    def decoded(self) -> int:
        """Decoder positions already processed."""
        return max((self.length(site) for site in self._kept if site.endswith("self_attn")), default=0)

    def keys_values(self, site: str) -> tuple[Tensor, Tensor]:
        """What is kept at `site`, each (B, H, S, D)."""
        return self._kept[site]

    def append(
        self, site: str, k: Float[Tensor, "B H T D"], v: Float[Tensor, "B H T D"]
    ) -> tuple[Float[Tensor, "B H S D"], Float[Tensor, "B H S D"]]:
        """Add the new positions' keys and values; returns all of them."""
        if site in self._kept:
            old_k, old_v = self._kept[site]
            k, v = torch.cat((old_k, k), dim=2), torch.cat((old_v, v), dim=2)
        self._kept[site] = (k, v)
        return k, v

    def keep(self, site: str, k: Float[Tensor, "B H S D"], v: Float[Tensor, "B H S D"]) -> None:
        """Keep keys and values that do not grow: those of the memory."""
        self._kept[site] = (k, v)

    def select(self, rows: Tensor) -> None:
        """Keep the given batch rows, in that order: what a beam search needs when hypotheses change places."""
        self._kept = {site: (k[rows], v[rows]) for site, (k, v) in self._kept.items()}
