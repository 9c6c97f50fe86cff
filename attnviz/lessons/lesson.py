"""What a lesson is made of: steps, each a state of a page, a question before it and what was seen after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from attnviz.language import Language, Text

Numbers = Mapping[str, float | int | str]
NOTHING: Numbers = MappingProxyType({})


@dataclass(frozen=True)
class Question:
    """A question that is answered by a guess first, then by the numbers.

    `measure` computes what the answer depends on; `right` picks the right one of `choices` from it, so that no answer
    is written down anywhere.
    """

    ask: Text
    choices: tuple[Text, ...]
    measure: Callable[[], Numbers]
    right: Callable[[Numbers], int]

    def __post_init__(self) -> None:
        if len(self.choices) < 2:
            raise ValueError(f"a question needs two choices at least, got {len(self.choices)}")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One state of a page: `address` is what a link to it holds beside page and language, nothing of it private."""

    page: str
    do: Text  # what to look at, or to do
    address: Mapping[str, str] = field(default_factory=dict)
    question: Question | None = None
    saw: Text | None = None  # after the guess; {name} is one of the question's numbers
    teacher: Text | None = None  # a note that only a teacher's link shows
    hides: frozenset[str] = frozenset()  # controls that this step does without, of HIDEABLE

    def __post_init__(self) -> None:
        if (self.question is None) != (self.saw is None):
            raise ValueError("what was seen belongs to a question, and a question to what was seen")
        if unknown := self.hides - HIDEABLE:
            raise ValueError(f"{', '.join(sorted(unknown))} cannot be hidden; allowed: {', '.join(sorted(HIDEABLE))}")


HIDEABLE = frozenset({"examples", "strip", "claim", "predictions"})


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """An ordered list of steps under a name, as a link calls it."""

    name: str
    title: Text
    minutes: int
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError(f"the lesson {self.name!r} has no step")


def said(text: Text, numbers: Numbers, language: Language) -> str:
    """A text with the numbers in it."""
    return getattr(text, language).format(**numbers)
