"""What the model says to a few fixed inputs, step by step, so that one sees it learn."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from attnviz.data import Task
from attnviz.model import Transformer
from attnviz.training.samples import EXAMPLES, samples_of


@dataclass(frozen=True)
class Sample:
    """One input, the model's own output at a step, and the right answer where it is known."""

    step: int
    number: int  # the first is the probe sentence, where the run has one
    source: str
    output: str
    reference: str | None


def samples_of_model(
    model: Transformer, task: Task, probe: str | None, *, step: int, without: Collection[str] = ()
) -> list[Sample]:
    """A sample of each input, by the model of a step; inputs that the task cannot read are left out."""
    texts = [*([probe] if probe else []), *task.examples[:EXAMPLES]]
    found = samples_of(model, task, texts, without=without)
    return [Sample(step, number, one.source, one.output, one.reference) for number, one in enumerate(found)]
