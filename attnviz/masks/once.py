"""Masks that are laid out once for everybody who asks in the same sizes: one answer of a page asks many times."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jaxtyping import Bool
from torch import Tensor

from attnviz.masks.mask import Mask, Wrapped
from attnviz.masks.plan import MaskPlan
from attnviz.masks.predicates import Full


@dataclass(frozen=True)
class Once(Wrapped):
    """A mask that keeps every tensor it was laid out as, as long as it lives itself. Nobody may write into them."""

    _kept: dict[frozenset[tuple[str, Any]], Bool[Tensor, "b h t s"]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def broadcast(self, **sizes: Any) -> Bool[Tensor, "b h t s"]:
        asked = frozenset(sizes.items())
        if asked not in self._kept:
            self._kept[asked] = self.mask.broadcast(**sizes)
        return self._kept[asked]


def once(plan: MaskPlan) -> MaskPlan:
    """The same plan; what is one mask there is laid out once here."""
    made: dict[int, Mask] = {}

    def kept(mask: Mask) -> Mask:
        return mask if isinstance(mask, Full) else made.setdefault(id(mask), Once(mask))

    return plan.mapped(kept)
