"""What a link to By hand holds. Nothing of it is private: no text, and of the decoder's input no token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from attnviz.trace.walkthrough import Edit
from attnviz.ui.by_hand.operations import LARGEST, SWITCHES, TEMPERATURES, Unreadable, read_number
from attnviz.ui.by_hand.sheet import Changes
from attnviz.ui.frame.link import Count, Field, Fields, Link, Name, OneOf, Refused, written
from attnviz.ui.frame.shared_link import FIELDS as SHARED

WHATS = ("apples", "two_heads", "shapes", "model")
VIEWS = ("one", "all")
WRITTEN_EDITS = 30  # more make an address too long; it is then written without them
LONGEST = 4000  # characters of edits that are read


@dataclass(frozen=True)
class TypedTemperature(Field[float]):
    """A temperature as people type it."""

    def read(self, text: str) -> float | None:
        """Also 1/3."""
        try:
            return read_number(text, *TEMPERATURES)
        except Unreadable:
            return None

    def write(self, value: float) -> str:
        """Six digits at most."""
        return f"{value:g}"


@dataclass(frozen=True)
class Edits(Field[tuple[Edit, ...]]):
    """Numbers put in by hand: `weights:0:2:1:0.5,…`, each as step, head, row, column (from 0) and value."""

    def found(self, params: Mapping[str, str]) -> tuple[tuple[Edit, ...] | None, tuple[Refused, ...]]:
        """Those that can be used; each of the others is refused by itself."""
        parts = [part for part in params.get(self.name, "")[:LONGEST].split(",") if part]
        read = [(part, _edit(part)) for part in parts]
        edits = tuple(edit for _, edit in read if edit is not None)
        return edits or None, tuple(Refused(self, self.name, part) for part, edit in read if edit is None)

    def write(self, value: tuple[Edit, ...]) -> str | None:
        """None where there is none, and where there are too many."""
        edits = value if len(value) <= WRITTEN_EDITS else ()
        return ",".join(f"{e.step}:{e.head}:{e.row}:{e.column}:{e.value:g}" for e in edits) or None


def _word(value: bool | str) -> str:
    return value if isinstance(value, str) else "yes" if value else "no"


def _words(switch: str) -> dict[str, Any]:
    return {_word(value): value for value in SWITCHES[switch]}


NAMES = {"divide": "divide", "norm": "norm", "combine": "combine", "mask": "masking"}  # switch → name in a link
SWITCHED = {switch: OneOf(name, tuple(_words(switch)), complaint="url_value") for switch, name in NAMES.items()}
TEMPERATURE = TypedTemperature("temperature", complaint="url_value")
EDITS = Edits("edits", complaint="url_value")
WHAT = OneOf("what", WHATS, complaint="url_value")
SITE = Name("site")
HEAD = Count("head")  # what every link can hold says so of a head that cannot be used
ROW = Count("row", complaint="url_value")
STEP = Count("step", complaint="url_value")
VIEW = OneOf("view", VIEWS, complaint="url_value")
CHANGED: Fields = (*SWITCHED.values(), TEMPERATURE, EDITS)
OWN: Fields = (*CHANGED, WHAT, SITE, HEAD, ROW, STEP, VIEW)
FIELDS: Fields = (*SHARED, *OWN)


def changes_of(link: Link) -> Changes:
    """The switches and edits that a link asks for."""
    changes = Changes()
    for switch, of in SWITCHED.items():
        if (word := link[of]) is not None:
            changes = changes.switched(switch, _words(switch)[word])
    if (temperature := link[TEMPERATURE]) is not None:
        changes = changes.switched("temperature", temperature)
    for edit in link[EDITS] or ():
        changes = changes.edited(edit)
    return changes


def parameters(changes: Changes) -> dict[str, str | None]:
    """What the address says of the switches and edits; None takes a name out."""
    switches = dict(changes.switches)
    values: dict[Field[Any], Any] = {
        of: _word(switches[switch]) if switch in switches else None for switch, of in SWITCHED.items()
    }
    return written({**values, TEMPERATURE: switches.get("temperature"), EDITS: changes.edits})


def _edit(text: str) -> Edit | None:
    step, *rest = text.split(":")
    places = rest[:-1]
    if len(rest) != 4 or not step.isidentifier() or not all(p.isascii() and p.isdigit() and len(p) < 5 for p in places):
        return None
    head, row, column = map(int, places)
    try:
        return Edit(step, row, column, read_number(rest[-1], -LARGEST, LARGEST), head)
    except Unreadable:
        return None
