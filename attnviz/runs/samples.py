"""What the model says to a few fixed inputs, step by step, so that one sees it learn."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.training import Trainer
from attnviz.training.samples import EXAMPLES, samples_of


@dataclass(frozen=True)
class Sample:
    """One input, the model's own output at a step, and the right answer where it is known."""

    step: int
    number: int  # the first is the probe sentence, where the run has one
    source: str
    output: str
    reference: str | None


def samples_now(trainer: Trainer, probe: str | None) -> list[Sample]:
    """A sample of each input at the present step; inputs that the task cannot read are left out."""
    texts = [*([probe] if probe else []), *trainer.task.examples[:EXAMPLES]]
    found = samples_of(trainer.model, trainer.task, texts, without=trainer.config.without)
    return [
        Sample(trainer.step_number, number, one.source, one.output, one.reference) for number, one in enumerate(found)
    ]
