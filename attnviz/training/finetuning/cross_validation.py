"""k-fold cross-validation: every example is held out once, and the folds' models can vote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from attnviz.config import FineTuneConfig, TrainConfig
from attnviz.data import Task
from attnviz.data.tasks.labels import LabelTask
from attnviz.training.evaluation import Metrics, evaluate
from attnviz.training.finetuning.ensemble import Member, ensemble_exact_match, ensemble_report
from attnviz.training.finetuning.labels import label_report
from attnviz.training.finetuning.metrics import FineTuneMetrics
from attnviz.training.finetuning.prepare import prepare
from attnviz.training.finetuning.spread import Spread
from attnviz.training.finetuning.tuner import FineTuner
from attnviz.training.start import Start
from attnviz.training.step_record import StepRecord


@dataclass(frozen=True)
class FoldStep:
    """One update of one fold's run."""

    fold: int
    folds: int
    record: StepRecord


@dataclass(frozen=True)
class FoldResult:
    """A finished fold: measured on what it was not trained on."""

    fold: int
    folds: int
    metrics: FineTuneMetrics  # on the held-out fold
    test: Metrics  # on the test split, which no fold has seen
    member: Member


def cross_validate(
    start: Start,
    task: Task,
    config: FineTuneConfig,
    train: TrainConfig,
    *,
    device: torch.device | str = "cpu",
    limit: int | None = None,
) -> Iterator[FoldStep | FoldResult]:
    """Train and measure fold after fold; `config.folds` says how many. `limit`: examples of each measurement."""
    for fold in range(config.folds):
        prepared = prepare(start, task, replace(config, fold=fold), seed=train.seed)
        tuner = FineTuner(prepared, train, device=device)
        for record in tuner.run():
            yield FoldStep(fold, config.folds, record)
        tuner.use_best()
        model, own = tuner.merged_model(), tuner.task
        macro_f1 = None
        if isinstance(own, LabelTask):
            macro_f1 = label_report(model, own, "validation", limit=limit).scores.macro_f1
        held_out = FineTuneMetrics.of(evaluate(model, own, "validation", limit=limit), macro_f1=macro_f1, old=None)
        test = evaluate(model, own, "test", limit=limit)
        yield FoldResult(fold, config.folds, held_out, test, Member(model, own))


@dataclass(frozen=True)
class CrossValidation:
    """Mean ± sd over the folds, and all folds' models together on the test split."""

    loss: Spread
    token_accuracy: Spread
    exact_match: Spread | None
    macro_f1: Spread | None
    single: Spread  # on test, one model at a time: exact match, or accuracy of labels
    ensemble: float | None  # the same figure of all models together; None for language models


def summary(results: Sequence[FoldResult], task: Task, *, limit: int | None = None) -> CrossValidation:
    """The figures of finished folds. `task`: the one that was given to `cross_validate`."""
    members = [result.member for result in results]
    pairs = task.split("test")[:limit]
    ensemble: float | None = None
    if isinstance(task, LabelTask):
        own = members[0].task
        assert isinstance(own, LabelTask), "a label task stays one"
        ensemble = ensemble_report(members, own, pairs).scores.accuracy
    elif members[0].model.config.has_encoder:
        ensemble = ensemble_exact_match(members, pairs)
    labels = isinstance(task, LabelTask)
    single = [r.test.token_accuracy if labels or r.test.exact_match is None else r.test.exact_match for r in results]
    return CrossValidation(
        loss=_spread([r.metrics.loss for r in results]),
        token_accuracy=_spread([r.metrics.token_accuracy for r in results]),
        exact_match=Spread.of(r.metrics.exact_match for r in results),
        macro_f1=Spread.of(r.metrics.macro_f1 for r in results),
        single=_spread(single),
        ensemble=ensemble,
    )


def _spread(values: Sequence[float]) -> Spread:
    return Spread(tuple(values))
