"""What By hand claims about its numbers: what the last query looks at, and what √head_dim has to do with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnviz.trace.walkthrough import HeadSetup, Setup, walk
from attnviz.ui.by_hand.sheet import Changes, applied


@dataclass(frozen=True)
class Claim:
    """The largest weight of a row, with the scores divided by √head_dim as they are now, and the other way."""

    row: int
    column: int
    head: int
    divided: bool  # whether scores are divided now
    now: float
    otherwise: float


def claimed(setup: Setup | HeadSetup, changes: Changes, row: int | None = None) -> Claim | None:
    """Of all heads the one in which dividing matters most to the row (None: the last one that sees two keys or more).

    None where nothing is to be seen: rows with one visible key, numbers that are none, or another scaling.
    """
    if isinstance(setup, HeadSetup) and not setup.divides:
        return None  # this model's scores are not divided by √head_dim at all
    now = applied(setup, changes)
    other = applied(setup, changes.switched("divide", not now.variant.divide))
    walked = [walk(one).steps for one in (now, other)]
    if not all(bool(np.isfinite(steps["scores"].values).all()) for steps in walked):
        return None
    weights, otherwise = (np.asarray(steps["weights"].values, dtype=np.float64) for steps in walked)
    visible = np.atleast_2d(np.asarray(setup.mask).reshape(-1, *weights.shape[1:]).max(axis=0))
    rows = [row] if row is not None else [at for at in range(weights.shape[1])[::-1] if visible[at].sum() > 1]
    if not rows or not 0 <= rows[0] < weights.shape[1]:
        return None
    at = rows[0]
    head = int(np.abs(weights[:, at] - otherwise[:, at]).max(axis=-1).argmax())
    column = int(weights[head, at].argmax())
    values = float(weights[head, at, column]), float(otherwise[head, at, column])
    return Claim(at, column, head, now.variant.divide, *values)
