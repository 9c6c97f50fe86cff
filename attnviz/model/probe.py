"""How one looks into a forward pass, or changes it, without touching the model.

A probe is a value handed to `forward`. The model calls it at named sites and goes on with what it returns; nothing is
registered on a module, so nothing can be left behind, also after an exception.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from torch import Tensor

ATTENTION_TAPS = ("q", "k", "v", "scores", "mask", "masked_scores", "weights", "head_output", "attn_output")


@runtime_checkable
class Probe(Protocol):
    """Watches or intervenes. Return `value` itself to leave the computation as it is.

    A probe that listens to some names only may say so in `hears`, or site by site in `hears_at` (see `heard`): what
    nobody hears need not be made.
    """

    def wants(self, site: str) -> bool:
        """Whether `site` must run on the explicit, readable path, so that its taps are called."""
        ...

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        """Called with each named value of a wanted site; the model goes on with what is returned."""
        ...


ALL_TAPS = frozenset({*ATTENTION_TAPS, "output"})
MAPS_ONLY = frozenset({"q", "k", "v", "mask", "weights", "head_output", "attn_output", "output"})  # no scores
# Who hears these only makes the weights himself, when they are asked for: see `weights_of`.
MAKINGS = frozenset({"q", "k", "mask", "head_output", "attn_output", "output"})
BEHIND_THE_HEADS = frozenset({"head_output", "attn_output", "output"})  # who hears these only needs no explicit path


def heard(probe: Probe, site: str | None = None) -> frozenset[str]:
    """The names that a probe listens to, at one site or anywhere: what it says itself, else all."""
    at = None if site is None else getattr(probe, "hears_at", None)
    hears: frozenset[str] = getattr(probe, "hears", ALL_TAPS) if at is None else at(site)
    return hears


class Silent:
    """The probe of an unwatched forward pass."""

    hears = frozenset[str]()

    def wants(self, site: str) -> bool:
        return False

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        return value


class Chain:
    """Several probes in order: each sees what the one before it returned."""

    def __init__(self, probes: Sequence[Probe]) -> None:
        self.probes = tuple(probe for probe in probes if probe is not SILENT)
        self.hears = frozenset[str]().union(*map(heard, self.probes))

    def hears_at(self, site: str) -> frozenset[str]:
        """The names that any of those who want this site listens to."""
        return frozenset[str]().union(*(heard(probe, site) for probe in self.probes if probe.wants(site)))

    def wants(self, site: str) -> bool:
        return any(probe.wants(site) for probe in self.probes)

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        for probe in self.probes:
            value = probe.tap(site, name, value)
        return value


SILENT = Silent()
