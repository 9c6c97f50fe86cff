"""A mask: a predicate over (batch, head, query, key). True = may attend.

The signature is the one that torch's FlexAttention calls `mask_mod`, so that one object serves the picture (made
dense), `scaled_dot_product_attention` (bool tensor) and FlexAttention (block mask). `nn.MultiheadAttention` has the
opposite polarity: `for_multihead_attention` is the one place that inverts it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor

MaskMod = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


class Mask(ABC):
    """A frozen, comparable description of what may be seen; combine with `&`, `|` and `~`."""

    @abstractmethod
    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        """The predicate with its tables laid out on `device`: (batch, head, query, key) index tensors → bool."""

    @property
    @abstractmethod
    def formula(self) -> str:
        """How people write it, without long arguments: `causal ∧ ¬cells`."""

    @property
    @abstractmethod
    def spec(self) -> str:
        """How it is written down completely: `causal & ~cells(2:1)`; equal masks have equal specs."""

    def __call__(self, batch: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return self.mask_mod(batch.device)(batch, head, query, key)

    def __and__(self, other: Mask) -> Mask:
        return And(self, other)

    def __or__(self, other: Mask) -> Mask:
        return Or(self, other)

    def __invert__(self) -> Mask:
        return self.operand if isinstance(self, Not) else Not(self)

    def broadcast(
        self,
        *,
        batch: int,
        heads: int,
        queries: int,
        keys: int,
        device: torch.device | str = "cpu",
        first_query: int = 0,
    ) -> Bool[Tensor, "b h t s"]:
        """The mask as a tensor whose axes have size 1 where the predicate does not look at them.

        Its first row is that of query `first_query`: with a cache only the new queries are wanted.
        """
        for field, value in (("batch", batch), ("heads", heads), ("queries", queries), ("keys", keys)):
            if value < 1:
                raise ValueError(f"{field} is {value}; it must be at least 1")
        axes = [torch.arange(size, device=device) for size in (batch, heads, queries, keys)]
        axes[2] += first_query
        b, h, q, k = (axis.view([-1 if i == n else 1 for i in range(4)]) for n, axis in enumerate(axes))
        visible = self.mask_mod(device)(b, h, q, k)
        return visible.view((1,) * (4 - visible.dim()) + tuple(visible.shape))

    def dense(
        self, *, batch: int, heads: int, queries: int, keys: int, device: torch.device | str = "cpu"
    ) -> Bool[Tensor, "B H T S"]:
        """The whole mask, (B, H, T, S), True = may attend."""
        visible = self.broadcast(batch=batch, heads=heads, queries=queries, keys=keys, device=device)
        return visible.expand(batch, heads, queries, keys)

    def for_multihead_attention(
        self, *, batch: int, heads: int, queries: int, keys: int, device: torch.device | str = "cpu"
    ) -> Bool[Tensor, "BH T S"]:
        """`attn_mask` of `nn.MultiheadAttention`: (B·H, T, S), True = may **not** attend."""
        visible = self.dense(batch=batch, heads=heads, queries=queries, keys=keys, device=device)
        return ~visible.reshape(batch * heads, queries, keys)

    def __str__(self) -> str:
        return self.formula


@dataclass(frozen=True)
class Wrapped(Mask):
    """A mask that says what `mask` says, and is laid out in another way."""

    mask: Mask

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        return self.mask.mask_mod(device)

    @property
    def formula(self) -> str:
        return self.mask.formula

    @property
    def spec(self) -> str:
        return self.mask.spec


@dataclass(frozen=True)
class Not(Mask):
    """Visible exactly where `operand` is blocked."""

    operand: Mask

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        inner = self.operand.mask_mod(device)
        return lambda b, h, q, k: ~inner(b, h, q, k)

    @property
    def formula(self) -> str:
        return f"¬{_bracketed(self.operand, self.operand.formula)}"

    @property
    def spec(self) -> str:
        return f"~{_bracketed(self.operand, self.operand.spec)}"


@dataclass(frozen=True)
class And(Mask):
    """Visible where both are."""

    left: Mask
    right: Mask

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        left, right = self.left.mask_mod(device), self.right.mask_mod(device)
        return lambda b, h, q, k: left(b, h, q, k) & right(b, h, q, k)

    @property
    def formula(self) -> str:
        return f"{_inside_and(self.left, self.left.formula)} ∧ {_right_side(self.right, self.right.formula)}"

    @property
    def spec(self) -> str:
        return f"{_inside_and(self.left, self.left.spec)} & {_right_side(self.right, self.right.spec)}"


@dataclass(frozen=True)
class Or(Mask):
    """Visible where at least one is."""

    left: Mask
    right: Mask

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        left, right = self.left.mask_mod(device), self.right.mask_mod(device)
        return lambda b, h, q, k: left(b, h, q, k) | right(b, h, q, k)

    @property
    def formula(self) -> str:
        right = f"({self.right.formula})" if isinstance(self.right, Or) else self.right.formula
        return f"{self.left.formula} ∨ {right}"

    @property
    def spec(self) -> str:
        right = f"({self.right.spec})" if isinstance(self.right, Or) else self.right.spec
        return f"{self.left.spec} | {right}"


def _bracketed(mask: Mask, text: str) -> str:
    return f"({text})" if isinstance(mask, (And, Or)) else text


def _inside_and(mask: Mask, text: str) -> str:
    return f"({text})" if isinstance(mask, Or) else text


def _right_side(mask: Mask, text: str) -> str:
    # `a & (b & c)` is another tree than `a & b & c`; keeping its brackets makes spec → parse an identity.
    return f"({text})" if isinstance(mask, (And, Or)) else text
