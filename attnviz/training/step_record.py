"""What is known of a step that was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attnviz.training.evaluation import Metrics


@dataclass(frozen=True)
class StepRecord:
    """What one update did."""

    step: int  # 1 … steps
    loss: float  # nats per target token on this batch, before the update, without label smoothing
    token_accuracy: float  # share of this batch's target tokens, teacher-forced
    learning_rate: float
    grad_norm: float  # before clipping
    tokens: int  # target tokens scored in this batch
    tokens_per_second: float  # of this step
    seconds: float  # spent training so far, evaluations not counted
    metrics: Metrics | None = None  # on the validation split, when an evaluation was due
    update_ratio: float | None = None  # ‖Δw‖ / ‖w‖ over all trained weights, when it was due; about 0.001 is healthy

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**vars(self), "metrics": None if self.metrics is None else self.metrics.to_dict()}
