"""The wrong-shape examples: four products whose shapes can be changed, and heads that must divide d_model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from attnviz.config import ModelConfig
from attnviz.trace.walkthrough import WRONG_SHAPES, ShapeClash, Shaped, product_shape

SMALLEST, LARGEST = 1, 9
MOST_HEADS, MOST_WIDTH = 9, 16
Pairs = tuple[tuple[Shaped, Shaped], ...]


@dataclass(frozen=True)
class Shapes:
    """The shapes as they are now."""

    pairs: Pairs = WRONG_SHAPES
    d_model: int = 10
    n_heads: int = 3
    answered: int = 0


def carry_out(shapes: Shapes, operation: Mapping[str, Any]) -> Shapes:
    """After one operation of the browser; what is not understood changes nothing."""
    shapes = replace(shapes, answered=max(shapes.answered, int(operation["seq"])))
    if operation.get("op") == "reset":
        return Shapes(answered=shapes.answered)
    value, name = operation.get("value"), operation.get("name")
    if operation.get("op") != "shape" or not isinstance(value, int) or isinstance(value, bool):
        return shapes
    if name == "d_model":
        return replace(shapes, d_model=min(max(value, SMALLEST), MOST_WIDTH))
    if name == "n_heads":
        return replace(shapes, n_heads=min(max(value, SMALLEST), MOST_HEADS))
    case, side = operation.get("case"), operation.get("side")
    if name not in ("rows", "columns") or side not in (0, 1) or not isinstance(case, int):
        return shapes
    if not 0 <= case < len(shapes.pairs):
        return shapes
    value = min(max(value, SMALLEST), LARGEST)
    changed = list(shapes.pairs[case])
    old = changed[side]
    changed[side] = Shaped(old.name, value if name == "rows" else old.rows, value if name == "columns" else old.columns)
    pairs = list(shapes.pairs)
    pairs[case] = (changed[0], changed[1])
    return replace(shapes, pairs=tuple(pairs))


def values(shapes: Shapes) -> dict[str, Any]:
    """Every case with its answer, and PyTorch's own words where it refuses."""
    return {
        "mode": "shapes",
        "cases": [_case(left, right) for left, right in shapes.pairs],
        "split": _split(shapes.d_model, shapes.n_heads),
        "can_reset": replace(shapes, answered=0) != Shapes(),
    }


def _case(left: Shaped, right: Shaped) -> dict[str, Any]:
    found = product_shape(left, right)
    clash = isinstance(found, ShapeClash)
    return {
        "left": [left.name, left.rows, left.columns],
        "right": [right.name, right.rows, right.columns],
        "product": None if isinstance(found, ShapeClash) else [found.rows, found.columns],
        "fix": found.fix if isinstance(found, ShapeClash) else None,
        "code": f"torch.randn({left.rows}, {left.columns}) @ torch.randn({right.rows}, {right.columns})",
        "torch": _refusal(left, right) if clash else None,
    }


def _refusal(left: Shaped, right: Shaped) -> str:
    try:
        torch.zeros(left.rows, left.columns) @ torch.zeros(right.rows, right.columns)
    except RuntimeError as refused:
        return f"RuntimeError: {refused}"
    raise AssertionError(f"torch multiplies {left} and {right}")


def _split(d_model: int, n_heads: int) -> dict[str, Any]:
    try:
        config = ModelConfig(architecture="decoder-only", vocab_size=8, d_model=d_model, n_heads=n_heads)
    except ValueError as refused:
        return {"d_model": d_model, "n_heads": n_heads, "head_dim": None, "refused": f"ValueError: {refused}"}
    return {"d_model": d_model, "n_heads": n_heads, "head_dim": config.head_dim, "refused": None}
