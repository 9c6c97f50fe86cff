"""The training loop of a run that begins from a trained model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from attnviz.config import Compute, TrainConfig
from attnviz.data.tasks.labels import LabelTask
from attnviz.errors import FineTuneError
from attnviz.model import Transformer
from attnviz.model.lora import plain_copy
from attnviz.training.distributed import Ranks
from attnviz.training.evaluation import Metrics, evaluate
from attnviz.training.finetuning.freezing import TensorPlan
from attnviz.training.finetuning.labels import label_report
from attnviz.training.finetuning.metrics import FineTuneMetrics
from attnviz.training.finetuning.prepare import Prepared, can_watch_old_task
from attnviz.training.objective import Loss
from attnviz.training.optimizer import make_optimizer
from attnviz.training.state import TrainingState
from attnviz.training.step_record import StepRecord
from attnviz.training.trainer import Trainer

_STOPPING = "early_stopping"  # where a captured state keeps it, among the settings


@dataclass
class EarlyStopping:
    """The lowest validation loss so far, and how many evaluations have passed without a lower one."""

    loss: float = float("inf")
    step: int = 0
    waited: int = 0

    def saw(self, loss: float, step: int) -> bool:
        """Take note of an evaluation; whether it is the best so far."""
        if loss < self.loss:
            self.loss, self.step, self.waited = loss, step, 0
            return True
        self.waited += 1
        return False


class FineTuner(Trainer):
    """A Trainer that trains what `prepared.plans` says, from the step on and at the rate that they say.

    It stops early by setting `steps` to the step it has reached. `stopping.step` is where the validation loss was
    lowest, and `use_best` puts those weights back.
    """

    def __init__(
        self,
        prepared: Prepared,
        config: TrainConfig,
        *,
        device: torch.device | str = "cpu",
        ranks: Ranks | None = None,
    ) -> None:
        if ranks is not None and prepared.config.strategy == "gradual":
            raise FineTuneError("finetune_gradual")
        self.prepared = prepared
        self.finetune = prepared.config
        self.plans: dict[str, TensorPlan] = {plan.name: plan for plan in prepared.plans}
        self.stopping = EarlyStopping()
        self.best: dict[str, Tensor] = {}  # trained weights at `stopping.step`, while `patience` is set
        for name, parameter in prepared.model.named_parameters():
            parameter.requires_grad_(self.plans[name].trains_from is not None)
        super().__init__(prepared.model, prepared.task, config, device=device, ranks=ranks)
        self.watches_old_task = self.finetune.watch_old_task and can_watch_old_task(prepared)
        self._set_stage()

    # ---- what trains --------------------------------------------------------------------------------------

    def make_optimizer(self) -> torch.optim.Optimizer:
        """As ever, with a group for each share of the learning rate; tables of which only new rows train do not
        decay."""
        optimizer = make_optimizer(self.model, self.config)
        plan_of = {id(parameter): self.plans[name] for name, parameter in self.model.named_parameters()}
        groups = []
        for group in optimizer.param_groups:
            kinds: dict[tuple[float, bool], list[Any]] = {}
            for parameter in group["params"]:
                plan = plan_of[id(parameter)]
                kinds.setdefault((plan.share, plan.old_rows > 0), []).append(parameter)
            for (share, partly), members in kinds.items():
                decays = bool(group["weight_decay"]) and not partly
                decay = group["weight_decay"] if decays else 0.0
                groups.append({**group, "params": members, "share": share, "weight_decay": decay})
        optimizer.param_groups[:] = groups
        return optimizer

    def can(self, compute: Compute) -> bool:
        # Stages, shares of the rate and frozen rows are one parameter's own: the buffer of all has none.
        return compute.path != "written"

    def _set_stage(self) -> None:
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad_(self.plans[name].state(self.step_number) == "trains")
            if not parameter.requires_grad:
                parameter.grad = None

    def backward(self, loss: Loss) -> None:
        super().backward(loss)
        for name, parameter in self.model.named_parameters():
            if self.plans[name].old_rows and parameter.grad is not None:
                parameter.grad[: self.plans[name].old_rows] = 0

    def update(self) -> float:
        rate = super().update()
        self._set_stage()
        return rate

    # ---- measuring ----------------------------------------------------------------------------------------

    def evaluate(self) -> FineTuneMetrics:
        """Metrics on the first `eval_examples` of the validation splits of the new and the old task."""
        limit = self.config.eval_examples
        macro_f1 = None
        if isinstance(self.task, LabelTask):
            macro_f1 = label_report(self.model, self.task, "validation", limit=limit).scores.macro_f1
        old = self.evaluate_old_task("validation", limit=limit) if self.watches_old_task else None
        return FineTuneMetrics.of(super().evaluate(), macro_f1=macro_f1, old=old)

    def evaluate_old_task(self, split: str, *, limit: int | None = None) -> Metrics:
        """How good the weights as they are now still are at the old task."""
        return evaluate(self.prepared.old_model(), self.prepared.start.task, split, limit=limit)

    def finish_step(self, loss: Loss, grad_norm: float, rate: float, ratio: float | None, seconds: float) -> StepRecord:
        record = super().finish_step(loss, grad_norm, rate, ratio, seconds)
        if record.metrics is not None and self.finetune.patience:
            if self.stopping.saw(record.metrics.loss, record.step):
                self.best = self._trained_weights()
            elif self.stopping.waited >= self.finetune.patience and record.step < self.config.steps:
                self.set(steps=record.step)
        return record

    def advance(self) -> Loss:
        loss = super().advance()
        if self.finetune.patience and self._evaluation_due():  # it decides how long the run is, and which weights count
            self.finish_step(loss, 0.0, 0.0, None, 0.0)
        return loss

    @property
    def stopped_early(self) -> bool:
        """Whether the run ended because the validation loss no longer fell."""
        return bool(self.finetune.patience) and self.stopping.waited >= self.finetune.patience

    def use_best(self) -> int:
        """Put the weights of the lowest validation loss back; returns the step they are from."""
        if not self.best:
            return self.step_number
        self.model.load_state_dict({**self.model.state_dict(), **self.best})
        return self.stopping.step

    def _trained_weights(self) -> dict[str, Tensor]:
        return {
            name: parameter.detach().clone()
            for name, parameter in self.model.named_parameters()
            if self.plans[name].trains_from is not None
        }

    # ---- the result ---------------------------------------------------------------------------------------

    def merged_model(self) -> Transformer:
        """A copy of the model as it is now, LoRA merged into its matrices, in evaluation mode."""
        return plain_copy(self.model).eval()

    # ---- stopping and going on ----------------------------------------------------------------------------

    def capture(self, *, whole: bool = True) -> TrainingState:
        state = super().capture(whole=whole)
        if not self.finetune.patience:
            return state
        stopping = {"loss": self.stopping.loss, "step": self.stopping.step, "waited": self.stopping.waited}
        settings = {**state.settings, _STOPPING: stopping} if self.best else state.settings
        return replace(state, settings=settings, best={name: value.clone() for name, value in self.best.items()})

    def restore(self, state: TrainingState, *, settings: bool = True) -> None:
        kept = dict(state.settings)
        stopping = kept.pop(_STOPPING, None)
        self.stopping = EarlyStopping(**stopping) if stopping else EarlyStopping()
        self.best = {name: value.to(self.device, copy=True) for name, value in state.best.items()}
        super().restore(replace(state, settings=kept), settings=settings)
        self._set_stage()


def tune(prepared: Prepared, config: TrainConfig, *, device: torch.device | str = "cpu") -> FineTuner:
    """Run to the end and return the tuner, with the best weights where `patience` is set."""
    tuner = FineTuner(prepared, config, device=device)
    for _ in tuner.run():
        pass
    tuner.use_best()
    return tuner
