"""Which mask goes where: one for each kind of attention, and exceptions by site."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from attnviz.masks.mask import Mask
from attnviz.masks.predicates import full, heads

Kind = Literal["encoder_self", "decoder_self", "cross"]
KINDS: tuple[Kind, ...] = get_args(Kind)


def kind_of(site: str) -> Kind:
    """The kind of attention at a site such as `decoder.1.cross_attn`."""
    parts = site.split(".")
    if len(parts) == 3 and parts[1].isdigit():
        if parts[2] == "cross_attn" and parts[0] == "decoder":
            return "cross"
        if parts[2] == "self_attn" and parts[0] in ("encoder", "decoder"):
            return "encoder_self" if parts[0] == "encoder" else "decoder_self"
    raise ValueError(f"site is {site!r}; allowed: encoder.N.self_attn, decoder.N.self_attn, decoder.N.cross_attn")


def site_of(kind: Kind, layer: int) -> str:
    """The site of a kind of attention in a layer, counted from 0: the inverse of `kind_of`."""
    stack = "encoder" if kind == "encoder_self" else "decoder"
    return f"{stack}.{layer}.{'cross_attn' if kind == 'cross' else 'self_attn'}"


@dataclass(frozen=True)
class MaskPlan:
    """Masks of a whole model; a site listed in `by_site` overrides its kind. True = may attend."""

    encoder_self: Mask = field(default_factory=full)
    decoder_self: Mask = field(default_factory=full)
    cross: Mask = field(default_factory=full)
    by_site: Mapping[str, Mask] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for site in self.by_site:
            kind_of(site)

    def at(self, site: str) -> Mask:
        """The mask in force at `site`."""
        return self.by_site[site] if site in self.by_site else self.of(kind_of(site))

    def of(self, kind: Kind) -> Mask:
        """The mask of a kind of attention, exceptions aside."""
        mask: Mask = getattr(self, kind)
        return mask

    def mapped(self, change: Callable[[Mask], Mask]) -> MaskPlan:
        """The same plan with every mask changed alike."""
        return MaskPlan(
            encoder_self=change(self.encoder_self),
            decoder_self=change(self.decoder_self),
            cross=change(self.cross),
            by_site={site: change(mask) for site, mask in self.by_site.items()},
        )

    def with_kind(self, kind: Kind, mask: Mask) -> MaskPlan:
        """The same plan with another mask for one kind."""
        if kind not in KINDS:
            raise ValueError(f"kind is {kind!r}; allowed: {', '.join(KINDS)}")
        return replace(self, **{str(kind): mask})  # type: ignore[arg-type]

    def with_site(self, site: str, mask: Mask) -> MaskPlan:
        """The same plan with another mask at one site."""
        return replace(self, by_site={**self.by_site, site: mask})

    def with_heads(self, site: str, chosen: Iterable[int], mask: Mask) -> MaskPlan:
        """The same plan with another mask in some heads of one site; the other heads keep theirs."""
        there = heads(chosen)
        return self.with_site(site, there & mask | ~there & self.at(site))
