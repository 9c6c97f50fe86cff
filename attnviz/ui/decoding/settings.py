"""How the next token is chosen, as the page and its address know it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from attnviz.decoding import BeamOptions, Choice
from attnviz.ui.frame.link import Remark
from attnviz.ui.frame.notices import shortened

Strategy = Literal["greedy", "sample", "beam"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
MOST = 128  # positions of this page: more could not be read off a projector


@dataclass(frozen=True)
class Range:
    """What a number may be, and how far one press of + or − goes."""

    low: float
    high: float
    step: float
    whole: bool = False


RANGES: Mapping[str, Range] = {
    "temperature": Range(0.05, 5.0, 0.1),
    "top_k": Range(0, 9999, 1, whole=True),  # 0: all
    "top_p": Range(0.01, 1.0, 0.05),
    "penalty": Range(0.2, 5.0, 0.1),
    "seed": Range(0, 999_999, 1, whole=True),
    "beams": Range(1, 6, 1, whole=True),
    "length_penalty": Range(0.0, 3.0, 0.1),
    "limit": Range(1, MOST, 1, whole=True),
}
USED_BY: Mapping[Strategy, tuple[str, ...]] = {
    "greedy": ("penalty", "limit"),
    "sample": ("temperature", "top_k", "top_p", "penalty", "seed", "limit"),
    "beam": ("beams", "length_penalty", "limit"),
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every knob; those that the strategy does not use keep their place."""

    strategy: Strategy = "greedy"
    temperature: float = 1.0
    top_k: int = 0  # 0: all tokens
    top_p: float = 1.0
    penalty: float = 1.0  # of repetition; 1: none
    seed: int = 0
    beams: int = 3
    length_penalty: float = 0.0
    limit: int | None = None  # new tokens; None: what fits the sentence

    @property
    def choice(self) -> Choice:
        """For decoding token by token."""
        if self.strategy != "sample":
            return Choice(repetition_penalty=self.penalty)
        return Choice(
            method="sample",
            temperature=self.temperature,
            top_k=self.top_k or None,
            top_p=self.top_p,
            repetition_penalty=self.penalty,
            seed=self.seed,
        )

    @property
    def beam(self) -> BeamOptions:
        """For beam search."""
        return BeamOptions(beams=self.beams, length_penalty=self.length_penalty)

    @property
    def used(self) -> Settings:
        """The same with every unused knob at its default: equal for equal runs."""
        kept = {name: getattr(self, name) for name in USED_BY[self.strategy]}
        return Settings(strategy=self.strategy, **kept)


def from_address(params: Mapping[str, str]) -> tuple[Settings, tuple[Remark, ...]]:
    """Read leniently: a value that cannot be used stays at its default, with a remark."""
    settings, remarks = Settings(), list[Remark]()
    asked = params.get("strategy", "")
    found = next((one for one in STRATEGIES if one == asked), None)
    if found:
        settings = replace(settings, strategy=found)
    elif asked:
        values = {"name": "strategy", "value": shortened(asked, 40), "allowed": ", ".join(STRATEGIES)}
        remarks.append(Remark("url_choice", values))
    for name, bounds in RANGES.items():
        given = params.get(name, "")
        if not given:
            continue
        value = number(given, bounds)
        if value is None:
            shown = {"name": name, "value": shortened(given, 40), "low": f"{bounds.low:g}", "high": f"{bounds.high:g}"}
            remarks.append(Remark("url_range", shown))
        else:
            knob: dict[str, Any] = {name: value}
            settings = replace(settings, **knob)
    return settings, tuple(remarks)


def number(text: str, bounds: Range) -> float | int | None:
    """A typed number within its range, else None."""
    if len(text) > 20 or not text.isascii():
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    if not (math.isfinite(value) and bounds.low <= value <= bounds.high):
        return None
    if bounds.whole:
        return int(value) if value == int(value) else None
    return value


def to_address(settings: Settings) -> dict[str, str | None]:
    """What differs from the defaults; None takes a name out of the address."""
    values: dict[str, str | None] = {}
    for one in fields(Settings):
        value = getattr(settings, one.name)
        used = one.name == "strategy" or one.name in USED_BY[settings.strategy]
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        values[one.name] = shown if used and value != one.default and value is not None else None
    return values
