"""Run as a script by test_training_distributed.py: one rank of some training runs; the first writes their weights.

Usage: train_together.py OUT, with RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT set as torchrun sets them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch

from attnviz.config import Compute, TrainConfig
from attnviz.data import tasks
from attnviz.training import StepRecord, Trainer, build_trainer, joined
from attnviz.training.distributed import Ranks
from attnviz.training.recipes import Recipe

CONFIG = TrainConfig(
    steps=9,
    batch_size=13,
    learning_rate=3e-3,
    warmup_steps=3,
    label_smoothing=0.1,
    weight_decay=0.1,
    eval_every=4,
    eval_examples=5,
    seed=5,
)
RUNS: dict[str, dict[str, object]] = {
    "plain": {},
    "masked": {"objective": "masked-lm", "optimizer": "sgd", "l1": 1e-3},
    "unshifted": {"without": ("shift", "padding-mask"), "optimizer": "momentum"},
    "written": {"optimizer": "momentum"},
}
SHAPE = {"d_model": 12, "n_heads": 3, "d_ff": 17, "n_encoder_layers": 1, "dropout": 0.0}


def make_trainer(changes: dict[str, object], ranks: Ranks | None = None) -> Trainer:
    """The same run, alone or together; 53 training examples, so that the last batch of a pass has one row."""
    config = TrainConfig.from_dict({**CONFIG.to_dict(), **changes})
    recipe = Recipe(name="together", task="reverse", shape=SHAPE, train=config)
    trainer = build_trainer(recipe, task=tasks.get("reverse", size=100, symbols=5, max_length=5), ranks=ranks)
    if changes is RUNS["written"]:  # gradients in one buffer, which the ranks average themselves
        trainer.adopt(Compute(path="written"))
    return trainer


def train(trainer: Trainer) -> list[StepRecord]:
    """Half the run, a change on the fly, a restart from the state, the rest."""
    records = list(trainer.run(until=4))
    trainer.set(learning_rate=5e-3)
    trainer.restore(trainer.capture())
    return records + list(trainer.run())


def main(out: Path) -> None:
    torch.set_num_threads(1)
    with joined() as ranks:
        assert ranks is not None, "WORLD_SIZE is set"
        for name, changes in RUNS.items():
            trainer = make_trainer(changes, ranks)
            records = train(trainer)
            if ranks.writes:
                trainer.capture().save(out / f"{name}.safetensors")
                plain = [record.to_dict() for record in records]
                (out / f"{name}.json").write_text(json.dumps(plain), encoding="utf-8")
            else:
                assert all(record.metrics is None for record in records)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
