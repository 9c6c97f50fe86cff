"""What the page's address says. Nothing of it is private: no text, and of the decoder's input no token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attnviz.trace.walkthrough import Edit
from attnviz.ui.by_hand.operations import LARGEST, SWITCHES, TEMPERATURES, Unreadable, read_number
from attnviz.ui.by_hand.sheet import Changes

WHATS = ("apples", "two_heads", "shapes", "model")
VIEWS = ("one", "all")
NAMES = {"divide": "divide", "norm": "norm", "combine": "combine", "mask": "masking"}  # switch → name in the address
SHARED = ("head", "row", "step", "view", *NAMES.values(), "temperature", "edits")  # what wrong shapes have nothing of
WRITTEN_EDITS = 30  # more make an address too long; it is then written without them


@dataclass(frozen=True)
class Arrival:
    """What a link asks for. Numbers count from 1, as on screen; None where it says nothing."""

    what: str | None = None
    site: str | None = None
    head: int | None = None
    row: int | None = None
    step: int | None = None
    view: str | None = None
    changes: Changes = field(default_factory=Changes)
    refused: tuple[tuple[str, str], ...] = ()  # names and values that cannot be used


@dataclass
class _Reader:
    params: Mapping[str, str]
    refused: list[tuple[str, str]] = field(default_factory=list)

    def one_of(self, name: str, allowed: tuple[str, ...]) -> str | None:
        value = self.params.get(name, "")
        if value in allowed:
            return value
        if value:
            self.refused.append((name, value))
        return None

    def number(self, name: str) -> int | None:
        value = self.params.get(name, "")
        if value.isascii() and value.isdigit() and 0 < int(value[:6]) <= 9999 and len(value) <= 4:
            return int(value)
        if value and name != "head":  # the common part of the address says so of `head`
            self.refused.append((name, value))
        return None


def read(params: Mapping[str, str]) -> Arrival:
    """Read an address leniently; what cannot be used is named in `refused`."""
    reader = _Reader(params)
    changes = Changes()
    for switch, name in NAMES.items():
        written = {_written(value): value for value in SWITCHES[switch]}
        value = reader.one_of(name, tuple(written))
        if value is not None:
            changes = changes.switched(switch, written[value])
    if given := params.get("temperature", ""):
        try:
            changes = changes.switched("temperature", read_number(given, *TEMPERATURES))
        except Unreadable:
            reader.refused.append(("temperature", given))
    for part in params.get("edits", "")[:4000].split(","):
        edit = _edit(part)
        if edit is not None:
            changes = changes.edited(edit)
        elif part:
            reader.refused.append(("edits", part))
    return Arrival(
        what=reader.one_of("what", WHATS),
        site=params.get("site") or None,
        head=reader.number("head"),
        row=reader.number("row"),
        step=reader.number("step"),
        view=reader.one_of("view", VIEWS),
        changes=changes,
        refused=tuple(reader.refused[:5]),
    )


def parameters(changes: Changes) -> dict[str, str | None]:
    """What the address says of the switches and edits; None takes a name out."""
    switches: dict[str, Any] = dict(changes.switches)
    values: dict[str, str | None] = {
        name: _written(switches[switch]) if switch in switches else None for switch, name in NAMES.items()
    }
    values["temperature"] = f"{switches['temperature']:g}" if "temperature" in switches else None
    edits = changes.edits if len(changes.edits) <= WRITTEN_EDITS else ()
    values["edits"] = ",".join(f"{e.step}:{e.head}:{e.row}:{e.column}:{e.value:g}" for e in edits) or None
    return values


def _written(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


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
