"""The model's own mask as a name in a formula: `own | cells(2:5)`.

Layers of one kind may differ: some see a sliding window, some everything before. A formula for all of them can still
say what each has anyway.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from attnviz.masks.mask import And, Mask, MaskMod, Not, Or


@dataclass(frozen=True)
class Own(Mask):
    """Whatever a layer has without anybody's doing; here it is `of`."""

    of: Mask

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        return self.of.mask_mod(device)

    @property
    def formula(self) -> str:
        return "own"

    @property
    def spec(self) -> str:
        return "own"


def own_at(mask: Mask, of: Mask) -> Mask:
    """The same formula at a layer whose own mask is `of`."""
    match mask:
        case Own():
            return of if isinstance(of, Own) else Own(of)
        case Not(operand):
            return Not(own_at(operand, of))
        case And(left, right):
            return And(own_at(left, of), own_at(right, of))
        case Or(left, right):
            return Or(own_at(left, of), own_at(right, of))
    return mask


def written_out(mask: Mask) -> Mask:
    """The same formula with the model's own masks in the place of their name."""
    match mask:
        case Own(of):
            return of
        case Not(operand):
            return Not(written_out(operand))
        case And(left, right):
            return And(written_out(left), written_out(right))
        case Or(left, right):
            return Or(written_out(left), written_out(right))
    return mask
