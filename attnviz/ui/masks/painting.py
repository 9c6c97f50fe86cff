"""Painted cells as the last terms of a mask: `causal & ~cells(2:1) | cells(0:3)`.

Cells painted visible are joined by ∨, cells painted blocked by ∧ ¬; only cells that differ from the rest of the
formula are kept, so that painting a cell and painting it back gives the mask one began with.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from attnviz.masks import Mask, cells
from attnviz.masks.mask import And, Not, Or
from attnviz.masks.predicates import Cells

Cell = tuple[int, int]  # (query, key)


@dataclass(frozen=True)
class Painted:
    """A mask taken apart: its formula, and what was painted over it."""

    base: Mask
    blocked: frozenset[Cell] = frozenset()
    opened: frozenset[Cell] = frozenset()

    @property
    def mask(self) -> Mask:
        """Put together again."""
        mask = self.base
        if self.blocked:
            mask = mask & ~cells(self.blocked)
        if self.opened:
            mask = mask | cells(self.opened)
        return mask


def take_apart(mask: Mask) -> Painted:
    """The painted terms at the end of a mask, and what is before them; `take_apart(m).mask` blocks what m blocks."""
    opened: frozenset[Cell] = frozenset()
    blocked: frozenset[Cell] = frozenset()
    if isinstance(mask, Or) and _is_painted(mask.right):
        opened = frozenset(mask.right.visible)
        mask = mask.left
    if isinstance(mask, And) and isinstance(mask.right, Not) and _is_painted(mask.right.operand):
        blocked = frozenset(mask.right.operand.visible)
        mask = mask.left
    return Painted(mask, blocked - opened, opened)


def _is_painted(mask: Mask) -> TypeGuard[Cells]:
    return type(mask) is Cells


def paint(mask: Mask, chosen: Collection[Cell], visible: bool, *, heads: int, queries: int, keys: int) -> Mask:
    """The mask with these cells made visible, or blocked; cells outside of queries × keys are ignored."""
    apart = take_apart(mask)
    base = apart.base.dense(batch=1, heads=heads, queries=queries, keys=keys)[0].numpy()
    inside = {(q, k) for q, k in chosen if 0 <= q < queries and 0 <= k < keys}
    # A formula may differ from head to head; such a cell is written down whatever most heads say.
    different = {cell for cell in inside if not (base[:, cell[0], cell[1]] == visible).all()}
    blocked, opened = apart.blocked - inside, apart.opened - inside
    if visible:
        opened |= different
    else:
        blocked |= different
    return Painted(apart.base, blocked, opened).mask


def matrix_of(mask: Mask, *, head: int, heads: int, queries: int, keys: int) -> NDArray[np.bool_]:
    """What one head of the first example may see, (T, S), True = may attend."""
    visible = mask.broadcast(batch=1, heads=heads, queries=queries, keys=keys)
    shown: NDArray[np.bool_] = visible.expand(1, heads, queries, keys)[0, head].numpy()
    return shown
