"""The row that attention grows by at each step: how the newest query looks at every key."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from attnviz.model import WatchedModel


class NewestRows:
    """A probe that keeps, of each chosen site, the last query's weights of the last forward pass."""

    hears = frozenset({"weights"})

    def __init__(self, sites: Iterable[str], model: WatchedModel) -> None:
        self.sites = frozenset(sites)
        decoder_sites = {*model.sites_of("decoder_self"), *model.sites_of("cross")}
        if unknown := sorted(self.sites - decoder_sites):
            raise ValueError(f"record holds {unknown[0]!r}; allowed: {', '.join(sorted(decoder_sites))}")
        self._rows: dict[str, NDArray[np.float32]] = {}

    def wants(self, site: str) -> bool:
        return site in self.sites

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        if name == "weights" and site in self.sites:
            row = value.detach().select(2, -1)
            # A map of one row belongs to nobody else; of a larger one only its last row is to be kept.
            lone = value.size(2) == 1 and row.device.type == "cpu" and row.dtype == torch.float32
            self._rows[site] = row.numpy() if lone else np.array(row.cpu().float().numpy())
        return value

    def of(self, row: int) -> dict[str, NDArray[np.float32]]:
        """By site the weights (H, S) of one batch row's newest query."""
        return {site: weights[row] for site, weights in self._rows.items()}
