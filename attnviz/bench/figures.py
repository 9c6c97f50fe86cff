"""What a benchmark reports: ratios of things timed in turns in one run, so that a busy machine slows both sides."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to measure, and where the programs are that are compared with."""

    quick: bool = False  # few repeats: a smoke test, not a measurement
    device: str = "cpu"
    nanogpt: Path | None = None  # a checkout of nanoGPT: the folder with its model.py

    def repeats(self, many: int, few: int = 3) -> int:
        """`many`, or `few` where it is only to be seen whether everything runs."""
        return few if self.quick else many


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One ratio. `must` and `aim` are limits: at most that if `smaller_is_better`, else at least."""

    name: str
    ratio: float
    what: str  # what is timed
    against: str  # what counts as 1
    milliseconds: float  # of what is timed, median
    base_milliseconds: float  # of what counts as 1, median
    must: float | None = None  # `attnviz bench` fails where this is missed
    aim: float | None = None  # what would be good
    smaller_is_better: bool = True
    unit: str = "ms"  # of both amounts, where they are no times

    @property
    def met(self) -> bool | None:
        """Whether the must is met; None where there is none."""
        return self._within(self.must)

    @property
    def reached(self) -> bool | None:
        """Whether the aim is met; None where there is none."""
        return self._within(self.aim)

    def _within(self, limit: float | None) -> bool | None:
        if limit is None:
            return None
        return self.ratio <= limit if self.smaller_is_better else self.ratio >= limit

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "met": self.met, "reached": self.reached}


@dataclass(frozen=True)
class Skipped:
    """A benchmark that this machine cannot run, and why."""

    name: str
    why: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


Result = Figure | Skipped
Times = dict[str, list[float]]  # seconds of each variant, turn by turn


def in_turns(
    variants: Mapping[str, Callable[[], object]],
    repeats: int,
    *,
    warm_up: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> Times:
    """Seconds of each variant, run in turns; the first `warm_up` rounds are not counted.

    With `clock=time.process_time` it is this process's CPU time (of all its threads): what others do on the machine
    then matters little, but work in other processes is not seen.
    """
    seconds: Times = {name: [] for name in variants}
    for turn in range(repeats + warm_up):
        for name, call in variants.items():
            began = clock()
            call()
            if turn >= warm_up:
                seconds[name].append(clock() - began)
    return seconds


def medians(variants: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median milliseconds of each variant, run in turns; the first round warms up and is not counted."""
    return {name: 1e3 * statistics.median(found) for name, found in in_turns(variants, repeats).items()}


def compared(times: Mapping[str, float], timed: str, base: str, **described: Any) -> Figure:
    """The figure of `times[timed]` as a multiple of `times[base]`."""
    whole, one = times[timed], times[base]
    return Figure(ratio=whole / one, milliseconds=whole, base_milliseconds=one, **described)


def paired(times: Times, timed: str, base: str, *, speed: bool = False, **described: Any) -> Figure:
    """The median of the ratios turn by turn, each beside its own neighbour.

    `speed` False: time of `timed` as a multiple of `base`'s (less is better). True: how many times as fast (more is).
    """
    pairs = list(zip(times[timed], times[base], strict=True))
    return Figure(
        ratio=statistics.median(b / t if speed else t / b for t, b in pairs),
        milliseconds=1e3 * statistics.median(times[timed]),
        base_milliseconds=1e3 * statistics.median(times[base]),
        smaller_is_better=not speed,
        **described,
    )
