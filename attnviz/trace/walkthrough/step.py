"""The walk: every matrix on the way, by name, with what it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from attnviz.trace.walkthrough.head_setup import HeadSetup
from attnviz.trace.walkthrough.setup import Edit, Setup

Stage = Literal[
    "input", "norm", "project", "rotate", "products", "scale", "mask", "softmax", "mix", "combine", "output",
    "residual", "feed_forward",
]  # fmt: skip
Operation = Literal[
    "given", "layer_norm", "affine", "affine_heads", "rotate", "products", "divide", "copy", "mask", "softmax",
    "mask_weights", "renormalise", "mix", "concat", "sum_heads", "add", "activation",
    "rms_norm", "turn", "times", "softcap", "softmax_sink",
]  # fmt: skip
AxisKind = Literal["query", "key", "feature", "head_feature", "hidden", "one"]


@dataclass(frozen=True)
class Axis:
    """What the rows or the columns of a matrix are."""

    kind: AxisKind
    labels: tuple[str, ...] = ()  # tokens; () where the axis has none


@dataclass(frozen=True, eq=False)
class Step:
    """One named matrix; with heads, one matrix a head."""

    name: str
    symbol: str  # as in formulas: Q, QKᵀ/√d
    stage: Stage
    operation: Operation
    inputs: tuple[str, ...]  # steps it was made from, in the order that the operation takes them
    values: NDArray[np.generic]  # (rows, columns) or (heads, rows, columns); bool in `mask`
    rows: Axis
    columns: Axis
    edits: tuple[Edit, ...] = ()  # the cells put in by hand

    @property
    def has_heads(self) -> bool:
        """Whether there is one matrix a head."""
        return self.values.ndim == 3

    @property
    def shape(self) -> tuple[int, ...]:
        """(rows, columns) or (heads, rows, columns)."""
        return self.values.shape

    def matrix(self, head: int = 0) -> NDArray[np.generic]:
        """(rows, columns), of one head where there are heads."""
        return self.values[head] if self.has_heads else self.values

    def edited(self, row: int, column: int, head: int = 0) -> bool:
        """Whether this cell was put in by hand."""
        return any(
            (edit.row, edit.column) == (row, column) and (edit.head == head or not self.has_heads)
            for edit in self.edits
        )


@dataclass(frozen=True, eq=False)
class Walk:
    """All steps of a setup, in the order of computation; `output` is the last one's name."""

    setup: Setup | HeadSetup
    steps: Mapping[str, Step]

    def __getitem__(self, name: str) -> Step:
        if name not in self.steps:
            raise KeyError(f"{name!r} is no step of this walk; there are {', '.join(self.steps)}")
        return self.steps[name]

    @property
    def output(self) -> Step:
        """The last step: what goes on into the next sublayer or block."""
        return list(self.steps.values())[-1]

    @property
    def screens(self) -> tuple[tuple[Stage, tuple[str, ...]], ...]:
        """What is shown together: neighbouring steps of one stage, in order."""
        found: list[tuple[Stage, list[str]]] = []
        for step in self.steps.values():
            if not found or found[-1][0] != step.stage:
                found.append((step.stage, []))
            found[-1][1].append(step.name)
        return tuple((stage, tuple(names)) for stage, names in found)
