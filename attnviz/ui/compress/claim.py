"""What Compress claims of the chart: how many heads can go, and what as many cost at random."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from attnviz.training.compress import PruningChart

KEEPS = 0.95  # of the whole model's score: so much must be left


@dataclass(frozen=True)
class Claim:
    """Scores with `out` heads out: the whole model's, by importance, and the mean at random."""

    heads: int
    out: int
    whole: float
    importance: float
    random: float
    keeps: bool  # whether KEEPS of the whole score is left


def claimed(chart: PruningChart) -> Claim | None:
    """The most heads that can go and leave KEEPS of the score; where none can, the fewest that were taken out.

    None until every point that it needs was measured.
    """
    if chart.done < chart.measurements or len(chart.importance) < 2:
        return None
    whole = chart.importance[0].score
    kept = list(takewhile(lambda point: point.score >= KEEPS * whole, chart.importance[1:]))
    point = kept[-1] if kept else chart.importance[1]
    random = chart.random_mean(len(point.out))
    assert random is not None, "all curves have the same points"
    return Claim(chart.heads, len(point.out), whole, point.score, random, bool(kept))
