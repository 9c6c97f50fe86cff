"""Runs experiments: trains what they name, once for equal plans, and measures."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from attnviz.errors import ExperimentError, InputError, raised
from attnviz.experiments.experiment import Experiment
from attnviz.experiments.plan import At, Plan
from attnviz.experiments.result import Found, found
from attnviz.experiments.trained import Trained, probe_for
from attnviz.training.build import build_trainer
from attnviz.training.finetuning.tuner import FineTuner
from attnviz.training.step_record import StepRecord
from attnviz.training.trainer import Trainer


@dataclass(frozen=True)
class Progress:
    """One update of one of an experiment's models."""

    experiment: str
    model: str  # the plan's name
    seed: int
    record: StepRecord
    done: int  # updates of the whole experiment so far, those spared by an equal plan included
    total: int


class Lab:
    """Keeps what it has trained, so that experiments with the same baseline share it."""

    def __init__(self, device: torch.device | str = "cpu") -> None:
        self.device = device
        self._trained: dict[str, Trained] = {}

    def run(
        self,
        experiment: Experiment,
        *,
        seeds: Sequence[int] = (0, 1, 2),
        size: float = 1.0,
    ) -> Iterator[Progress | Found]:
        """Run it seed by seed; the last thing that comes is what was found.

        Whatever breaks inside an experiment raises ExperimentError, as an experiment may be anybody's file.
        """
        if not seeds:
            raise ExperimentError("experiment_seeds")
        begin = time.perf_counter()
        measured = []
        done = 0
        total = sum(plan.train.steps for seed in seeds for plan in _plans(experiment, At(seed, size)).values())
        for seed in seeds:
            at = At(seed, size)
            models: dict[str, Trained] = {}
            for name, plan in _plans(experiment, at).items():
                if plan.key not in self._trained:
                    trainer = self._trainer(experiment, plan)
                    for record in trainer.run():
                        yield Progress(experiment.name, name, seed, record, done + record.step, total)
                    self._trained[plan.key] = _finished(plan, trainer)
                models[name] = self._trained[plan.key]
                done += plan.train.steps
            measured.append(_measured(experiment, models, at))
        yield found(experiment, measured, seeds, size=size, seconds=time.perf_counter() - begin)

    def forget(self) -> None:
        """Let go of every trained model."""
        self._trained.clear()

    def _trainer(self, experiment: Experiment, plan: Plan) -> Trainer:
        try:
            trainer = build_trainer(plan, device=self.device)
        except InputError:
            raise
        except ValueError as error:  # what configs say about impossible values
            raise _broken(experiment, error) from error
        trainer.probe = probe_for(trainer.model, plan.how)
        return trainer


def run(experiment: Experiment, *, seeds: Sequence[int] = (0, 1, 2), size: float = 1.0) -> Found:
    """Run it to the end."""
    *_, last = Lab().run(experiment, seeds=seeds, size=size)
    assert isinstance(last, Found), "the last thing that comes is what was found"
    return last


def _finished(plan: Plan, trainer: Trainer) -> Trained:
    if isinstance(trainer, FineTuner):
        trainer.use_best()
    trainer.model.eval()
    return Trained(plan, trainer.model, trainer.task, trainer.seconds, trainer.step_number, trainer)


def _plans(experiment: Experiment, at: At) -> Mapping[str, Plan]:
    try:
        return experiment.plans(at)
    except InputError:
        raise
    except Exception as error:  # an experiment is somebody's file: whatever it raises becomes a sentence
        raise _broken(experiment, error) from error


def _measured(experiment: Experiment, models: Mapping[str, Trained], at: At) -> Mapping[str, float]:
    try:
        return experiment.measure(models, at)
    except InputError:
        raise
    except Exception as error:
        raise _broken(experiment, error) from error


def _broken(experiment: Experiment, error: Exception) -> ExperimentError:
    return ExperimentError("experiment_broke", name=experiment.name, problem=raised(error))
