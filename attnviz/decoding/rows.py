"""Masks that follow batch rows when decoding drops, repeats or reorders them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from attnviz.masks import KINDS, Mask, MaskMod, MaskPlan
from attnviz.masks.predicates import Causal, Full


@dataclass(frozen=True)
class RowsOf(Mask):
    """Row b of the batch sees what row `rows[b]` of the original batch saw under `mask`."""

    mask: Mask
    rows: tuple[int, ...]

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        inner = self.mask.mask_mod(device)
        table = torch.tensor(self.rows, dtype=torch.long, device=device)
        return lambda b, h, q, k: inner(table[b], h, q, k)

    @property
    def formula(self) -> str:
        return self.mask.formula

    @property
    def spec(self) -> str:
        return f"rows({self.mask.spec};{','.join(map(str, self.rows))})"


def plan_for_rows(plan: MaskPlan, rows: Sequence[int]) -> MaskPlan:
    """`plan` for a batch whose row b is row `rows[b]` of the batch that `plan` was made for."""
    chosen = tuple(int(row) for row in rows)

    def follow(mask: Mask) -> Mask:
        if isinstance(mask, (Full, Causal)):
            return mask  # the same for every row: nothing to follow
        return RowsOf(mask, chosen)

    kinds = {str(kind): follow(plan.of(kind)) for kind in KINDS}
    return MaskPlan(**kinds, by_site={site: follow(mask) for site, mask in plan.by_site.items()})
