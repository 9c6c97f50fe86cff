"""A step that is walked through by phase, while commands come one at a time."""

from __future__ import annotations

from typing import Any

from attnviz.errors import RunError
from attnviz.training import Trainer
from attnviz.training.phases import walk


class StepWalk:
    """Makes one step of a trainer, a phase a call; the numbers are those of an ordinary step."""

    def __init__(self, trainer: Trainer, weight: str | None = None, index: list[int] | None = None) -> None:
        self.reports: list[dict[str, Any]] = []  # of the phases done, ready for JSON
        self._phases = walk(trainer, weight=None if weight is None else (weight, index))

    def next(self) -> str:
        """Do the next phase; returns its name."""
        report = next(self._phases).to_dict()
        self.reports.append(report)
        return str(report["phase"])

    @property
    def record(self) -> dict[str, Any] | None:
        """The record of the step, once it is made."""
        last = self.reports[-1] if self.reports else {}
        return last.get("record")


def check_weight(trainer: Trainer, weight: str | None, index: list[int] | None) -> None:
    """Refuse a weight that is not there before the step is begun. Raises RunError."""
    shapes = {name: tuple(p.shape) for name, p in trainer.model.named_parameters() if p.requires_grad}
    if weight is None:
        return
    if weight not in shapes:
        raise RunError("command_argument", name="weight", value=weight, allowed=", ".join(shapes))
    shape = shapes[weight]
    inside = index is None or (len(index) == len(shape) and all(0 <= i < n for i, n in zip(index, shape, strict=True)))
    if not inside:
        raise RunError("command_argument", name="index", value=str(index), allowed=f"0 … {shape}")
