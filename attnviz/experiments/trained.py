"""A model that an experiment has trained, and the figures that experiments ask of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from attnviz.data import BOS, EOS, Batch, Task
from attnviz.decoding.session import DecoderSession
from attnviz.experiments.plan import Plan
from attnviz.masks import MaskPlan
from attnviz.model import SILENT, Probe, Transformer
from attnviz.trace.application import Application, MaskApplication
from attnviz.training.evaluation import EXTRA_STEPS, Metrics, evaluate
from attnviz.training.finetuning.tuner import FineTuner
from attnviz.training.trainer import Trainer


@dataclass(frozen=True)
class Trained:
    """What came of a plan."""

    plan: Plan
    model: Transformer
    task: Task
    seconds: float  # spent training
    steps: int
    trainer: Trainer | None = None  # None: it was trained elsewhere

    def metrics(self, split: str = "test", limit: int | None = None) -> Metrics:
        """Figures on a split, measured with what the model was trained without left out too."""
        return evaluate(self.model, self.task, split, limit=limit, without=self.plan.train.without)

    def old_task(self, split: str = "test", limit: int | None = None) -> Metrics | None:
        """How good a fine-tuned model still is at what it came from; None where nobody can say."""
        if not isinstance(self.trainer, FineTuner) or not self.trainer.watches_old_task:
            return None
        return self.trainer.evaluate_old_task(split, limit=limit)

    def batch(self, split: str = "test", limit: int = 128) -> Batch:
        """The first examples of a split."""
        return self.task.collate(self.task.split(split)[:limit])


def probe_for(model: Transformer, how: Application) -> Probe:
    """Under which the decoder's own attention applies its mask in this way."""
    if how == "own":
        return SILENT
    return MaskApplication(how, sites=frozenset(model.sites_of("decoder_self"))).probe()


def free_running(
    model: Transformer,
    task: Task,
    batch: Batch,
    *,
    masks: MaskPlan | None = None,
    how: Application = "own",
) -> float:
    """Share of the examples whose greedy output is exactly the target. The whole prefix is computed anew each step,
    so that a mask applied in another way acts as it does while training."""
    assert batch.targets is not None, "an example has a target"
    assert batch.src is not None, "what is written freely has a source"
    session = DecoderSession(model, batch.src, masks=masks, use_cache=False, probe=probe_for(model, how))
    room = min(batch.targets.size(1) + EXTRA_STEPS, model.config.max_len)
    token = torch.full((batch.size, 1), BOS, dtype=torch.long, device=session.device)
    said = []
    for _ in range(room):
        token = session.feed(token)[:, -1:].argmax(dim=-1)
        said.append(token)
    rows = torch.cat(said, dim=1).tolist()
    ended = [row[: row.index(EOS) + 1] if EOS in row else row for row in rows]
    hits = [tuple(task.tgt_vocab.decode(row)) == want for row, want in zip(ended, batch.target_labels, strict=True)]
    return sum(hits) / len(hits)
