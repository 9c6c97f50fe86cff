"""Comparisons with a known outcome: what is run, and what must come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from attnviz.config import Strategy, TrainConfig
from attnviz.data import Task, tasks
from attnviz.data.tasks.labels import LabelTask
from attnviz.training.finetuning.labels import majority_report, naive_bayes_report
from attnviz.training.finetuning.race import RaceResult, RaceRow, RaceStep, entries, race
from attnviz.training.finetuning.spread import Spread
from attnviz.training.start import from_checkpoint


@dataclass(frozen=True)
class Expectation:
    """A figure of one strategy (less that of another, where `minus` is set) and where it must lie."""

    entry: str
    column: str = "score"  # or "old_score"
    at_least: float | None = None
    at_most: float | None = None
    minus: str | None = None

    def value(self, rows: Mapping[str, RaceRow]) -> float | None:
        """The mean over the seeds; None where a strategy did not run."""
        means = []
        for name in self._names:
            spread: Spread | None = getattr(rows[name], self.column) if name in rows else None
            if spread is None:
                return None
            means.append(spread.mean)
        return means[0] - sum(means[1:])

    def met(self, rows: Mapping[str, RaceRow]) -> bool | None:
        """Whether the figure lies there; None where it was not measured."""
        value = self.value(rows)
        if value is None:
            return None
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    @property
    def _names(self) -> tuple[str, ...]:
        return (self.entry, self.minus) if self.minus else (self.entry,)

    def __str__(self) -> str:
        bound = f"at least {self.at_least}" if self.at_least is not None else f"at most {self.at_most}"
        what = self.entry + (f" minus {self.minus}" if self.minus else "")
        return f"{what}, {'old task' if self.column == 'old_score' else 'new task'}: {bound}"


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Strategies from one start on one task."""

    name: str
    question: str
    start: str  # a shipped checkpoint
    task: str
    task_options: Mapping[str, Any] = field(default_factory=dict)
    strategies: tuple[Strategy, ...]
    common: Mapping[str, Any] = field(default_factory=dict)  # fields of FineTuneConfig that all have
    train: TrainConfig
    rates: Mapping[str, float] = field(default_factory=dict)  # by what a strategy's learning rate is multiplied
    expected: tuple[Expectation, ...]
    limit: int | None = None  # examples of each measurement

    def make_task(self) -> Task:
        """The task that is learned."""
        return tasks.get(self.task, **self.task_options)

    def run(
        self,
        *,
        seeds: Sequence[int] = (0, 1, 2),
        strategies: Sequence[Strategy] | None = None,
        start: str | None = None,
        device: torch.device | str = "cpu",
    ) -> Iterator[RaceStep | RaceResult]:
        """Run it; see `race`."""
        chosen = entries(strategies or self.strategies, **self.common)
        begin = from_checkpoint(start or self.start)
        return race(
            begin,
            self.make_task(),
            chosen,
            self.train,
            seeds=seeds,
            rates=self.rates,
            device=device,
            limit=self.limit,
        )

    def baselines(self) -> dict[str, float]:
        """Accuracy of the majority and of Naive Bayes on the test split; nothing for tasks without labels."""
        task = self.make_task()
        if not isinstance(task, LabelTask):
            return {}
        reports = {"majority": majority_report(task, "test"), "naive_bayes": naive_bayes_report(task, "test")}
        return {name: report.scores.accuracy for name, report in reports.items()}


# All strategies get as many steps. Scratch would catch up with full tuning at a rate four times as high: with enough
# of the right steps, 128 examples of so simple a task are enough without any past.
_FEW = TrainConfig(steps=200, batch_size=32, learning_rate=7e-4, warmup_steps=10, eval_every=0)
_RATES = {"last-layers": 4.0, "layer-decay": 2.0, "gradual": 2.0, "lora": 10.0, "adapter": 5.0}
_LABELS = TrainConfig(steps=300, batch_size=48, learning_rate=2e-3, warmup_steps=20, label_smoothing=0.05, eval_every=0)

_ALL = (
    Experiment(
        name="finetune-reverse-copy",
        question="A model that reverses learns to copy from 128 examples: what is gained, what is forgotten?",
        start="reverse",
        task="copy",
        strategies=("scratch", "full", "head", "last-layers", "layer-decay", "gradual", "lora", "adapter"),
        common={"train_size": 128},
        train=_FEW,
        rates=_RATES,
        expected=(
            Expectation("full", at_least=0.55),
            Expectation("head", at_most=0.05),
            Expectation("scratch", at_most=0.2),
            Expectation("full", "old_score", at_most=0.05),
            Expectation("head", "old_score", at_least=0.9),
        ),
    ),
    Experiment(
        name="finetune-pinyin",
        question="A model that read phrases only learns sentences from 256 of them: is that better than from nothing?",
        start="pinyin-phrases",
        task="pinyin-sentences",
        strategies=("scratch", "full", "lora"),
        common={"train_size": 256},
        train=TrainConfig(steps=200, batch_size=32, learning_rate=1e-3, warmup_steps=10, eval_every=0),
        expected=(Expectation("full", minus="scratch", at_least=0.10),),
    ),
    Experiment(
        name="finetune-segmentation",
        question="A language model of Chinese learns where words begin.",
        start="lm-zh",
        task="segmentation",
        strategies=("full",),
        train=_LABELS,
        expected=(Expectation("full", at_least=0.86),),
    ),
    Experiment(
        name="finetune-syntax",
        question="A language model of English documentation learns what each character of Python source is.",
        start="lm-en",
        task="python-syntax",
        strategies=("full",),
        train=TrainConfig(
            steps=250, batch_size=32, learning_rate=2e-3, warmup_steps=20, label_smoothing=0.05, eval_every=0
        ),
        expected=(Expectation("full", at_least=0.95),),
    ),
)
EXPERIMENTS: Mapping[str, Experiment] = {experiment.name: experiment for experiment in _ALL}
