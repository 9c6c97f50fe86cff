"""What a link holds, as typed fields: each page declares its list, and one reader and one writer know every kind.

Reading is lenient: names that are not declared are ignored, an empty value says nothing, and a value that cannot be
used gives a remark. Never a field for what somebody typed: links are shared, and logged on their way. They are written
only in the browser (`frame/address_bar`, `attention/front`), because Streamlit would otherwise put its own, older copy
over what a component has written there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

import streamlit as st

from attnviz.ui.frame.notices import shortened

T = TypeVar("T")
LARGEST = 9999  # of a number that counts something on screen
QUOTED = 40  # characters of what a link says that a remark repeats


@dataclass(frozen=True)
class Remark:
    """A key of a text table and its values: what could not be used, and what was done instead."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Field(Generic[T]):
    """One name in a link. A kind of field is a subclass, which says what a value may be."""

    name: str
    default: T | None = field(default=None, kw_only=True)  # what a link means that does not say it; never written
    complaint: str = field(default="", kw_only=True)  # text of the remark on what cannot be used; "": nothing is said

    def read(self, text: str) -> T | None:
        """The value that is written, or None where it cannot be used."""
        raise NotImplementedError

    def write(self, value: T) -> str | None:
        """The inverse of `read`; None where there is nothing to write."""
        return str(value)

    def found(self, params: Mapping[str, str]) -> tuple[T | None, tuple[Refused, ...]]:
        """What a link says, None where it says nothing that can be used, and what of it cannot."""
        text = params.get(self.name, "")
        value = self.read(text) if text else None
        return value, (Refused(self, self.name, text),) if text and value is None else ()

    def expected(self) -> dict[str, str]:
        """What a remark can say of the values that would be allowed."""
        return {}


Fields: TypeAlias = tuple[Field[Any], ...]  # what the links of a page can hold


@dataclass(frozen=True)
class Refused:
    """A part of a link that cannot be used."""

    of: Field[Any]
    name: str
    value: str

    @property
    def remark(self) -> Remark:
        """How it is said; its values quote only the beginning."""
        said = {"name": shortened(self.name, QUOTED), "value": shortened(self.value, QUOTED)}
        return Remark(self.of.complaint, said | self.of.expected())


@dataclass(frozen=True)
class Count(Field[int]):
    """A whole number in plain digits, from `low` (1: counted as on screen) to `high`."""

    low: int = 1
    high: int = LARGEST

    def read(self, text: str) -> int | None:
        """Digits only."""
        digits = text.strip()
        if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(self.high))):
            return None
        return int(digits) if self.low <= int(digits) <= self.high else None

    def expected(self) -> dict[str, str]:
        """The bounds."""
        return {"low": str(self.low), "high": str(self.high)}


@dataclass(frozen=True)
class Number(Field[float]):
    """A number as programs write it, within bounds; a `whole` one is read as an int."""

    low: float
    high: float
    whole: bool = False

    def read(self, text: str) -> float | None:
        """Neither NaN nor infinity, and never rounded."""
        if len(text) > 20 or not text.isascii():
            return None
        try:
            value = float(text)
        except ValueError:
            return None
        if not (math.isfinite(value) and self.low <= value <= self.high):
            return None
        if self.whole:
            return int(value) if value == int(value) else None
        return value

    def write(self, value: float) -> str:
        """Whole numbers in full, others with six digits at most."""
        return f"{value:g}" if isinstance(value, float) else str(value)

    def expected(self) -> dict[str, str]:
        """The bounds."""
        return {"low": f"{self.low:g}", "high": f"{self.high:g}"}


@dataclass(frozen=True)
class OneOf(Field[str]):
    """One of a few words. A function gives them where they are known only when a link is read."""

    allowed: Collection[str] | Callable[[], Collection[str]]

    @property
    def words(self) -> Collection[str]:
        """Those allowed now."""
        return self.allowed() if callable(self.allowed) else self.allowed

    def read(self, text: str) -> str | None:
        """Exactly as declared."""
        return text if text in self.words else None

    def expected(self) -> dict[str, str]:
        """Every word."""
        return {"allowed": ", ".join(self.words)}


@dataclass(frozen=True)
class Name(Field[str]):
    """The name of something that only the page can look up: a model, a run, a kind of attention."""

    def read(self, text: str) -> str:
        """As it stands."""
        return text


@dataclass(frozen=True)
class Switch(Field[bool]):
    """On or off: `1` is on, everything else says nothing."""

    def read(self, text: str) -> bool | None:
        """Only `1` counts."""
        return True if text == "1" else None

    def write(self, value: bool) -> str | None:
        """Off is not written."""
        return "1" if value else None


@dataclass(frozen=True)
class Link:
    """What a link says of a list of fields."""

    values: Mapping[str, Any] = field(default_factory=dict)  # name → value, of those that it says and that can be used
    refused: tuple[Refused, ...] = ()

    def __getitem__(self, of: Field[T]) -> T | None:
        """The value of a field, its default where the link says nothing that can be used."""
        value: T | None = self.values.get(of.name, of.default)
        return value

    def says(self, of: Field[Any]) -> bool:
        """Whether it says something of a field that can be used."""
        return of.name in self.values

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """On everything that cannot be used, in the order of the fields."""
        return tuple(one.remark for one in self.refused if one.of.complaint)


def read(declared: Iterable[Field[Any]], params: Mapping[str, str]) -> Link:
    """What the parameters of a link say of these fields."""
    values, refused = dict[str, Any](), list[Refused]()
    for one in declared:
        value, wrong = one.found(params)
        if value is not None:
            values[one.name] = value
        refused += wrong
    return Link(values, tuple(refused))


def written(values: Mapping[Field[Any], Any]) -> dict[str, str | None]:
    """What `mirror` shall write; None takes a name out: defaults and what is None are left out."""
    return {
        one.name: None if value is None or value == one.default else one.write(value) for one, value in values.items()
    }


def here() -> dict[str, str]:
    """The parameters of the address in this run: what came with the session and what components wrote since."""
    return {name: st.query_params.get(name, "") for name in st.query_params}


def said(of: Field[T]) -> T | None:
    """What the address says now of one field; its default where it says nothing that can be used."""
    return read([of], here())[of]
