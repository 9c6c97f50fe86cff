"""Many variants of one batch in one pass: the batch repeated copy after copy, each copy treated differently."""

from __future__ import annotations

from dataclasses import dataclass, replace

from attnviz.masks import Mask, MaskMod, MaskPlan
from attnviz.masks.predicates import Full


@dataclass(frozen=True)
class Repeated(Mask):
    """The mask of a batch of `batch` examples, for that batch repeated: row r is example `first` + r mod `batch`."""

    mask: Mask
    batch: int
    first: int = 0

    def mask_mod(self, device: object = "cpu") -> MaskMod:
        inner, batch, first = self.mask.mask_mod(device), self.batch, self.first  # type: ignore[arg-type]
        return lambda b, h, q, k: inner(first + b % batch, h, q, k)

    @property
    def formula(self) -> str:
        return self.mask.formula

    @property
    def spec(self) -> str:
        return self.mask.spec


def repeated_plan(masks: MaskPlan, batch: int, first: int = 0) -> MaskPlan:
    """The plan for `batch` examples, those from `first` on, repeated any number of times."""

    def repeated(mask: Mask) -> Mask:
        return mask if isinstance(mask, Full) else Repeated(mask, batch, first)

    return replace(
        masks,
        encoder_self=repeated(masks.encoder_self),
        decoder_self=repeated(masks.decoder_self),
        cross=repeated(masks.cross),
        by_site={site: repeated(mask) for site, mask in masks.by_site.items()},
    )
