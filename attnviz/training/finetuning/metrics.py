"""What a fine-tuning run is measured by: the new task, its classes where it has labels, and the old task."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from attnviz.training.evaluation import Metrics


@dataclass(frozen=True, kw_only=True)
class FineTuneMetrics(Metrics):
    """Metrics of the new task, with two more columns."""

    macro_f1: float | None = None  # mean of the classes' F1; None for tasks without labels
    old: Metrics | None = None  # of the old task with the weights as they are; None where it is not watched

    @classmethod
    def of(cls, metrics: Metrics, *, macro_f1: float | None, old: Metrics | None) -> FineTuneMetrics:
        """The metrics with these columns."""
        values = {field.name: getattr(metrics, field.name) for field in fields(Metrics)}
        return cls(**values, macro_f1=macro_f1, old=old)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; the old task's figures are `old_loss`, `old_token_accuracy`, `old_exact_match`."""
        values = {**super().to_dict(), "macro_f1": self.macro_f1}
        if self.old is not None:
            values |= {f"old_{name}": getattr(self.old, name) for name in ("loss", "token_accuracy", "exact_match")}
        return values
