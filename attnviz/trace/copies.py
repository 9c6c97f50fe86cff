"""Many variants of one batch in one pass: the batch repeated copy after copy, each copy treated differently."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from attnviz.masks import Mask, MaskMod, MaskPlan
from attnviz.masks.mask import Wrapped
from attnviz.masks.predicates import Full


@dataclass(frozen=True)
class Repeated(Wrapped):
    """The mask of a batch of `batch` examples, for that batch repeated: row r is example `first` + r mod `batch`."""

    batch: int
    first: int = 0

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        inner, batch, first = self.mask.mask_mod(device), self.batch, self.first
        return lambda b, h, q, k: inner(first + b % batch, h, q, k)


def repeated_plan(masks: MaskPlan, batch: int, first: int = 0) -> MaskPlan:
    """The plan for `batch` examples, those from `first` on, repeated any number of times."""

    def repeated(mask: Mask) -> Mask:
        return mask if isinstance(mask, Full) else Repeated(mask, batch, first)

    return masks.mapped(repeated)
