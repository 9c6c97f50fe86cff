"""Several measurements of one thing: mean, standard deviation, and how many."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """mean ± sd of `count` values."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Spread | None:
        """The spread of those values that there are; None where there are none."""
        found = tuple(float(value) for value in values if value is not None)
        return cls(found) if found else None

    @property
    def count(self) -> int:
        """How many values there are."""
        return len(self.values)

    @property
    def mean(self) -> float:
        """Their mean."""
        return sum(self.values) / len(self.values)

    @property
    def sd(self) -> float:
        """Of the sample (n − 1); 0 for a single value."""
        if self.count < 2:
            return 0.0
        mean = self.mean
        return math.sqrt(sum((value - mean) ** 2 for value in self.values) / (self.count - 1))

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.sd:.3f}" if self.count > 1 else f"{self.mean:.3f}"
