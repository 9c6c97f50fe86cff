"""The training loop: a generator of step records whose state can be taken out and put back at any step."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from attnviz.config import ModelConfig, TrainConfig
from attnviz.data import Batch, Task
from attnviz.masks import MaskPlan
from attnviz.masks.parse import parse
from attnviz.model import Transformer
from attnviz.training.batch_stream import BatchStream
from attnviz.training.evaluation import Metrics, evaluate
from attnviz.training.objective import Loss, cross_entropy, predict
from attnviz.training.optimizer import make_optimizer
from attnviz.training.randomness import RandomStream
from attnviz.training.schedule import learning_rate
from attnviz.training.state import TrainingState, capture_optimizer, restore_optimizer


@dataclass(frozen=True)
class StepRecord:
    """What one update did."""

    step: int  # 1 … steps
    loss: float  # nats per target token on this batch, before the update, without label smoothing
    token_accuracy: float  # share of this batch's target tokens, teacher-forced
    learning_rate: float
    grad_norm: float  # before clipping
    tokens: int  # target tokens scored in this batch
    tokens_per_second: float  # of this step
    seconds: float  # spent training so far, evaluations not counted
    metrics: Metrics | None = None  # on the validation split, when an evaluation was due


def make_model(config: ModelConfig, seed: int) -> Transformer:
    """A new model; the seed decides every weight and nothing else in the process is disturbed."""
    with RandomStream(seed).lent():
        return Transformer(config)


class Trainer:
    """Trains `model` on `task` as `config` says. One object is one run.

    ``for record in trainer.run(): …`` is all that most callers need. `step` is made of `draw`, `forward`, `backward`,
    `clip` and `update`, which may be called one at a time, in that order. Dropout draws from the run's own random
    stream, so that several trainers can take turns in one process.
    """

    def __init__(
        self, model: Transformer, task: Task, config: TrainConfig, *, device: torch.device | str = "cpu"
    ) -> None:
        self.device = torch.device(device)
        self.model = model.to(self.device)
        self.task = task
        self.config = config
        self.step_number = 0
        self.seconds = 0.0
        self.optimizer = make_optimizer(self.model, config)
        self.random = RandomStream(config.seed, self.device)
        self.batches = BatchStream(task, config.batch_size, config.seed)
        self.cross_mask = parse(config.cross_mask) if config.cross_mask else None

    def run(self, until: int | None = None) -> Iterator[StepRecord]:
        """Step until `until` (default: the end of the run) and yield a record after each step."""
        last = self.config.steps if until is None else min(until, self.config.steps)
        while self.step_number < last:
            yield self.step()

    def step(self) -> StepRecord:
        """One update, and an evaluation when it is due."""
        begin = time.perf_counter()
        batch = self.draw()
        loss = self.forward(batch)
        self.backward(loss)
        grad_norm = self.clip()
        rate = self.update()
        nats = loss.nats.item()  # waits for the device, so the clock below is honest
        took = time.perf_counter() - begin
        self.seconds += took
        return StepRecord(
            step=self.step_number,
            loss=nats,
            token_accuracy=loss.correct / loss.tokens,
            learning_rate=rate,
            grad_norm=grad_norm,
            tokens=loss.tokens,
            tokens_per_second=loss.tokens / max(took, 1e-9),
            seconds=self.seconds,
            metrics=self.evaluate() if self._evaluation_due() else None,
        )

    # ---- the phases of a step -----------------------------------------------------------------------------

    def draw(self) -> Batch:
        """Take the next batch."""
        return self.batches.take().to(self.device)

    def forward(self, batch: Batch) -> Loss:
        """Predict and compare."""
        self.model.train()
        with self.random.lent():
            logits = predict(self.model, batch, self.masks(batch))
        assert batch.targets is not None, "a training batch has targets"
        return cross_entropy(
            logits,
            batch.targets,
            pad_id=self.model.config.pad_id,
            label_smoothing=self.config.label_smoothing,
        )

    def masks(self, batch: Batch) -> MaskPlan | None:
        """The masks of this step: the model's own (None), or those with `cross_mask` laid over cross-attention.

        The seed and the step alone decide which steps have it, so that a resumed run has it in the same ones.
        """
        drawn = random.Random(f"{self.config.seed} {self.step_number}").random()
        if self.cross_mask is None or drawn >= self.config.cross_mask_share:
            return None
        own = self.model.default_masks(batch.src, batch.decoder_input)
        return own.with_kind("cross", own.cross & self.cross_mask)

    def backward(self, loss: Loss) -> None:
        """Leave d objective / d parameter in every parameter's `.grad`."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.objective.backward()

    def clip(self) -> float:
        """Scale the gradient down to `clip_norm` where it is longer; returns its norm before. 0 never scales."""
        limit = self.config.clip_norm or float("inf")
        return float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), limit))

    def update(self) -> float:
        """Move the weights; returns the learning rate used."""
        rate = learning_rate(self.config, self.step_number + 1)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.step_number += 1
        return rate

    def evaluate(self) -> Metrics:
        """Metrics on the first `eval_examples` of the validation split."""
        return evaluate(self.model, self.task, "validation", limit=self.config.eval_examples)

    def _evaluation_due(self) -> bool:
        every = self.config.eval_every
        return self.step_number == self.config.steps or bool(every and self.step_number % every == 0)

    # ---- stopping and going on ----------------------------------------------------------------------------

    def capture(self) -> TrainingState:
        """A copy of everything that the next step depends on; call it between steps."""
        return TrainingState(
            step=self.step_number,
            seconds=self.seconds,
            position=self.batches.position,
            model={name: value.detach().clone() for name, value in self.model.state_dict().items()},
            optimizer=capture_optimizer(self.optimizer, self.model),
            random=self.random.capture(),
        )

    def restore(self, state: TrainingState) -> None:
        """Go on from `state` with the same numbers as if never stopped. Other shapes raise RuntimeError (torch's)."""
        self.model.load_state_dict(state.model)
        restore_optimizer(self.optimizer, self.model, state.optimizer)
        self.random.restore(state.random)
        self.batches.seek(state.position)
        self.step_number = state.step
        self.seconds = state.seconds
