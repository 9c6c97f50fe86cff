"""What the two lessons of an hour are put together from: steps of the other lessons, and experiments."""

from __future__ import annotations

from dataclasses import replace

from attnviz.language import Text
from attnviz.lessons.lesson import Step


def with_note(step: Step, teacher: Text) -> Step:
    """A step of another lesson, with a note for the teacher of this one."""
    return replace(step, teacher=teacher)


def experiment(name: str, do: Text, teacher: Text) -> Step:
    """A step on the page Experiments, whose own prediction takes the place of a question."""
    return Step(page="experiments", address={"experiment": name}, do=do, teacher=teacher)
