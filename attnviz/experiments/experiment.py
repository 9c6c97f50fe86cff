"""What an experiment is: a claim, a prediction, a run, and numbers that settle it.

An experiment is one file. It says in Chinese and English what people are often told and what is true, offers a
prediction, names what it trains (`plans`, may be none) and measures (`measure`, a small function). Nobody writes the
verdict down: it is read off the numbers, by the bounds that the choices of the prediction carry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from attnviz.errors import ExperimentError, Notice
from attnviz.experiments.plan import At, Plan
from attnviz.experiments.trained import Trained
from attnviz.language import Language, Text

# A share lies between 0 and 1; a weight is one of attention's; nats a token; "change": how far an output moved.
Unit = Literal["share", "weight", "nats", "change", "number", "seconds", "bytes", "correlation"]


@dataclass(frozen=True)
class Quantity:
    """One number that an experiment measures."""

    name: str
    title: Text
    unit: Unit = "share"


@dataclass(frozen=True)
class Bound:
    """Where a quantity (less another, where `minus` is set) must lie."""

    quantity: str
    at_least: float | None = None
    at_most: float | None = None
    minus: str | None = None

    def value(self, means: Mapping[str, float]) -> float | None:
        """The number in question; None where it was not measured."""
        names = (self.quantity, self.minus) if self.minus else (self.quantity,)
        if any(name not in means for name in names):
            return None
        return means[self.quantity] - (means[self.minus] if self.minus else 0.0)

    def met(self, means: Mapping[str, float]) -> bool | None:
        """Whether it lies there (NaN lies nowhere); None where it was not measured."""
        value = self.value(means)
        if value is None:
            return None
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    def said(self, titles: Mapping[str, str]) -> str:
        """`exact match ≥ 0.9`, with the quantities' titles."""
        what = titles[self.quantity] + (f" − {titles[self.minus]}" if self.minus else "")
        low = "" if self.at_least is None else f" ≥ {self.at_least:g}"
        high = "" if self.at_most is None else f" ≤ {self.at_most:g}"
        return what + low + high


@dataclass(frozen=True)
class Choice:
    """One answer that a class may predict; the numbers support it where all of its bounds are met."""

    code: str
    title: Text
    when: tuple[Bound, ...]


@dataclass(frozen=True)
class Slider:
    """A prediction that is a number: what will `quantity` be?"""

    quantity: str
    low: float
    high: float
    step: float


@dataclass(frozen=True)
class Source:
    """Where it stands first."""

    cite: str  # "Vaswani et al., Attention Is All You Need, 3.2.3"
    year: int
    url: str


@dataclass(frozen=True)
class Try:
    """The page that shows it, in the state that its address describes. Nothing private."""

    page: str
    state: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A claim and what settles it. What cannot be raises ExperimentError naming the field."""

    name: str  # "E1": what a link and the command line call it
    title: Text
    claim: Text  # as people meet it
    question: Text  # the one that drives the experiment
    choices: tuple[Choice, ...]
    expected: str  # the code of the choice that must come out
    slider: Slider | None = None  # asked for in place of the choices
    truth: Text  # what is true and why
    source: Source
    recipe: Text  # what is run, in a sentence: task, size, steps
    quantities: tuple[Quantity, ...]
    plans: Callable[[At], Mapping[str, Plan]] = lambda at: {}  # by name: what is trained; none: nothing is
    measure: Callable[[Mapping[str, Trained], At], Mapping[str, float]]  # the numbers, by name of quantity
    try_it: Try
    seconds: float = 0.0  # of one CPU core, a seed: what to expect, not a measurement
    small: float = 1.0  # share of the steps with which a test still shows the direction

    def __post_init__(self) -> None:
        for name in ("title", "claim", "question", "truth", "recipe"):
            _check_text(self.name, name, getattr(self, name))
        if not self.name or not self.name.replace("-", "").isalnum() or not self.name.isascii():
            raise ExperimentError("experiment_field", field="name", problem=f"{self.name!r} (a–z, 0–9, -)")
        known = [quantity.name for quantity in self.quantities]
        for quantity in self.quantities:
            _check_text(self.name, f"quantities: {quantity.name}", quantity.title)
            if quantity.unit not in get_args(Unit):
                raise ExperimentError("experiment_field", field="unit", problem=f"{quantity.unit!r}")
        if len(set(known)) < len(known) or not known:
            raise ExperimentError("experiment_field", field="quantities", problem=", ".join(known) or "empty_list")
        for choice in self.choices:
            _check_text(self.name, f"choices: {choice.code}", choice.title)
            for bound in choice.when:
                for asked in (bound.quantity, bound.minus):
                    if asked is not None and asked not in known:
                        raise ExperimentError(
                            "experiment_field", field="when", problem=Notice("reason_no_quantity", {"name": asked})
                        )
        codes = [choice.code for choice in self.choices]
        if len(codes) < 2 or len(set(codes)) < len(codes):
            raise ExperimentError("experiment_field", field="choices", problem=", ".join(codes) or "empty_list")
        if self.expected not in codes:
            raise ExperimentError("experiment_field", field="expected", problem=f"{self.expected!r}")
        if not self.choice(self.expected).when:
            raise ExperimentError(
                "experiment_field", field="when", problem=Notice("reason_no_bound", {"name": self.expected})
            )
        if self.slider is not None and self.slider.quantity not in known:
            raise ExperimentError(
                "experiment_field", field="slider", problem=Notice("reason_no_quantity", {"name": self.slider.quantity})
            )

    @property
    def trains(self) -> bool:
        """Whether anything is trained; what is not is done in moments."""
        return bool(self.plans(At()))

    def choice(self, code: str) -> Choice:
        """The choice of that code."""
        return next(choice for choice in self.choices if choice.code == code)

    def titles(self, language: Language) -> dict[str, str]:
        """The quantities' titles, by name."""
        return {quantity.name: quantity.title[language] for quantity in self.quantities}

    def asked(self, prediction: str) -> str | float:
        """A prediction as it was typed, chosen or linked; ExperimentError for what is none.

        The code of a choice, or the slider's number.
        """
        if self.slider is None:
            codes = [choice.code for choice in self.choices]
            if prediction not in codes:
                raise ExperimentError("experiment_prediction", given=prediction[:40], allowed=", ".join(codes))
            return prediction
        try:
            number = float(prediction)
        except ValueError:
            number = float("nan")
        if not self.slider.low <= number <= self.slider.high:
            allowed = f"{self.slider.low:g} … {self.slider.high:g}"
            raise ExperimentError("experiment_prediction", given=prediction[:40], allowed=allowed)
        return number


def _check_text(experiment: str, field: str, text: object) -> None:
    if not (isinstance(text, Text) and all(isinstance(one, str) and one.strip() for one in (text.zh, text.en))):
        raise ExperimentError("experiment_field", field=f"{experiment}: {field}", problem="Text(zh, en)")
