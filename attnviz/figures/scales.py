"""How a number becomes a colour and a string."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.figures import colour
from attnviz.figures.theme import colorscale


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A colour scale over low..high with the way its numbers are printed."""

    stops: tuple[str, ...]
    low: float
    high: float
    title: str = ""
    power: float = 1.0  # 0.5 = square-root scale
    signed: bool = False  # print the sign, for differences
    digits: int = 2

    def __post_init__(self) -> None:
        if not (np.isfinite([self.low, self.high]).all() and self.low < self.high):
            raise ValueError(f"the colour scale runs from {self.low} to {self.high}; allowed: finite, low < high")

    def number(self, value: float) -> str:
        """A value as it is printed in its cell: a true minus sign, and no '-0.00'."""
        if np.isnan(value):
            return "NaN"
        if np.isinf(value):
            return "∞" if value > 0 else "−∞"
        text = f"{value:{'+' if self.signed else ''}.{self.digits}f}"
        if not text.strip("+-0."):
            text = text.lstrip("+-")
        return text.replace("-", "−")

    def backgrounds(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """The colours of finite values, as (n, 3) in 0..1."""
        share = np.clip((values.astype(float) - self.low) / (self.high - self.low), 0, 1)
        return colour.at(self.stops, share**self.power)

    def plotly(self) -> list[list[float | str]]:
        """The scale as Plotly takes it."""
        return colorscale(self.stops, self.power)


def exponent(scale: str) -> float:
    """'linear' or 'sqrt' as an exponent."""
    if scale not in ("linear", "sqrt"):
        raise ValueError(f"scale is {scale!r}; allowed: 'linear', 'sqrt'")
    return 0.5 if scale == "sqrt" else 1.0


def largest(values: NDArray[np.floating]) -> float:
    """The largest finite value, or 1 where there is none above 0."""
    finite = values[np.isfinite(values)]
    return float(finite.max()) if finite.size and finite.max() > 0 else 1.0


def symmetric(values: NDArray[np.floating]) -> float:
    """The largest finite distance from 0, or 1 where all are 0."""
    return largest(np.abs(values))
