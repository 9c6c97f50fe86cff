"""How far the weights have moved from where they began, tensor by tensor and part by part."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from attnviz.model import Transformer
from attnviz.model.lora import plain_weights
from attnviz.model.parts import PartKind, parts


@dataclass(frozen=True)
class Drift:
    """One part of the drawing: ‖W − W₀‖ and ‖W₀‖ over all its tensors (Frobenius)."""

    part: str  # decoder.0.self_attn
    kind: PartKind
    block: str  # decoder.0
    moved: float
    before: float
    tensors: Mapping[str, float]  # parameter → ‖W − W₀‖ / ‖W₀‖; where W₀ is 0: ‖W‖

    @property
    def relative(self) -> float:
        """‖W − W₀‖ / ‖W₀‖; where W₀ is 0: ‖W − W₀‖."""
        return self.moved / self.before if self.before else self.moved


def weight_drift(model: Transformer, first: Mapping[str, Tensor]) -> tuple[Drift, ...]:
    """The drift of every part of `model` from the weights `first` (by name), in order of computation.

    LoRA counts as what it adds to its matrix.
    """
    now = plain_weights(model)
    found = []
    for box in parts(model):
        path = box.shared_with or box.path  # an output projection tied to an embedding moves as that does
        members = [name for name in now if name.startswith(f"{path}.") and name in first]
        squares = {name: _squares(now[name], first[name]) for name in members}
        found.append(
            Drift(
                part=box.path,
                kind=box.kind,
                block=box.block,
                moved=math.sqrt(sum(moved for moved, _ in squares.values())),
                before=math.sqrt(sum(before for _, before in squares.values())),
                tensors={name: _ratio(*pair) for name, pair in squares.items()},
            )
        )
    return tuple(found)


def _squares(now: Tensor, first: Tensor) -> tuple[float, float]:
    start = first.to(now.device, now.dtype)
    return float((now - start).double().square().sum()), float(start.double().square().sum())


def _ratio(moved: float, before: float) -> float:
    return math.sqrt(moved / before) if before else math.sqrt(moved)
