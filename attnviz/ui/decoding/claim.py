"""What Decoding claims about its text: where the choice was closest, and what would have been said instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attnviz.decoding import DecodingStep


@dataclass(frozen=True)
class Claim:
    """The token with the smallest lead over another one."""

    position: int
    token: int
    probability: float
    other: int
    other_probability: float


def closest(steps: Sequence[DecodingStep]) -> Claim | None:
    """The step at which the most likely token was least ahead; forced ones do not count. None where there is none."""
    free = [step for step in steps if not step.forced and len(step.alternatives) > 1]
    if not free:
        return None
    step = min(free, key=lambda one: one.alternatives[0].probability - one.alternatives[1].probability)
    first, second = step.alternatives[:2]
    return Claim(step.position, first.token, first.probability, second.token, second.probability)
