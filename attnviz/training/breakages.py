"""Six things to leave out of a model or its training, each the change that a fork is made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from attnviz.config import ModelConfig, TrainConfig


@dataclass(frozen=True, kw_only=True)
class Breakage:
    """One mistake. `shape` changes fields of ModelConfig, `train` of TrainConfig; `without` adds to its list."""

    name: str
    shape: Mapping[str, Any] = field(default_factory=dict)
    train: Mapping[str, Any] = field(default_factory=dict)
    without: str = ""
    from_start: bool = False  # shows only in a run that has it from step 0

    def fits(self, model: ModelConfig, train: TrainConfig) -> bool:
        """Whether a run has what this takes away."""
        if self.without in ("causal-mask", "shift"):
            return model.has_decoder and self.without not in train.without
        if self.without == "padding-mask":
            return model.has_encoder and self.without not in train.without
        shape = model.to_dict()
        return any(shape[name] != value for name, value in self.shape.items())

    def changes(self, train: TrainConfig) -> dict[str, Any]:
        """Fields of ModelConfig and TrainConfig to change in a run that is trained as `train` says."""
        added = {"without": tuple(sorted({*train.without, self.without}))} if self.without else {}
        return {**self.shape, **self.train, **added}

    def applied(self, shape: Mapping[str, Any], train: TrainConfig) -> tuple[dict[str, Any], TrainConfig]:
        """The shape and the training with the mistake in them."""
        changed = {name: value for name, value in self.changes(train).items() if name not in self.shape}
        return {**shape, **self.shape}, replace(train, **changed)


_ALL = (
    Breakage(name="no-causal-mask", without="causal-mask"),
    Breakage(name="no-shift", without="shift"),
    Breakage(name="no-padding-mask", without="padding-mask"),
    Breakage(name="no-positions", shape={"positions": "none"}),
    Breakage(name="no-scaling", shape={"scale_scores": False}, from_start=True),
    Breakage(name="post-norm-no-warmup", shape={"norm": "post"}, train={"warmup_steps": 0}, from_start=True),
)
BREAKAGES: Mapping[str, Breakage] = {breakage.name: breakage for breakage in _ALL}
