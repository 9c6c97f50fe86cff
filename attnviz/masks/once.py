"""Masks that are laid out once for everybody who asks in the same sizes: one answer of a page asks many times."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Bool
from torch import Tensor

from attnviz.masks.mask import Mask, MaskMod
from attnviz.masks.plan import MaskPlan
from attnviz.masks.predicates import Full


@dataclass(frozen=True)
class Once(Mask):
    """A mask that keeps every tensor it was laid out as, as long as it lives itself. Nobody may write into them."""

    mask: Mask
    _kept: dict[tuple[object, ...], Bool[Tensor, "b h t s"]] = field(default_factory=dict, compare=False, repr=False)

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        return self.mask.mask_mod(device)

    @property
    def formula(self) -> str:
        return self.mask.formula

    @property
    def spec(self) -> str:
        return self.mask.spec

    def broadcast(
        self,
        *,
        batch: int,
        heads: int,
        queries: int,
        keys: int,
        device: torch.device | str = "cpu",
        first_query: int = 0,
    ) -> Bool[Tensor, "b h t s"]:
        sizes = (batch, heads, queries, keys, str(device), first_query)
        if sizes not in self._kept:
            self._kept[sizes] = self.mask.broadcast(
                batch=batch, heads=heads, queries=queries, keys=keys, device=device, first_query=first_query
            )
        return self._kept[sizes]


def once(plan: MaskPlan) -> MaskPlan:
    """The same plan; what is one mask there is laid out once here."""
    made: dict[int, Mask] = {}

    def kept(mask: Mask) -> Mask:
        return mask if isinstance(mask, Full) else made.setdefault(id(mask), Once(mask))

    return replace(
        plan,
        encoder_self=kept(plan.encoder_self),
        decoder_self=kept(plan.decoder_self),
        cross=kept(plan.cross),
        by_site={site: kept(mask) for site, mask in plan.by_site.items()},
    )
