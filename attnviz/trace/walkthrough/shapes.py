"""Which shapes may be multiplied, and which clash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Fix = Literal["transpose", "none"]


@dataclass(frozen=True)
class Shaped:
    """A matrix's name and shape, as (rows, columns)."""

    name: str
    rows: int
    columns: int


@dataclass(frozen=True)
class ShapeClash:
    """Left · right does not exist: the left has `left.columns` columns, the right `right.rows` rows."""

    left: Shaped
    right: Shaped
    fix: Fix  # transpose: left · rightᵀ would exist

    def __str__(self) -> str:
        left, right = self.left, self.right
        clash = (
            f"{left.name} ({left.rows}×{left.columns}) · {right.name} ({right.rows}×{right.columns}): "
            f"{left.columns} columns meet {right.rows} rows"
        )
        return f"{clash}; transpose {right.name}" if self.fix == "transpose" else clash


def product_shape(left: Shaped, right: Shaped) -> Shaped | ShapeClash:
    """The shape of left · right, or why there is none."""
    if left.columns == right.rows:
        return Shaped(f"{left.name}·{right.name}", left.rows, right.columns)
    return ShapeClash(left, right, "transpose" if left.columns == right.columns else "none")


WRONG_SHAPES: tuple[tuple[Shaped, Shaped], ...] = (
    (Shaped("Q", 3, 2), Shaped("K", 3, 2)),  # Kᵀ was forgotten
    (Shaped("X", 3, 4), Shaped("W_Q", 5, 5)),  # weights of another d_model
    (Shaped("A", 3, 3), Shaped("V", 4, 2)),  # keys and values of another sentence
    (Shaped("head", 3, 2), Shaped("W_O", 4, 4)),  # the heads were not concatenated
)
