"""What experiments on fine-tuning have in common: strategies from one start, each with a rate of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from attnviz.config import Strategy, TrainConfig
from attnviz.data.tasks.labels import LabelTask
from attnviz.experiments.experiment import Quantity
from attnviz.experiments.plan import At, Plan
from attnviz.experiments.trained import Trained
from attnviz.language import Text
from attnviz.training.finetuning.labels import majority_report, naive_bayes_report
from attnviz.training.finetuning.race import score_of

TITLES: Mapping[Strategy, Text] = {
    "scratch": Text("从头训练", "from scratch"),
    "full": Text("全量", "full"),
    "head": Text("仅头", "head only"),
    "last-layers": Text("最后一层和头", "last layer and head"),
    "layer-decay": Text("逐层学习率", "layer-wise rates"),
    "gradual": Text("逐步解冻", "gradual unfreezing"),
    "lora": Text("LoRA", "LoRA"),
    "adapter": Text("适配器", "adapter"),
}


def plans(
    start: str,
    task: str,
    strategies: Sequence[Strategy],
    train: TrainConfig,
    *,
    rates: Mapping[Strategy, float],
    task_options: Mapping[str, Any] | None = None,
    **finetune: Any,
) -> Callable[[At], dict[str, Plan]]:
    """One plan for each strategy, named after it, at a rate of its own.

    `rates`: times the rate of `train`, found by the same search for each. `finetune`: fields of FineTuneConfig that
    all have.
    """

    def made(at: At) -> dict[str, Plan]:
        steps = at.steps(train.steps)
        found: dict[str, Plan] = {}
        for strategy in strategies:
            config = replace(
                train,
                steps=steps,
                warmup_steps=min(train.warmup_steps, steps),
                learning_rate=train.learning_rate * rates.get(strategy, 1.0),
                seed=at.seed,
            )
            found[strategy] = Plan(
                task=task,
                task_options=task_options or {},
                train=config,
                start={"checkpoint": start},
                finetune={"strategy": strategy, "data_seed": at.seed, **finetune},
            )
        return found

    return made


def measure(limit: int | None = None) -> Callable[[Mapping[str, Trained], At], dict[str, float]]:
    """Score on the new task and the old one, and of labels what two baselines score. `limit`: test examples."""

    def measured(models: Mapping[str, Trained], at: At) -> dict[str, float]:
        found = {}
        for name, trained in models.items():
            labels = isinstance(trained.task, LabelTask)
            found[f"{name}.new"] = score_of(trained.metrics(limit=limit), 0.0 if labels else None)
            old = trained.old_task(limit=limit)
            if old is not None:
                found[f"{name}.old"] = score_of(old)
        task = next(iter(models.values())).task
        if isinstance(task, LabelTask):
            found["majority"] = majority_report(task, "test").scores.accuracy
            found["naive_bayes"] = naive_bayes_report(task, "test").scores.accuracy
        return found

    return measured


def quantities(strategies: Sequence[Strategy], *, labels: bool = False) -> tuple[Quantity, ...]:
    """New task and old of every strategy; of labels the two baselines too."""
    found = [
        Quantity(f"{strategy}.{when}", Text(f"{TITLES[strategy].zh}：{zh}", f"{TITLES[strategy].en}: {en}"))
        for strategy in strategies
        for when, zh, en in (("new", "新任务", "new task"), ("old", "旧任务", "old task"))
    ]
    if labels:
        found.append(Quantity("majority", Text("总猜最多的那类", "always the most frequent label")))
        found.append(Quantity("naive_bayes", Text("朴素贝叶斯", "Naive Bayes")))
    return tuple(found)
