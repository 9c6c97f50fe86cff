"""The small model that most experiments compare with: it reverses letters, and learns it in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from attnviz.config import TrainConfig
from attnviz.experiments.plan import At, Plan
from attnviz.language import Text

STEPS = 600
SHAPE: Mapping[str, Any] = {"n_encoder_layers": 1, "d_ff": 128, "dropout": 0.0}
_TRAIN = TrainConfig(batch_size=64, learning_rate=3e-3, warmup_steps=100, eval_every=0, eval_examples=64)
RECIPE = Text(
    "任务：把 3–8 个字母倒过来写（共 20 种字母）。编码器 1 层、解码器 2 层，d_model 64，4 个头，600 步，每步 64 例。",
    "Task: write 3–8 letters (of 20) in reverse. 1 encoder layer, 2 decoder layers, d_model 64, 4 heads, 600 steps of "
    "64 examples.",
)


def reverse(at: At, *, steps: int = STEPS, shape: Mapping[str, Any] | None = None, **train: Any) -> Plan:
    """The baseline, or a variant of it: `shape` changes fields of ModelConfig, `train` those of TrainConfig."""
    config = replace(_TRAIN, **{"steps": at.steps(steps), "seed": at.seed, **train})
    config = replace(config, warmup_steps=min(config.warmup_steps, config.steps))
    return Plan(task="reverse", shape={**SHAPE, **(shape or {})}, train=config)
