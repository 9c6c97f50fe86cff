"""From a plan to a trainer, and from a trained model to a finished checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import torch

from attnviz.config import FineTuneConfig, ModelConfig, TrainConfig
from attnviz.data import Task, tasks
from attnviz.data.objectives import with_objective
from attnviz.data.origins import data_versions
from attnviz.data.split import SPLITS
from attnviz.errors import FineTuneError
from attnviz.model.parameter_shapes import check_size
from attnviz.training.baselines import baselines
from attnviz.training.checkpoint import round_weights
from attnviz.training.distributed import Ranks
from attnviz.training.evaluation import evaluate
from attnviz.training.initialiser import make_model
from attnviz.training.manifest import Manifest, SplitSize, versions
from attnviz.training.recipes import model_config_for
from attnviz.training.start import Start, from_checkpoint, load_weights, with_vocabularies_of
from attnviz.training.trainer import Trainer


@runtime_checkable
class TrainingPlan(Protocol):
    """What a run is made from; recipes, presets, experiments' plans and run configs are plans."""

    @property
    def task(self) -> str: ...  # a name of the registry
    @property
    def task_options(self) -> Mapping[str, Any]: ...
    @property
    def shape(self) -> Mapping[str, Any]: ...  # fields of ModelConfig that differ from its defaults
    @property
    def train(self) -> TrainConfig: ...
    @property
    def start(self) -> Mapping[str, Any] | None: ...  # {"checkpoint": name or path}: the weights to begin from
    @property
    def finetune(self) -> Mapping[str, Any] | None: ...  # fields of FineTuneConfig; None: pretraining


def plan_task(plan: TrainingPlan, own: Task | None = None) -> Task:
    """The task of a plan as its objective sees it; `own` is the task of the user's file where it is made from one."""
    return with_objective(tasks.get(plan.task, **plan.task_options) if own is None else own, plan.train.objective)


def plan_model_config(plan: TrainingPlan, task: Task, start: Start | None = None) -> ModelConfig:
    """The shape of a plan's model: fitted to the task, or that of the model it starts from with the plan's changes."""
    if start is None:
        config = model_config_for(task, **plan.shape)
    else:
        config = ModelConfig.from_dict({**start.config.to_dict(), **plan.shape})
    check_size(config)
    return config


def build_trainer(
    plan: TrainingPlan,
    *,
    task: Task | None = None,
    start: Start | None = None,
    device: torch.device | str = "cpu",
    ranks: Ranks | None = None,
) -> Trainer:
    """The one way from a plan to a trainer at step 0.

    `task` replaces the registry's (the user's own file); `start` is the model to begin from, which a plan that names
    a checkpoint finds by itself; `ranks` are the processes that train together. Raises InputError and ValueError for
    a plan that cannot be.
    """
    named = plan.start or {}
    if start is None and "checkpoint" in named:
        start = from_checkpoint(named["checkpoint"])
    if plan.finetune is not None:
        return _finetuner(plan, plan_task(plan, task), start, device, ranks)
    made = plan_task(plan, task)
    if start is not None:
        made = with_vocabularies_of(made, start.task)
    model = make_model(plan_model_config(plan, made, start), plan.train.seed, plan.train.initialiser)
    if start is not None:
        load_weights(model, start)
    return Trainer(model, made, plan.train, device=device, ranks=ranks)


def _finetuner(
    plan: TrainingPlan, task: Task, start: Start | None, device: torch.device | str, ranks: Ranks | None
) -> Trainer:
    # Only now: pages that never fine-tune need not load it.
    from attnviz.training.finetuning.prepare import prepare
    from attnviz.training.finetuning.tuner import FineTuner

    assert plan.finetune is not None, "asked for plans that fine-tune"
    config = FineTuneConfig.from_dict(plan.finetune)
    if plan.shape:
        raise FineTuneError("finetune_shape", name=next(iter(plan.shape)))
    return FineTuner(prepare(start, task, config, seed=plan.train.seed), plan.train, device=device, ranks=ranks)


def finish(trainer: Trainer, *, name: str, stored: str = "float32", recipe: str | None = None) -> Manifest:
    """Measure the model as it will be stored (its weights are rounded to `stored`) and describe it."""
    model, task = trainer.model, trainer.task
    round_weights(model, stored)
    return Manifest(
        name=name,
        recipe=recipe,
        model=model.config,
        train=trainer.config,
        task=task.state(),
        steps_done=trainer.step_number,
        seconds=trainer.seconds,
        parameters=sum(p.numel() for p in model.parameters()),
        stored=stored,
        device=trainer.device.type,
        made_with=versions() | {"precision": trainer.compute.precision},
        threads=torch.get_num_threads(),
        splits={split: SplitSize(len(task.split(split)), task.fingerprint(split)) for split in SPLITS},
        data_from=data_versions(task.info.name),
        metrics={split: evaluate(model, task, split, without=trainer.config.without) for split in SPLITS[1:]},
        baselines=baselines(task, "test") if task.info.kind == "lm" else {},
    )
