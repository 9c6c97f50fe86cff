"""How the next token is chosen, as the page and its address know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from attnviz.decoding import BeamOptions, Choice

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
