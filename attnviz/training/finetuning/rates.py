"""Which learning rate suits a strategy: the same small search for every one, on validation, with a seed of its own.

Strategies that are compared at one rate teach the rate and not the strategy: what trains few numbers needs larger steps
than what trains all of them, and so does a model that begins from nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from attnviz.config import FineTuneConfig, TrainConfig
from attnviz.data import Task
from attnviz.training.evaluation import evaluate
from attnviz.training.finetuning.prepare import prepare
from attnviz.training.finetuning.race import score_of
from attnviz.training.finetuning.tuner import FineTuner
from attnviz.training.start import Start

FACTORS = (1.0, 4.0, 10.0)  # times the learning rate of the plan
TUNING_SEED = 1009  # no race uses it


@dataclass(frozen=True)
class TunedRate:
    """What the search found for one entry: each factor's (score, loss) on validation."""

    entry: str
    tried: Mapping[float, tuple[float, float]]

    @property
    def factor(self) -> float:
        """The factor with the best score; where several score alike (a head that learns nothing), the lowest loss."""
        return max(self.tried, key=lambda factor: (self.tried[factor][0], -self.tried[factor][1]))


def tuned_rates(
    start: Start,
    task: Task,
    entries: Mapping[str, FineTuneConfig],
    train: TrainConfig,
    *,
    factors: Sequence[float] = FACTORS,
    seed: int = TUNING_SEED,
    device: torch.device | str = "cpu",
    limit: int | None = None,
) -> dict[str, TunedRate]:
    """Try every factor for every entry, one run each, and measure on the validation split (`limit` examples of it).

    `seed` decides data and weights of the search; a race should use others.
    """
    found = {}
    for name, config in entries.items():
        tried = {}
        for factor in factors:
            prepared = prepare(start, task, replace(config, data_seed=seed, watch_old_task=False), seed=seed)
            plan = replace(train, seed=seed, learning_rate=train.learning_rate * factor)
            tuner = FineTuner(prepared, plan, device=device)
            for _ in tuner.run():
                pass
            tuner.use_best()
            metrics = evaluate(tuner.model, tuner.task, "validation", limit=limit)
            tried[factor] = (score_of(metrics), metrics.loss)
        found[name] = TunedRate(name, tried)
    return found
