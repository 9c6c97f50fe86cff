"""The learning rate of each step: linear warm-up, then cosine, linear or constant."""

from __future__ import annotations

import math

from attnviz.config import TrainConfig


def learning_rate(config: TrainConfig, step: int) -> float:
    """The rate that update number `step` (1 … config.steps) is made with; after the last step it stays there.

    The warm-up reaches the peak at step `warmup_steps` and is cut to the length of the run.
    """
    peak, least = config.learning_rate, config.learning_rate * config.final_learning_rate_share
    warmup = min(config.warmup_steps, config.steps)
    if step <= warmup:
        return peak * step / warmup
    if config.schedule == "constant":
        return peak
    done = min(1.0, (step - warmup) / (config.steps - warmup)) if config.steps > warmup else 1.0
    left = (1 + math.cos(math.pi * done)) / 2 if config.schedule == "cosine" else 1 - done
    return least + (peak - least) * left
