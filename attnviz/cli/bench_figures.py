"""What a benchmark reports: ratios of things timed in turns in one run, so that a busy machine slows both sides."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One ratio. `aim` is what it should be: at most that if `smaller_is_better`, else at least."""

    name: str
    ratio: float
    what: str  # what is timed
    against: str  # what counts as 1
    milliseconds: float  # of what is timed, median
    base_milliseconds: float  # of what counts as 1, median
    aim: float | None = None
    smaller_is_better: bool = True

    @property
    def reached(self) -> bool | None:
        """Whether the aim is met; None where there is none."""
        if self.aim is None:
            return None
        return self.ratio <= self.aim if self.smaller_is_better else self.ratio >= self.aim

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "reached": self.reached}


@dataclass(frozen=True)
class Skipped:
    """A benchmark that this machine cannot run, and why."""

    name: str
    why: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


Result = Figure | Skipped


def medians(variants: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median milliseconds of each variant, run in turns; the first round warms up and is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for turn in range(repeats + 1):
        for name, call in variants.items():
            began = time.perf_counter()
            call()
            if turn:
                seconds[name].append(time.perf_counter() - began)
    return {name: 1e3 * statistics.median(found) for name, found in seconds.items()}


def compared(times: Mapping[str, float], timed: str, base: str, **described: Any) -> Figure:
    """The figure of `times[timed]` as a multiple of `times[base]`."""
    whole, one = times[timed], times[base]
    return Figure(ratio=whole / one, milliseconds=whole, base_milliseconds=one, **described)
