"""Strategies side by side: the same start, data, steps and seeds, so that only what trains differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from attnviz.config import FineTuneConfig, Strategy, TrainConfig
from attnviz.data import Task
from attnviz.data.tasks.labels import LabelTask
from attnviz.training.evaluation import Metrics, evaluate
from attnviz.training.finetuning.freezing import Cost
from attnviz.training.finetuning.labels import label_report
from attnviz.training.finetuning.prepare import prepare
from attnviz.training.finetuning.spread import Spread
from attnviz.training.finetuning.tuner import FineTuner
from attnviz.training.start import Start
from attnviz.training.step_record import StepRecord


@dataclass(frozen=True)
class RaceStep:
    """One update of one entry."""

    entry: str
    seed: int
    record: StepRecord
    done: int  # updates of the whole race so far
    total: int


@dataclass(frozen=True)
class RaceResult:
    """A finished entry with one seed, measured on the test splits."""

    entry: str
    seed: int
    new: Metrics
    old: Metrics | None  # None where the old task's data are not at hand
    macro_f1: float | None
    cost: Cost
    seconds: float  # of training
    steps: int

    @property
    def score(self) -> float:
        """Exact match of texts, accuracy of labels and of language models."""
        return score_of(self.new, self.macro_f1)


def score_of(metrics: Metrics, macro_f1: float | None = None) -> float:
    """The one figure that strategies are compared by: exact match; where there is none, or labels, accuracy."""
    labels = macro_f1 is not None
    return metrics.token_accuracy if labels or metrics.exact_match is None else metrics.exact_match


def race(
    start: Start,
    task: Task,
    entries: Mapping[str, FineTuneConfig],
    train: TrainConfig,
    *,
    seeds: Sequence[int] = (0, 1, 2),
    rates: Mapping[str, float] | None = None,
    device: torch.device | str = "cpu",
    limit: int | None = None,
) -> Iterator[RaceStep | RaceResult]:
    """Run every entry with every seed, seed by seed, and yield what happens.

    `rates`: by what the learning rate of an entry is multiplied; few trained numbers need larger steps.

    A seed decides new weights, dropout, the order of the data and which `train_size` examples are used; it is the
    same for all entries. `limit`: examples of each measurement on the test splits.
    """
    total, done = train.steps * len(entries) * len(seeds), 0
    for seed in seeds:
        for name, config in entries.items():
            prepared = prepare(start, task, replace(config, data_seed=seed), seed=seed)
            rate = train.learning_rate * (rates or {}).get(name, 1.0)
            tuner = FineTuner(prepared, replace(train, seed=seed, learning_rate=rate), device=device)
            for record in tuner.run():
                done += 1
                yield RaceStep(name, seed, record, done, total)
            tuner.use_best()
            yield _result(name, seed, tuner, limit)


def _result(name: str, seed: int, tuner: FineTuner, limit: int | None) -> RaceResult:
    task = tuner.task
    macro_f1 = None
    if isinstance(task, LabelTask):
        macro_f1 = label_report(tuner.model, task, "test", limit=limit).scores.macro_f1
    return RaceResult(
        entry=name,
        seed=seed,
        new=evaluate(tuner.model, task, "test", limit=limit),
        old=tuner.evaluate_old_task("test", limit=limit) if tuner.watches_old_task else None,
        macro_f1=macro_f1,
        cost=tuner.prepared.cost(tuner.config.optimizer),
        seconds=tuner.seconds,
        steps=tuner.step_number,
    )


@dataclass(frozen=True)
class RaceRow:
    """One entry over its seeds."""

    entry: str
    score: Spread
    old_score: Spread | None
    macro_f1: Spread | None
    loss: Spread
    seconds: Spread
    cost: Cost

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""

        def spread(found: Spread | None) -> dict[str, Any] | None:
            return None if found is None else {"mean": found.mean, "sd": found.sd, "values": list(found.values)}

        return {
            "entry": self.entry,
            "score": spread(self.score),
            "old_score": spread(self.old_score),
            "macro_f1": spread(self.macro_f1),
            "loss": spread(self.loss),
            "seconds": spread(self.seconds),
            "trained": self.cost.trained,
            "parameters": self.cost.parameters,
            "bytes": self.cost.bytes,
        }


def table(results: Sequence[RaceResult]) -> tuple[RaceRow, ...]:
    """Mean and spread of every entry, in the order of their first results."""
    rows = []
    for name in dict.fromkeys(result.entry for result in results):
        mine = [result for result in results if result.entry == name]
        rows.append(
            RaceRow(
                entry=name,
                score=Spread(tuple(result.score for result in mine)),
                old_score=Spread.of(None if result.old is None else score_of(result.old) for result in mine),
                macro_f1=Spread.of(result.macro_f1 for result in mine),
                loss=Spread(tuple(result.new.loss for result in mine)),
                seconds=Spread(tuple(result.seconds for result in mine)),
                cost=mine[-1].cost,
            )
        )
    return tuple(rows)


def entries(strategies: Sequence[Strategy], **common: Any) -> dict[str, FineTuneConfig]:
    """One entry for each strategy, named after it, with the same other settings."""
    return {strategy: FineTuneConfig(strategy=strategy, **common) for strategy in strategies}
