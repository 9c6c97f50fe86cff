"""The one change that matters most to what a model says of an example: it is claimed, and can be tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from attnviz.ui.fields.scene import Change

MATTERS = 0.02  # a probability that falls by less does not matter


@dataclass(frozen=True)
class Claim:
    """A change and what it does to the answer at a position; labels count from 0."""

    change: Change
    position: int
    label: int  # what the model says of the example as it is
    instead: int  # what it says afterwards
    before: float  # probability of `label`
    after: float

    @property
    def flips(self) -> bool:
        """Whether it says something else then."""
        return self.instead != self.label

    @property
    def matters(self) -> bool:
        """Whether there is anything to see."""
        return self.before - self.after >= MATTERS


def strongest(
    intact: Float[np.ndarray, "S V"],
    variants: Float[np.ndarray, "N S V"],
    changes: Sequence[Change],
    positions: Sequence[int],
) -> Claim | None:
    """The change after which an answer at one of `positions` has lost most; None where nothing was tried."""
    if not changes or not positions:
        return None
    places = np.asarray(positions)
    labels = intact[places].argmax(axis=-1)
    before = intact[places, labels]
    after = variants[:, places, labels]
    which, at = np.unravel_index(int(np.argmax(before - after)), after.shape)
    position = int(places[at])
    return Claim(
        change=changes[int(which)],
        position=position,
        label=int(labels[at]),
        instead=int(variants[which, position].argmax()),
        before=float(before[at]),
        after=float(after[which, at]),
    )
