"""What the browser asks for, checked and carried out: one pure function from sheet to sheet.

The browser sends every operation that has not been answered yet, numbered; whatever is not understood changes nothing.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from attnviz.trace.walkthrough import Edit, HeadSetup, Setup, Step, walk
from attnviz.trace.walkthrough.setup import Combine, MaskPlace, NormPlace
from attnviz.ui.by_hand.sheet import MOST_EDITS, Changes, Problem, Sheet, applied

LARGEST = 1e6  # of a number put in by hand
TEMPERATURES = (0.01, 1000.0)
LONGEST_DRAFT = 40  # characters of what was typed that are given back
SWITCHES: Mapping[str, tuple[Any, ...]] = {
    "divide": (True, False),
    "norm": get_args(NormPlace),
    "combine": get_args(Combine),
    "mask": get_args(MaskPlace),
}


class Unreadable(ValueError):
    """A text that is no number we take; `key` is of the text table."""

    def __init__(self, key: str, **values: Any) -> None:
        self.key, self.values = key, values
        super().__init__(key)


def read_number(text: str, low: float, high: float) -> float:
    """A number as people type it: −0.5, ０.５, 1/3, 1e-3. Raises Unreadable for anything else, NaN and infinity."""
    written = unicodedata.normalize("NFKC", text[:200]).strip().replace("−", "-").replace("⁄", "/")
    top, slash, bottom = written.partition("/")
    try:
        if "_" in written:
            raise ValueError
        value = float(top) / float(bottom) if slash else float(top)
    except (ValueError, ZeroDivisionError):
        raise Unreadable("number_unreadable", given=shown(text)) from None
    if math.isnan(value):
        raise Unreadable("number_nan")
    if not low <= value <= high:
        raise Unreadable("number_beyond", given=shown(text), low=plain(low), high=plain(high))
    return value


def plain(value: float) -> str:
    """A bound as people write it: −1,000,000."""
    return f"{value:,.12g}".replace("-", "−")


def shown(text: str) -> str:
    """The beginning of what was typed, on one line."""
    line = " ".join(text[: 4 * LONGEST_DRAFT].split())
    return line if len(line) <= LONGEST_DRAFT else line[: LONGEST_DRAFT - 1] + "…"


def pending(message: object, answered: int) -> list[Mapping[str, Any]]:
    """The operations in what the browser sent that come after `answered`, in order."""
    sent = message.get("operations") if isinstance(message, Mapping) else None
    if not isinstance(sent, Sequence) or isinstance(sent, str):
        return []
    known = [one for one in sent if isinstance(one, Mapping) and _whole(one.get("seq")) is not None]
    return sorted((one for one in known if one["seq"] > answered), key=lambda one: int(one["seq"]))


def carry_out(sheet: Sheet, operation: Mapping[str, Any], setup: Setup | HeadSetup) -> Sheet:
    """The sheet after one operation, with `answered` moved on."""
    action = _ACTIONS.get(str(operation.get("op")))
    sheet = replace(sheet, problem=None)
    if action is not None:
        sheet = action(sheet, operation, setup)
    return replace(sheet, answered=max(sheet.answered, int(operation["seq"])))


def _edit(sheet: Sheet, operation: Mapping[str, Any], setup: Setup | HeadSetup) -> Sheet:
    steps = walk(applied(setup, sheet.changes)).steps
    place = _place(operation, steps)
    text = operation.get("text")
    if place is None or not isinstance(text, str):
        return sheet
    if not text.strip():  # back to what is computed
        return sheet.changed(sheet.changes.without(place))
    is_mask = steps[place.step].values.dtype == bool
    try:
        value = read_number(text, -LARGEST, LARGEST)
        if is_mask and value not in (0.0, 1.0):
            raise Unreadable("mask_value", given=shown(text))
        if len(sheet.changes.edits) >= MOST_EDITS and sheet.changes.without(place) == sheet.changes:
            raise Unreadable("too_many_edits", most=MOST_EDITS)
    except Unreadable as problem:
        return replace(sheet, problem=Problem(problem.key, problem.values, shown(text), place))
    return sheet.changed(sheet.changes.edited(replace(place, value=value)))


def _place(operation: Mapping[str, Any], steps: Mapping[str, Step]) -> Edit | None:
    numbers = [_whole(operation.get(name)) for name in ("head", "row", "column")]
    name = operation.get("step")
    if not isinstance(name, str) or name not in steps or any(number is None for number in numbers):
        return None
    head, row, column = (int(number) for number in numbers if number is not None)
    step = steps[name]
    head = head if step.has_heads else 0
    place = (head, row, column) if step.has_heads else (row, column)
    if any(not 0 <= index < size for index, size in zip(place, step.shape, strict=True)):
        return None
    return Edit(name, row, column, 0.0, head)


def _switch(sheet: Sheet, operation: Mapping[str, Any], setup: Setup | HeadSetup) -> Sheet:
    name, value = operation.get("name"), operation.get("value")
    for allowed in SWITCHES.get(str(name), ()):
        if allowed == value and type(allowed) is type(value):
            return sheet.changed(sheet.changes.switched(str(name), allowed))
    return sheet


def _temperature(sheet: Sheet, operation: Mapping[str, Any], setup: Setup | HeadSetup) -> Sheet:
    text = operation.get("text")
    if not isinstance(text, str):
        return sheet
    try:
        value = read_number(text or "1", *TEMPERATURES)
    except Unreadable as problem:
        return replace(sheet, problem=Problem(problem.key, problem.values, shown(text)))
    return sheet.changed(sheet.changes.switched("temperature", value))


def _reset(sheet: Sheet, operation: Mapping[str, Any], setup: Setup | HeadSetup) -> Sheet:
    return sheet.changed(Changes())


def _whole(value: object) -> int | None:
    """A number of the browser's as a whole one ≥ 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None


_ACTIONS: Mapping[str, Callable[[Sheet, Mapping[str, Any], Setup | HeadSetup], Sheet]] = {
    "edit": _edit,
    "switch": _switch,
    "temperature": _temperature,
    "undo": lambda sheet, operation, setup: sheet.undone(),
    "redo": lambda sheet, operation, setup: sheet.redone(),
    "reset": _reset,
}
