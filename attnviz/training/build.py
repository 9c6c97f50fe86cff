"""From a trained model to a finished checkpoint."""

from __future__ import annotations

import torch

from attnviz.data.split import SPLITS
from attnviz.training.baselines import language_model_baselines
from attnviz.training.checkpoint import round_weights
from attnviz.training.evaluation import evaluate
from attnviz.training.manifest import Manifest, SplitSize
from attnviz.training.trainer import Trainer


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
        threads=torch.get_num_threads(),
        splits={split: SplitSize(len(task.split(split)), task.fingerprint(split)) for split in SPLITS},
        metrics={split: evaluate(model, task, split) for split in SPLITS[1:]},
        baselines=language_model_baselines(task, "test") if task.info.kind == "lm" else {},
    )
