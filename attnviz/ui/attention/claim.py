"""What the page claims about its sentence: which head the prediction needs most, and for which token."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnviz.trace import TokenEffects
from attnviz.ui.sentence.reading import Head

MATTERS = 0.1  # nats; a head whose removal costs every token less is one of several that can stand in for each other


@dataclass(frozen=True)
class Claim:
    """The head and the token of a sentence that belong together most; `row` is a decoder position."""

    head: Head
    row: int
    target: int
    change: float  # nats: loss of this token with the head off minus with it on
    before: float  # probability of the token, every head on
    after: float  # with this head off
    said_after: int  # the most likely token then
    mean: float  # change over the whole sentence, nats per target token

    @property
    def matters(self) -> bool:
        """Whether the token really needs this head."""
        return self.change >= MATTERS


def strongest(effects: TokenEffects) -> Claim | None:
    """The largest change that switching one head off makes to a token that the intact model has right.

    Where it has none right, all scored tokens count; None when nothing is scored. Only the first sequence is looked at.
    """
    scored = effects.scored[0]
    right = scored & (effects.intact_top[0] == effects.targets[0])
    counted = right if right.any() else scored
    if not counted.any() or not effects.heads:
        return None
    changes = np.where(counted, effects.change[:, 0], -np.inf)
    which, row = np.unravel_index(int(np.argmax(changes)), changes.shape)
    return Claim(
        head=effects.heads[which],
        row=int(row),
        target=int(effects.targets[0, row]),
        change=float(changes[which, row]),
        before=float(np.exp(-effects.intact_loss[0, row])),
        after=float(np.exp(-effects.loss[which, 0, row])),
        said_after=int(effects.top[which, 0, row]),
        mean=float(effects.mean()[which]),
    )
