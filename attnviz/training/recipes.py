"""How each ready-trained model was made: `attnviz train --recipe NAME` makes it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attnviz.config import ModelConfig, TrainConfig
from attnviz.data import Task, tasks


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A task, the shape of a model and how to train it."""

    name: str
    task: str
    task_options: Mapping[str, Any] = field(default_factory=dict)
    shape: Mapping[str, Any] = field(default_factory=dict)  # fields of ModelConfig that differ from its defaults
    train: TrainConfig = field(default_factory=TrainConfig)
    stored: str = "float32"

    def make_task(self) -> Task:
        """The task with its data."""
        return tasks.get(self.task, **self.task_options)

    def model_config(self, task: Task) -> ModelConfig:
        """The model's shape for this task."""
        return model_config_for(task, **self.shape)


def model_config_for(task: Task, **shape: Any) -> ModelConfig:
    """A ModelConfig that fits the task's vocabularies and lengths; `shape` sets or overrides its other fields."""
    is_lm = task.src_vocab is None
    fitting = {
        "architecture": "decoder-only" if is_lm else "encoder-decoder",
        "src_vocab_size": 0 if task.src_vocab is None else len(task.src_vocab),
        "vocab_size": len(task.tgt_vocab),
        "max_len": max(task.max_tgt_len, 0 if is_lm else task.max_src_len),
        "n_encoder_layers": 0 if is_lm else 2,
    }
    return ModelConfig.from_dict({**fitting, **shape})


_PINYIN = TrainConfig(
    steps=1600, batch_size=96, learning_rate=3e-3, warmup_steps=100, label_smoothing=0.05, weight_decay=0.05, seed=1
)
_NUMBERS = TrainConfig(steps=1500, batch_size=128, learning_rate=3e-3, warmup_steps=100, seed=1)

_ALL = (
    Recipe(
        name="pinyin",
        task="pinyin",
        shape={"d_model": 128, "d_ff": 256, "n_encoder_layers": 0, "dropout": 0.2, "positions": "sinusoidal"},
        train=_PINYIN,
        stored="float16",
    ),
    Recipe(
        name="reverse",
        task="reverse",
        shape={"d_model": 64, "d_ff": 128, "n_encoder_layers": 1, "dropout": 0.0},
        train=TrainConfig(steps=1200, batch_size=128, learning_rate=3e-3, warmup_steps=100, seed=1),
    ),
)
RECIPES: Mapping[str, Recipe] = {recipe.name: recipe for recipe in _ALL}
