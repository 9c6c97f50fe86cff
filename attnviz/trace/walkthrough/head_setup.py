"""An attention as any model computes it: shared keys and values, turned queries, capped scores, biases, sinks.

Where its projections can be seen the walk begins before them, else at Q, K and V.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from attnviz.trace.walkthrough.setup import Affine, Array, Edit, Norm, Variant

LETTERS = ("q", "k", "v")


@dataclass(frozen=True, eq=False)
class Projection:
    """How one of Q, K and V is made: X · W + b, of each head its norm."""

    affine: Affine  # (C, heads · width), of keys and values a head a group
    norm: Norm | None = None


@dataclass(frozen=True, eq=False)
class Turn:
    """Rotary positions (Su et al. 2021): x · cos + partner · sin, of the first `width` features of a head.

    half: feature j and j + width / 2 are partners; pairs: 2j and 2j + 1. The first of two takes its partner negative.
    """

    cos: Array  # (T, width)
    sin: Array
    style: Literal["half", "pairs"] = "half"

    @property
    def width(self) -> int:
        """Features that are turned; those after them stay."""
        return int(self.cos.shape[1])

    def partner(self, feature: int) -> tuple[int, int]:
        """(feature that comes in with the sine, its sign)."""
        if self.style == "pairs":
            return (feature + 1, -1) if feature % 2 == 0 else (feature - 1, 1)
        half = self.width // 2
        return (feature + half, -1) if feature < half else (feature - half, 1)

    @property
    def back(self) -> Turn:
        """The turn that takes this one back, also where it makes longer or shorter."""
        length = self.cos**2 + self.sin**2
        return replace(self, cos=self.cos / length, sin=-self.sin / length)


@dataclass(frozen=True, eq=False, kw_only=True)
class HeadSetup:
    """What an attention is computed from. `projections` None: from Q, K and V on."""

    q: Array  # (H, T, D) what the attention is given
    k: Array  # (H, S, D), equal within a group
    v: Array  # (H, S, E)
    mask: NDArray[np.bool_]  # (H, T, S), True = may attend
    n_heads: int
    groups: int  # heads of keys and values; divides n_heads
    scaling: float  # scores are QKᵀ times this
    softcap: float | None = None  # c: scores become c · tanh(scores / c)
    bias: Array | None = None  # (H, T, S) added to the scores, such as for positions
    sinks: Array | None = None  # (H,) a score beside the keys that takes its share of the softmax and gives nothing
    projections: Mapping[str, Projection] | None = None  # of q, k and v
    x: Array | None = None  # (T, C)
    memory: Array | None = None  # (S, C) where keys and values come from in cross-attention
    norm: Norm | None = None  # of x, before the projections
    turn: Turn | None = None
    out: Affine | None = None  # (H · E, C)
    residual: bool = False  # x is added to the output
    norm_after: Norm | None = None  # of that sum
    row_labels: tuple[str, ...] = ()
    column_labels: tuple[str, ...] = ()
    variant: Variant = field(default_factory=lambda: Variant(norm="none"))
    edits: tuple[Edit, ...] = ()
    site: str = ""

    def __post_init__(self) -> None:
        if self.n_heads % self.groups:
            raise ValueError(f"groups is {self.groups}; it must divide the {self.n_heads} heads")
        heads, tokens, width = self.q.shape
        keys = self.k.shape[1]
        expected = {
            "k": (self.k.shape, (heads, keys, width)),
            "v": (self.v.shape[:2], (heads, keys)),
            "mask": (self.mask.shape, (heads, tokens, keys)),
        }
        for name, (found, wanted) in expected.items():
            if found != wanted:
                raise ValueError(f"{name} has shape {found}; with q of shape {self.q.shape} it must be {wanted}")

    @property
    def head_dim(self) -> int:
        """Width of a head's queries and keys."""
        return int(self.q.shape[2])

    @property
    def tokens(self) -> int:
        """Queries."""
        return int(self.q.shape[1])

    @property
    def feed_forward(self) -> None:
        """None is followed here: what comes after the attention is the model's own."""
        return

    @property
    def divides(self) -> bool:
        """Whether the scaling is the usual one, 1 / √head_dim."""
        return bool(np.isclose(self.scaling, self.head_dim**-0.5, rtol=1e-6))

    def names(self, letter: str) -> tuple[str, ...]:
        """The steps from the projection to `letter`, in order."""
        assert self.projections is not None, "there are none without projections"
        turned = self.turn is not None and letter != "v"
        normed = self.projections[letter].norm is not None
        before = [f"{letter}_unrotated"] if turned else []
        return (*([f"{letter}_projected"] if normed else []), *before, letter)

    @property
    def score_names(self) -> tuple[str, ...]:
        """The steps from the scaling to the scores that are masked, in order."""
        later = [name for name, there in (("capped", self.softcap), ("biased", self.bias)) if there is not None]
        return (*["scaled", *later][:-1], "scores")

    @property
    def norms(self) -> Mapping[str, Norm]:
        """The norms by the names of their steps."""
        found = {"attn_norm": self.norm or self.norm_after}
        if self.projections is not None:
            found |= {self.names(letter)[1]: one.norm for letter, one in self.projections.items() if one.norm}
        return {name: norm for name, norm in found.items() if norm is not None}

    def from_projections_on(self) -> HeadSetup:
        """The same from Q, K and V on: for matrices that are too large to be shown."""
        return replace(
            self, projections=None, x=None, memory=None, norm=None, turn=None, out=None, residual=False, norm_after=None
        )

    def edited(self, *edits: Edit) -> HeadSetup:
        """The same with more edits; a later one of the same cell replaces the earlier."""
        cells = {(edit.step, edit.head, edit.row, edit.column): edit for edit in (*self.edits, *edits)}
        return replace(self, edits=tuple(cells.values()))

    def numbers(self) -> Mapping[str, NDArray[np.generic]]:
        """Every given matrix by the name of its step; vectors as one row, a number a head as (H, 1, 1)."""
        found: dict[str, NDArray[np.generic] | None] = {}
        if self.projections is None:
            found |= {"q": self.q, "k": self.k, "v": self.v}
        else:
            found |= {"x": self.x, "memory": self.memory}
            for letter, one in self.projections.items():
                found |= {f"w_{letter}": one.affine.weight, f"b_{letter}": one.affine.bias}
            if self.turn is not None:
                found |= {"cos": self.turn.cos, "sin": self.turn.sin}
        if self.out is not None:
            found |= {"w_o": self.out.weight, "b_o": self.out.bias}
        for name, norm in self.norms.items():
            found |= {f"{name}_gain": norm.gain, f"{name}_bias": norm.bias}
        found["bias"] = self.bias
        found["sink"] = None if self.sinks is None else self.sinks[:, None, None]
        arrays = {name: np.atleast_2d(array) for name, array in found.items() if array is not None}
        return {**arrays, "mask": self.mask}
