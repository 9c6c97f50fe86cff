"""What an experiment trains: a plan that the trainer, a run and the worker understand alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attnviz.config import TrainConfig
from attnviz.trace.application import Application


@dataclass(frozen=True)
class At:
    """With which seed, and how large: `size` 1 is the recipe, less is a share of its steps."""

    seed: int = 0
    size: float = 1.0

    def steps(self, steps: int) -> int:
        """So many steps at this size; at least one."""
        return max(1, round(steps * self.size))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A task, the shape of a model, how it is trained, and from where; satisfies `TrainingPlan`."""

    task: str
    task_options: Mapping[str, Any] = field(default_factory=dict)
    shape: Mapping[str, Any] = field(default_factory=dict)
    train: TrainConfig = field(default_factory=TrainConfig)
    start: Mapping[str, Any] | None = None  # {"checkpoint": name}: the weights to begin from
    finetune: Mapping[str, Any] | None = None  # fields of FineTuneConfig
    how: Application = "own"  # how the decoder's own mask is applied while training and measuring

    def to_dict(self) -> dict[str, Any]:
        """Plain values; equal plans have equal ones."""
        return {
            "task": self.task,
            "task_options": dict(self.task_options),
            "shape": dict(self.shape),
            "train": self.train.to_dict(),
            "start": None if self.start is None else dict(self.start),
            "finetune": None if self.finetune is None else dict(self.finetune),
            "how": self.how,
        }

    @property
    def key(self) -> str:
        """16 hex digits that are the same for equal plans."""
        text = json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
