"""Does cross-attention point at the source token that the target token comes from?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from attnviz.data import Batch, Pair, Task
from attnviz.masks import MaskPlan
from attnviz.model import Transformer
from attnviz.training.objective import predict

Head = tuple[str, int]  # (site, head number)


@dataclass(frozen=True)
class Alignment:
    """Shares of target tokens whose largest cross-attention weight is on the aligned source token.

    Only target tokens whose origin is known count; the end of the sentence has none.
    """

    by_head: dict[str, tuple[float, ...]]  # site → one share a head
    heads_averaged: dict[str, float]  # site → share after averaging the weights over its heads
    tokens: int

    @property
    def best_head(self) -> Head:
        """The head with the largest share; the first of equals."""
        return max(
            ((site, head) for site, shares in self.by_head.items() for head in range(len(shares))),
            key=lambda head: self.of(head),
        )

    def of(self, head: Head) -> float:
        """The share of one head."""
        site, number = head
        return self.by_head[site][number]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        shares = {site: list(values) for site, values in self.by_head.items()}
        return {"by_head": shares, "heads_averaged": dict(self.heads_averaged), "tokens": self.tokens}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Alignment:
        """The inverse of `to_dict`."""
        by_head = {site: tuple(map(float, shares)) for site, shares in values["by_head"].items()}
        averaged = {site: float(share) for site, share in values["heads_averaged"].items()}
        return cls(by_head=by_head, heads_averaged=averaged, tokens=int(values["tokens"]))


class _Pointing:
    """A probe that keeps where each cross-attention row points: (B, T, H + 1), the last being the heads' mean."""

    def __init__(self, sites: Sequence[str]) -> None:
        self.sites = frozenset(sites)
        self.pointed: dict[str, Tensor] = {}

    def wants(self, site: str) -> bool:
        return site in self.sites

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        if name == "weights":
            with_mean = torch.cat((value, value.mean(dim=1, keepdim=True)), dim=1)  # (B, H + 1, T, S)
            self.pointed[site] = with_mean.argmax(dim=-1).transpose(1, 2).cpu()
        return value


class AlignmentCounter:
    """Adds up alignment over batches."""

    def __init__(self, model: Transformer, task: Task) -> None:
        self.model = model
        self.task = task
        self.sites = model.sites_of("cross")
        self.hits: dict[str, Tensor] = {
            site: torch.zeros(model.config.n_heads + 1, dtype=torch.long) for site in self.sites
        }
        self.tokens = 0

    def forward(self, batch: Batch, pairs: Sequence[Pair], masks: MaskPlan | None = None) -> Tensor:
        """The logits of `batch`, whose rows are `pairs`; counts on the way where the task knows an alignment.

        `masks` None: the model's own.
        """
        known = [self.task.alignment(pair) for pair in pairs] if self.sites else []
        if all(origins is None for origins in known):
            return predict(self.model, batch, masks)
        probe = _Pointing(self.sites)
        logits = predict(self.model, batch, masks, probe=probe)
        rows = [
            (row, t, origin)
            for row, origins in enumerate(known)
            for t, origin in enumerate(origins or ())
            if origin is not None
        ]
        if rows:
            row, t, origin = torch.tensor(rows).T
            for site, pointed in probe.pointed.items():
                self.hits[site] += (pointed[row, t] == origin[:, None]).sum(dim=0)
            self.tokens += len(rows)
        return logits

    def result(self) -> Alignment | None:
        """The shares; None where no target token has a known origin."""
        if not self.tokens:
            return None
        shares = {site: [n / self.tokens for n in hits.tolist()] for site, hits in self.hits.items()}
        return Alignment(
            by_head={site: tuple(values[:-1]) for site, values in shares.items()},
            heads_averaged={site: values[-1] for site, values in shares.items()},
            tokens=self.tokens,
        )
