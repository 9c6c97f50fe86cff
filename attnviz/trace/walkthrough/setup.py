"""Everything one attention is computed from, as plain arrays: change a value, and walk again.

Weight matrices stand as they are multiplied: rows are what goes in, columns what comes out, X · W + b.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from attnviz.config import Activation

Array = NDArray[np.floating]
NormPlace = Literal["pre", "post", "none"]
Combine = Literal["concat", "sum"]
MaskPlace = Literal["before", "after", "after-renormalised"]


@dataclass(frozen=True, eq=False)
class Affine:
    """X · weight + bias."""

    weight: Array  # (in, out)
    bias: Array | None = None  # (out,); None: X · weight


@dataclass(frozen=True, eq=False)
class Norm:
    """LayerNorm: (x − mean) / √(variance + eps) · gain + bias, over the features of each row.

    RMSNorm (Zhang and Sennrich 2019) takes no mean: x / √(mean of x² + eps) · gain.
    """

    gain: Array | None = None  # (C,); None: no gain
    bias: Array | None = None  # (C,); None: no bias
    eps: float = 1e-5
    kind: Literal["layer", "rms"] = "layer"


@dataclass(frozen=True, eq=False)
class FeedForward:
    """activation(X · inner) · outer, with its norm."""

    inner: Affine  # (C, d_ff)
    outer: Affine  # (d_ff, C)
    norm: Norm
    activation: Activation = "relu"


@dataclass(frozen=True, kw_only=True)
class Variant:
    """The switches of the page: how the same numbers are put together."""

    divide: bool = True  # scores are divided by √head_dim
    norm: NormPlace = "post"
    combine: Combine = "concat"  # sum: the heads are added up; only the first head_dim rows of W_O then fit
    mask: MaskPlace = "before"  # the softmax; after: blocked weights are set to 0, and the rows no longer sum to 1
    temperature: float = 1.0  # masked scores are divided by it before the softmax

    def __post_init__(self) -> None:
        for name, allowed in (("norm", NormPlace), ("combine", Combine), ("mask", MaskPlace)):
            if getattr(self, name) not in get_args(allowed):
                raise ValueError(f"{name} is {getattr(self, name)!r}; allowed: {', '.join(get_args(allowed))}")
        if not 0 < self.temperature < np.inf:
            raise ValueError(f"temperature is {self.temperature!r}; it must be above 0 and finite")


@dataclass(frozen=True)
class Edit:
    """A number put by hand into one cell of a step; everything after it follows. In `mask`, 0 blocks."""

    step: str
    row: int
    column: int
    value: float
    head: int = 0  # of steps that have heads


@dataclass(frozen=True, eq=False, kw_only=True)
class Setup:
    """One attention with its residual and norm, and the feed-forward network if it comes next."""

    x: Array  # (T, C) what enters the sublayer
    mask: NDArray[np.bool_]  # (H, T, S), True = may attend
    query: Affine  # (C, C); head h owns the columns h·head_dim … (h+1)·head_dim
    key: Affine
    value: Affine
    out: Affine
    norm: Norm
    n_heads: int
    memory: Array | None = None  # (S, C) where keys and values come from in cross-attention; None: from x
    feed_forward: FeedForward | None = None
    rotary: bool = False  # queries and keys are turned by their positions
    row_labels: tuple[str, ...] = ()  # of the queries
    column_labels: tuple[str, ...] = ()  # of the keys
    variant: Variant = field(default_factory=Variant)
    edits: tuple[Edit, ...] = ()
    site: str = ""

    def __post_init__(self) -> None:
        d_model = self.x.shape[1]
        if d_model % self.n_heads:
            raise ValueError(f"x has {d_model} columns and n_heads is {self.n_heads}: the heads must divide d_model")
        keys = self.memory if self.memory is not None else self.x
        expected: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
            "mask": (self.mask.shape, (self.n_heads, len(self.x), len(keys)))
        }
        for name in ("query", "key", "value", "out"):
            affine: Affine = getattr(self, name)
            expected[f"{name}.weight"] = (affine.weight.shape, (d_model, d_model))
            if affine.bias is not None:
                expected[f"{name}.bias"] = (affine.bias.shape, (d_model,))
        if self.memory is not None:
            expected["memory"] = (self.memory.shape, (len(keys), d_model))
        for name, (found, wanted) in expected.items():
            if found != wanted:
                raise ValueError(f"{name} has shape {found}; with x of shape {self.x.shape} it must be {wanted}")
        for name, labels, size in (
            ("row_labels", self.row_labels, len(self.x)),
            ("column_labels", self.column_labels, len(keys)),
        ):
            if labels and len(labels) != size:
                raise ValueError(f"{name} has {len(labels)} labels for {size} tokens")

    @property
    def head_dim(self) -> int:
        """Width of one head."""
        return int(self.x.shape[1] // self.n_heads)

    @property
    def groups(self) -> int:
        """Heads of keys and values: every head has its own."""
        return self.n_heads

    @property
    def tokens(self) -> int:
        """Queries: rows of the walk."""
        return len(self.x)

    @property
    def norms(self) -> Mapping[str, Norm]:
        """The norms by the names of their steps."""
        return {"attn_norm": self.norm, **({} if self.feed_forward is None else {"ff_norm": self.feed_forward.norm})}

    def edited(self, *edits: Edit) -> Setup:
        """The same with more edits; a later one of the same cell replaces the earlier."""
        cells = {(edit.step, edit.head, edit.row, edit.column): edit for edit in (*self.edits, *edits)}
        return replace(self, edits=tuple(cells.values()))

    def numbers(self) -> Mapping[str, NDArray[np.generic]]:
        """Every given matrix by the name of its step; vectors as one row."""
        found: dict[str, Array | None] = {"x": self.x, "memory": self.memory}
        for letter, affine in (("q", self.query), ("k", self.key), ("v", self.value), ("o", self.out)):
            found |= {f"w_{letter}": affine.weight, f"b_{letter}": affine.bias}
        found |= {"attn_norm_gain": self.norm.gain, "attn_norm_bias": self.norm.bias}
        if (ff := self.feed_forward) is not None:
            found |= {"w_inner": ff.inner.weight, "b_inner": ff.inner.bias}
            found |= {"w_outer": ff.outer.weight, "b_outer": ff.outer.bias}
            found |= {"ff_norm_gain": ff.norm.gain, "ff_norm_bias": ff.norm.bias}
        arrays = {name: np.atleast_2d(array) for name, array in found.items() if array is not None}
        return {**arrays, "mask": self.mask}
