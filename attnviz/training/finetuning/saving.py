"""The tuned model as an ordinary checkpoint, LoRA merged into its matrices."""

from __future__ import annotations

from pathlib import Path

import torch

from attnviz.data.origins import data_versions
from attnviz.data.split import SPLITS
from attnviz.training import checkpoint, held_out
from attnviz.training.evaluation import evaluate
from attnviz.training.finetuning.tuner import FineTuner
from attnviz.training.manifest import Manifest, SplitSize


def save_merged(path: str | Path, tuner: FineTuner, *, name: str, stored: str = "float32") -> Manifest:
    """Write the checkpoint that `attnviz.load` reads, and return what it says about itself.

    The tuner goes on as it is. Raises CheckpointError when the folder cannot be written.
    """
    model, task = tuner.merged_model(), tuner.task
    checkpoint.round_weights(model, stored)
    manifest = Manifest(
        name=name,
        model=model.config,
        train=tuner.config,
        task=task.state(),
        steps_done=tuner.step_number,
        seconds=tuner.seconds,
        parameters=sum(p.numel() for p in model.parameters()),
        stored=stored,
        device=tuner.device.type,
        threads=torch.get_num_threads(),
        splits={split: SplitSize(len(task.split(split)), task.fingerprint(split)) for split in SPLITS},
        data_from=data_versions(task.info.name),
        metrics={split: evaluate(model, task, split) for split in SPLITS[1:]},
        finetune={"start": tuner.prepared.start.name, "config": tuner.finetune.to_dict()},
    )
    checkpoint.save(path, model, manifest, held_out.of(task))
    return manifest
