"""What came out: numbers with their spread over the seeds, and the verdict that they give."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from attnviz.errors import ExperimentError
from attnviz.experiments.experiment import Bound, Experiment, Quantity
from attnviz.training.finetuning.spread import Spread


@dataclass(frozen=True)
class Row:
    """One quantity over the seeds."""

    quantity: Quantity
    spread: Spread

    @property
    def mean(self) -> float:
        """The mean over the seeds."""
        return self.spread.mean

    @property
    def said(self) -> str:
        """Mean and spread in digits, without the unit: "0.994 ± 0.003", "0.00302", "8.3e-08", "12,288"."""
        spread = self.spread
        if self.quantity.unit == "bytes":
            return f"{spread.mean:,.0f}"
        if self.quantity.unit == "number":
            return f"{spread.mean:.4g}" + (f" ± {spread.sd:.2g}" if spread.count > 1 else "")
        if 0 < abs(spread.mean) < 0.0005:
            return f"{spread.mean:.1e}" + (f" ± {spread.sd:.1e}" if spread.count > 1 else "")
        if self.quantity.unit == "nats" and 0 < abs(spread.mean) < 0.01:
            return f"{spread.mean:.5f}" + (f" ± {spread.sd:.5f}" if spread.count > 1 else "")
        return str(spread)


@dataclass(frozen=True)
class Check:
    """A bound of the expected choice, and whether it was met."""

    bound: Bound
    value: float
    met: bool


@dataclass(frozen=True)
class Verdict:
    """What the numbers say."""

    choice: str | None  # the first choice that they support; None: none of them
    checks: tuple[Check, ...]  # of the choice that must come out

    @property
    def came_out(self) -> bool:
        """Whether it came out as it must."""
        return all(check.met for check in self.checks)


@dataclass(frozen=True)
class Recorded:
    """A result that was made beforehand, by the same recipe: when, and with what."""

    date: str  # ISO
    made_with: Mapping[str, str]
    recipe: str  # digest of the plans; see `recording.recipe_digest`


@dataclass(frozen=True)
class Found:
    """The numbers of an experiment."""

    experiment: Experiment
    rows: tuple[Row, ...]
    seeds: tuple[int, ...]
    size: float = 1.0
    seconds: float = 0.0  # for all seeds, on the machine that ran it
    recorded: Recorded | None = None  # None: it has just been run

    @property
    def means(self) -> dict[str, float]:
        """Name of quantity → mean over the seeds."""
        return {row.quantity.name: row.mean for row in self.rows}

    @property
    def verdict(self) -> Verdict:
        """What the means say."""
        means = self.means
        supported = (c.code for c in self.experiment.choices if c.when and all(bound.met(means) for bound in c.when))
        checks = []
        for bound in self.experiment.choice(self.experiment.expected).when:
            value = bound.value(means)
            checks.append(Check(bound, math.nan if value is None else value, bool(bound.met(means))))
        return Verdict(next(supported, None), tuple(checks))

    def hit(self, prediction: str) -> bool:
        """Whether a prediction was right: the choice that the numbers support, or a number within a tenth of the
        slider's length of the mean. ExperimentError for what is no prediction."""
        asked = self.experiment.asked(prediction)
        slider = self.experiment.slider
        if slider is None:
            return asked == self.verdict.choice
        return abs(float(asked) - self.means[slider.quantity]) <= (slider.high - slider.low) / 10

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON. NaN is no JSON: it is None."""
        verdict = self.verdict
        titles = self.experiment.titles("en")
        return {
            "experiment": self.experiment.name,
            "seeds": list(self.seeds),
            "size": self.size,
            "seconds": round(self.seconds, 1),
            "rows": [
                {
                    "name": row.quantity.name,
                    "unit": row.quantity.unit,
                    "mean": _plain(row.spread.mean),
                    "sd": _plain(row.spread.sd),
                    "values": [_plain(value) for value in row.spread.values],
                }
                for row in self.rows
            ],
            "verdict": verdict.choice,
            "expected": self.experiment.expected,
            "came_out": verdict.came_out,
            "checks": [{"what": c.bound.said(titles), "value": _plain(c.value), "met": c.met} for c in verdict.checks],
        }


def found(
    experiment: Experiment,
    measured: Sequence[Mapping[str, float]],
    seeds: Sequence[int],
    *,
    size: float = 1.0,
    seconds: float = 0.0,
    recorded: Recorded | None = None,
) -> Found:
    """Put the measurements of all seeds together. A quantity that a seed lacks raises ExperimentError."""
    for numbers in measured:
        if missing := [q.name for q in experiment.quantities if q.name not in numbers]:
            raise ExperimentError("experiment_measured", name=experiment.name, missing=", ".join(missing))
    rows = tuple(
        Row(quantity, Spread(tuple(float(numbers[quantity.name]) for numbers in measured)))
        for quantity in experiment.quantities
    )
    return Found(experiment, rows, tuple(seeds), size, seconds, recorded)


def _plain(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None
