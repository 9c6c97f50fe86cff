"""Changes to a forward pass as plain values: comparable, hashable, and gone when the pass is over.

Another mask is not here: masks are handed to the model as a `MaskPlan`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import torch
from torch import Tensor

from attnviz.masks import kind_of
from attnviz.model import Probe

Head = tuple[str, int]  # (site, head)


@runtime_checkable
class Intervention(Protocol):
    """An intervention that must remember something within a pass, so that each pass gets a probe of its own."""

    def probe(self) -> Probe:
        """A probe for one forward pass."""
        ...


def fresh_probe(intervention: Probe | Intervention) -> Probe:
    """The probe that carries out an intervention in one forward pass."""
    return intervention.probe() if isinstance(intervention, Intervention) else intervention


def is_attention(site: str) -> bool:
    """Whether a site is an attention and not a block."""
    return site.endswith("_attn")


@dataclass(frozen=True)
class HeadsOff:
    """Heads that contribute nothing: their output is zero before the heads are joined by out_proj."""

    heads: frozenset[Head]
    hears: ClassVar[frozenset[str]] = frozenset({"head_output"})

    def __init__(self, heads: Iterable[Head]) -> None:
        object.__setattr__(self, "heads", frozenset((site, head) for site, head in heads))
        for site, head in self.heads:
            kind_of(site)
            if head < 0:
                raise ValueError(f"head is {head} at {site}; heads count from 0")

    def wants(self, site: str) -> bool:
        return any(site == off for off, _ in self.heads)

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        if name != "head_output" or not self.wants(site):
            return value
        off = sorted(head for where, head in self.heads if where == site)
        if off[-1] >= value.size(1):
            raise ValueError(f"head is {off[-1]} at {site}; its heads are 0 … {value.size(1) - 1}")
        return value.index_fill(1, torch.tensor(off, device=value.device), 0.0)


@dataclass(frozen=True)
class Temperature:
    """Scores divided by `value` before the softmax: below 1 sharper, above 1 flatter. `site` None: everywhere."""

    value: float
    site: str | None = None
    heads: frozenset[int] | None = None  # None: all of them

    def __post_init__(self) -> None:
        if not self.value > 0:
            raise ValueError(f"temperature is {self.value!r}; it must be above 0")
        if self.site is not None:
            kind_of(self.site)

    def wants(self, site: str) -> bool:
        return site == self.site or (self.site is None and is_attention(site))

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        if name != "scores" or not self.wants(site):
            return value
        if self.heads is None:
            return value / self.value
        chosen = [head in self.heads for head in range(value.size(1))]
        return torch.where(torch.tensor(chosen, device=value.device)[:, None, None], value / self.value, value)


@dataclass(frozen=True)
class _Edited:
    """Cells of one tap set by hand; every example of the batch gets them."""

    site: str
    cells: tuple[tuple[int, int, int, float], ...]  # (head, query, key, value)

    tap_name: ClassVar[str]

    def __post_init__(self) -> None:
        kind_of(self.site)

    def wants(self, site: str) -> bool:
        return site == self.site

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        if name != self.tap_name or site != self.site:
            return value
        edited = value.clone()
        for *where, number in self.cells:
            for axis, index, size in zip(("head", "query", "key"), where, value.shape[1:], strict=True):
                if not 0 <= index < size:
                    raise ValueError(f"{axis} is {index} at {site}; allowed: 0 … {size - 1}")
            head, query, key = where
            edited[:, head, query, key] = number
        return edited


class EditedScores(_Edited):
    """Scores set by hand, before mask and softmax: the other weights of the row make room."""

    tap_name = "scores"


class EditedWeights(_Edited):
    """Weights set by hand, after the softmax; the row is not renormalised."""

    tap_name = "weights"
