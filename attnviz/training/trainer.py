"""The training loop: a generator of step records whose state can be taken out and put back at any step."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from attnviz.config import Compute, TrainConfig
from attnviz.data import Batch, Task
from attnviz.errors import SettingError
from attnviz.masks import MaskPlan
from attnviz.masks.parse import parse
from attnviz.model import SILENT, MultiHeadAttention, Probe, Transformer
from attnviz.model.written import FlatParameters, WrittenTransformer, can_be_written
from attnviz.settings import SETTABLE
from attnviz.training.batch_stream import BatchStream, DataPosition
from attnviz.training.compute import PLAIN, explicitly
from attnviz.training.distributed import Ranks
from attnviz.training.evaluation import Metrics, evaluate
from attnviz.training.graphed import MOST_GRAPHS, GraphedStep, bucketed
from attnviz.training.initialiser import make_model
from attnviz.training.objective import Loss, cross_entropy, predict
from attnviz.training.optimizer import MEMORY, add_l1_gradient, decaying, make_optimizer, move, optimizer_over, set_rate
from attnviz.training.randomness import RandomStream
from attnviz.training.regime import broken_batch, broken_masks
from attnviz.training.schedule import learning_rate
from attnviz.training.settings import set_dropout
from attnviz.training.state import TrainingState, capture_optimizer, restore_optimizer
from attnviz.training.step_record import StepRecord
from attnviz.training.updates import UpdateMeter

__all__ = ["Trainer", "make_model"]


class Trainer:
    """Trains `model` on `task` as `config` says. One object is one run.

    ``for record in trainer.run(): …`` is all that most callers need. `step` is made of `draw`, `forward`, `backward`,
    `clip` and `update`, which may be called one at a time, in that order; `finish_step` then makes the record.
    Dropout draws from the run's own random stream, so that several trainers can take turns in one process.
    """

    def __init__(
        self,
        model: Transformer,
        task: Task,
        config: TrainConfig,
        *,
        device: torch.device | str = "cpu",
        ranks: Ranks | None = None,
        compute: Compute = PLAIN,
    ) -> None:
        self.device = torch.device(device)
        self.model = model.to(self.device)
        self.task = task
        self.config = config
        self.settings: dict[str, Any] = {}  # what `set` has changed since
        self.ratio_every = 0  # steps between measurements of the update-to-weight ratio; 0: never
        self.step_number = 0
        self.seconds = 0.0
        self.ranks = ranks  # the processes that train together; None: this one alone
        self.adopt(compute)
        self.random = RandomStream(config.seed if ranks is None else ranks.seed(config.seed), self.device)
        self.batches = BatchStream(task, config.batch_size, config.seed)
        self.cross_mask = parse(config.cross_mask) if config.cross_mask else None
        self.probe: Probe = SILENT  # acts in every training step: a mask applied in another way, say

    def make_optimizer(self) -> torch.optim.Optimizer:
        """The optimizer that `config` asks for."""
        return make_optimizer(self.model, self.config)

    def adopt(self, compute: Compute) -> None:
        """Compute so from now on, with an optimizer that remembers nothing: before the first step or `restore`.

        Raises ValueError for a way that this model cannot be trained in.
        """
        if not self.can(compute):
            raise ValueError(f"compute is {compute}: this model cannot be trained so")
        self.compute = compute
        self.flat: FlatParameters | None = None
        self._written: WrittenTransformer | None = None
        self._graphs: dict[tuple[Any, ...], GraphedStep] = {}
        self._attentions = [one for one in self.model.modules() if isinstance(one, MultiHeadAttention)]
        self._shared = None
        if compute.path == "written":
            self.flat = FlatParameters(self.model, decaying(self.model), compute.precision)
            self._written = WrittenTransformer(self.model, self.flat)
            self.optimizer = optimizer_over(self.flat.groups, bool(self.flat.n_matrices), self.config)
            if self.ranks is not None:
                self.ranks.agree(self.flat.weights)
            return
        self.optimizer = self.make_optimizer()
        if self.ranks is not None:
            self._shared = self.ranks.wrap(self.model)

    @property
    def written(self) -> WrittenTransformer:
        """The written passes, of a trainer that computes so."""
        assert self._written is not None, "compute.path is not 'written'"
        return self._written

    def can(self, compute: Compute) -> bool:
        """Whether it can be trained in this way."""
        return compute.path != "written" or can_be_written(self.model)

    def twin(self, compute: Compute) -> tuple[Trainer, Batch]:
        """A copy at this step that computes in another way, and a batch to try it on; nothing is shared that moves."""
        other = copy.copy(self)
        other.model = copy.deepcopy(self.model)
        other.ranks, other.settings = None, {}
        other.random = RandomStream(self.config.seed, self.device)
        other.batches = BatchStream(self.task, self.config.batch_size, self.config.seed)
        other.adopt(compute)
        return other, other.draw()

    def run(self, until: int | None = None) -> Iterator[StepRecord]:
        """Step until `until` (default: the end of the run) and yield a record after each step."""
        while self.step_number < (self.config.steps if until is None else min(until, self.config.steps)):
            yield self.step()

    def step(self) -> StepRecord:
        """One update, and an evaluation when it is due."""
        begin = time.perf_counter()
        batch = self.draw()
        loss = self.forward(batch)
        self.backward(loss)
        grad_norm = self.clip()
        meter = UpdateMeter(self.model) if self._ratio_due() else None
        rate = self.update()
        ratio = None if meter is None else meter.ratio()
        loss.nats.item()  # waits for the device, so the clock below is honest
        return self.finish_step(loss, grad_norm, rate, ratio, time.perf_counter() - begin)

    @property
    def runs_ahead(self) -> bool:
        """Whether several steps can be made before the first is read: on a GPU, along the written passes."""
        plain = not self.config.l1 and not self.config.cross_mask and not self.config.without
        recordable = self.config.optimizer in ("adam", "adamw") and self.ranks is None
        return self.device.type == "cuda" and self.flat is not None and plain and recordable

    def block(self, most: int) -> list[StepRecord]:
        """Make up to `most` steps and then read what they did, at once; stops where an evaluation is due.

        Where steps cannot run ahead it is one step.
        """
        if most < 2 or not self.runs_ahead:
            return [self.step()]
        return self._ahead(most)

    def _ahead(self, most: int) -> list[StepRecord]:
        began, rates, figures = time.perf_counter(), [], []
        for _ in range(most):
            batch = bucketed(self.draw(), self.model.config.max_len)
            rate = learning_rate(self.config, self.step_number + 1)
            for group in self.optimizer.param_groups:
                set_rate(group, rate)
            with self.random.lent() if self.model.config.dropout else nullcontext():
                figures.append(self.graph(batch)(batch).clone())
            rates.append(rate)
            self.step_number += 1
            if self._evaluation_due():
                break
        found = torch.stack(figures).tolist()  # the only time that the device is waited for
        seconds = (time.perf_counter() - began) / len(found)
        measures = self.ranks is None or self.ranks.writes
        records = []
        for index, (rate, (nats, right, scored, norm)) in enumerate(zip(rates, found, strict=True)):
            self.seconds += seconds
            last = index == len(found) - 1
            records.append(
                StepRecord(
                    step=self.step_number - len(found) + 1 + index,
                    loss=nats,
                    token_accuracy=right / max(scored, 1.0),
                    learning_rate=rate,
                    grad_norm=norm,
                    tokens=int(scored),
                    tokens_per_second=scored / max(seconds, 1e-9),
                    seconds=self.seconds,
                    metrics=self.evaluate() if last and measures and self._evaluation_due() else None,
                )
            )
        return records

    def graph(self, batch: Batch) -> GraphedStep:
        """The recorded step for batches of this one's shape."""
        if not self.model.training:
            self.model.train()
        key = tuple(None if x is None else tuple(x.shape) for x in (batch.src, batch.decoder_input, batch.targets))
        if key not in self._graphs:
            if len(self._graphs) >= MOST_GRAPHS:
                self._graphs.pop(next(iter(self._graphs)))
            self._graphs[key] = GraphedStep(self.written, self.optimizer, self.config, batch)
        return self._graphs[key]

    def advance(self) -> Loss:
        """One update and nothing else: no record, no evaluation."""
        loss = self.forward(self.draw())
        self.backward(loss)
        self.clip()
        self.update()
        return loss

    def finish_step(self, loss: Loss, grad_norm: float, rate: float, ratio: float | None, seconds: float) -> StepRecord:
        """The record of the step just made, which took `seconds`; evaluates when that is due."""
        self.seconds += seconds
        measures = self.ranks is None or self.ranks.writes
        return StepRecord(
            step=self.step_number,
            loss=loss.nats.item(),
            token_accuracy=loss.correct / loss.tokens,
            learning_rate=rate,
            grad_norm=grad_norm,
            tokens=loss.tokens,
            tokens_per_second=loss.tokens / max(seconds, 1e-9),
            seconds=self.seconds,
            metrics=self.evaluate() if measures and self._evaluation_due() else None,
            update_ratio=ratio,
        )

    def heads(self, example: int = 0) -> dict[str, Float[np.ndarray, "H T S"]]:
        """By site, the weights that the last step's forward pass gave one example of its batch, padding included.

        Along the written passes they are still there, and cost a copy; no other way keeps them: {}.
        """
        found = {} if self._written is None else self._written.heads(example)
        return {site: weights.float().cpu().numpy().copy() for site, weights in found.items()}

    # ---- the phases of a step -----------------------------------------------------------------------------

    def draw(self) -> Batch:
        """Take the next batch."""
        batch = self.batches.take()
        if self.ranks is not None:
            batch = self.ranks.share(batch)
        return broken_batch(batch.to(self.device), self.config.without)

    def forward(self, batch: Batch) -> Loss:
        """Predict and compare."""
        return self.compare(self.logits(batch), batch)

    def logits(self, batch: Batch) -> Float[Tensor, "B T V"]:
        """Predict, with dropout and under the masks of this step."""
        if not self.model.training:
            self.model.train()
        masks = self.masks(batch)
        # Where nothing is drawn, nothing need be lent.
        with self.random.lent() if self.model.config.dropout else nullcontext():
            return self._predict(batch, masks)

    def _predict(self, batch: Batch, masks: MaskPlan | None) -> Float[Tensor, "B T V"]:
        if self._written is not None:
            passes = self._written if self.ranks is not None else self._written.predict
            return passes(batch.src, batch.decoder_input if self.model.config.has_decoder else None, masks)
        low = torch.autocast(self.device.type, torch.bfloat16, enabled=self.compute.precision == "bf16")
        step_by_step = explicitly(self._attentions) if self.compute.path == "explicit" else nullcontext()
        with low, step_by_step:
            if self.ranks is None or self._shared is None:
                logits = predict(self.model, batch, masks, probe=self.probe)
            else:
                logits = self.ranks.predict(self._shared, batch, masks)
        return logits.float()

    def compare(self, logits: Float[Tensor, "B T V"], batch: Batch) -> Loss:
        """The loss of logits for this batch."""
        assert batch.targets is not None, "a training batch has targets"
        loss = cross_entropy(
            logits,
            batch.targets,
            pad_id=self.model.config.pad_id,
            label_smoothing=self.config.label_smoothing,
            may_be_empty=self.ranks is not None,
            with_slope=self._written is not None and self.ranks is None,
        )
        return loss if self.ranks is None else self.ranks.join(loss)

    def masks(self, batch: Batch) -> MaskPlan | None:
        """The masks of this step: the model's own (None), less those of `without`, `cross_mask` laid over the rest.

        The seed and the step alone decide which steps have `cross_mask`, so that a resumed run has it in the same ones.
        """
        broken = broken_masks(self.model, batch, self.config.without)
        if self.cross_mask is None:
            return broken
        drawn = random.Random(f"{self.config.seed} {self.step_number}").random()
        if drawn >= self.config.cross_mask_share:
            return broken
        own = broken or self.model.default_masks(batch.source, batch.decoder_input)
        return own.with_kind("cross", own.cross & self.cross_mask)

    def backward(self, loss: Loss) -> None:
        """Leave d objective / d parameter in every parameter's `.grad`."""
        if self.flat is None:
            self.optimizer.zero_grad(set_to_none=True)
        if loss.slope is not None:
            self.written.back(loss.slope)
        else:
            loss.objective.backward()
        if self.flat is not None and self.ranks is not None:
            self.ranks.average(self.flat.gradients)
        if self.config.l1:
            add_l1_gradient(self.model, self.config.l1)

    def clip(self) -> float:
        """Scale the gradient down to `clip_norm` where it is longer; returns its norm before. 0 never scales."""
        limit = self.config.clip_norm or float("inf")
        if self.flat is not None:
            norm = float(torch.linalg.vector_norm(self.flat.gradients))
            if norm > limit:
                self.flat.gradients *= limit / (norm + 1e-6)  # as torch scales it
            return norm
        return float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), limit))

    def update(self) -> float:
        """Move the weights; returns the learning rate used."""
        rate = learning_rate(self.config, self.step_number + 1)
        for group in self.optimizer.param_groups:
            set_rate(group, rate * group.get("share", 1.0))
        move(self.optimizer)
        self.step_number += 1
        return rate

    def evaluate(self) -> Metrics:
        """Metrics on the first `eval_examples` of the validation split."""
        return evaluate(
            self.model, self.task, "validation", limit=self.config.eval_examples, without=self.config.without
        )

    def _ratio_due(self) -> bool:
        return bool(self.ratio_every) and (self.step_number + 1) % self.ratio_every == 0

    def _evaluation_due(self) -> bool:
        every = self.config.eval_every
        return self.step_number == self.config.steps or bool(every and self.step_number % every == 0)

    # ---- changing on the fly ------------------------------------------------------------------------------

    def set(self, **changes: Any) -> None:
        """Change settings from the next step on: fields of TrainConfig listed in `SETTABLE`, and `dropout`.

        The state taken by `capture` holds them, so that the same changes at the same steps give the same numbers.
        Another batch size begins a new pass over the data. Raises ValueError, and changes nothing, for a value or a
        name that cannot be set.
        """
        for name in changes:
            if name not in SETTABLE:
                raise SettingError("setting_fixed", name=name, allowed=", ".join(SETTABLE))
        values = dict(changes)
        dropout = values.pop("dropout", None)
        config = replace(self.config, **values)
        cross_mask = parse(config.cross_mask) if config.cross_mask else None
        if dropout is not None:
            set_dropout(self.model, dropout)
        self.config, self.cross_mask = config, cross_mask
        self.settings |= changes
        self._graphs.clear()  # what was recorded holds the old settings
        self.batches.resize(config.batch_size)
        decayed = {id(parameter) for parameter in decaying(self.model)}
        if self.flat is not None and self.flat.n_matrices:
            decayed = {id(self.flat.groups[0])}
        if "weight_decay" in changes:
            for group in self.optimizer.param_groups:
                if all(id(parameter) in decayed for parameter in group["params"]):
                    group["weight_decay"] = config.weight_decay

    # ---- stopping and going on ----------------------------------------------------------------------------

    def capture(self, *, whole: bool = True) -> TrainingState:
        """A copy of everything that the next step depends on; call it between steps.

        Not `whole`: without the optimizer's memory, where it has one: to be looked at only.
        """
        whole = whole or not any(self.optimizer.state.values())
        return TrainingState(
            step=self.step_number,
            seconds=self.seconds,
            position=self.batches.position,
            model={name: value.detach().clone() for name, value in self.model.state_dict().items()},
            optimizer=capture_optimizer(self.optimizer, self.model, self.flat) if whole else {},
            whole=whole,
            random=self.random.capture(),
            settings=dict(self.settings),
            batch_size=self.batches.batch_size,
        )

    def restore(self, state: TrainingState, *, settings: bool = True) -> None:
        """Go on from `state` with the same numbers as if never stopped. Other shapes raise RuntimeError (torch's).

        What `set` had changed is set again, unless `settings` is False: a fork brings its own config. The optimizer's
        memory is kept if this run's optimizer has the same kind, and a pass over the data in batches of another size
        is left for the next one.
        """
        if settings and state.settings:
            self.set(**state.settings)
        self.model.load_state_dict(state.model)
        restore_optimizer(self.optimizer, self.model, state.optimizer, MEMORY[self.config.optimizer], self.flat)
        if self.ranks is None or self.ranks.writes:
            self.random.restore(state.random)
        else:  # the state holds the first rank's; the others' dropout goes on with numbers of its own
            self.random = RandomStream(self.ranks.seed(self.config.seed + state.step), self.device)
        other_size = state.batch_size not in (0, self.batches.batch_size) and state.position.index > 0
        self.batches.seek(DataPosition(state.position.epoch + 1) if other_size else state.position)
        self.step_number = state.step
        self.seconds = state.seconds
        self._graphs.clear()  # they know the optimizer's old memory
