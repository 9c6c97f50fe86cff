"""What was changed by hand: the switches and the edited cells, with undo. The model knows nothing of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from attnviz.trace.walkthrough import Edit, HeadSetup, Setup, Walk, walk

MOST_EDITS = 200


@dataclass(frozen=True)
class Changes:
    """Switches that differ from the setup's own, and numbers put in by hand."""

    switches: tuple[tuple[str, Any], ...] = ()  # field of Variant → value
    edits: tuple[Edit, ...] = ()

    def switched(self, name: str, value: Any) -> Changes:
        """With one switch set."""
        return replace(self, switches=tuple(({**dict(self.switches), name: value}).items()))

    def edited(self, edit: Edit) -> Changes:
        """With one number put in; a later one of the same cell replaces the earlier."""
        return replace(self, edits=(*self.without(edit).edits, edit))

    def without(self, place: Edit) -> Changes:
        """With the cell as it is computed."""
        cell = (place.step, place.head, place.row, place.column)
        return replace(self, edits=tuple(e for e in self.edits if (e.step, e.head, e.row, e.column) != cell))


@dataclass(frozen=True)
class Problem:
    """Why something typed was not taken: a key of the text table, what fills it, and the draft and its cell."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    draft: str = ""
    place: Edit | None = None


@dataclass(frozen=True)
class Sheet:
    """The page's state for one attention."""

    changes: Changes = field(default_factory=Changes)
    past: tuple[Changes, ...] = ()
    future: tuple[Changes, ...] = ()
    answered: int = 0  # number of the last operation of the browser that was carried out
    problem: Problem | None = None

    def changed(self, changes: Changes) -> Sheet:
        """One step that can be undone; nothing where nothing changes."""
        if changes == self.changes:
            return self
        return replace(self, changes=changes, past=(*self.past, self.changes)[-100:], future=())

    def undone(self) -> Sheet:
        """One step back."""
        if not self.past:
            return self
        *past, last = self.past
        return replace(self, changes=last, past=tuple(past), future=(*self.future, self.changes))

    def redone(self) -> Sheet:
        """One step forth."""
        if not self.future:
            return self
        *future, following = self.future
        return replace(self, changes=following, past=(*self.past, self.changes), future=tuple(future))


def applied(setup: Setup | HeadSetup, changes: Changes) -> Setup | HeadSetup:
    """The setup with the switches set, and those edits whose cells exist under them."""
    switched = replace(setup, variant=replace(setup.variant, **dict(changes.switches)))
    steps = walk(switched).steps if changes.edits else {}

    def exists(edit: Edit) -> bool:
        if edit.step not in steps:
            return False
        step = steps[edit.step]
        place = (edit.head, edit.row, edit.column) if step.has_heads else (edit.row, edit.column)
        return all(0 <= index < size for index, size in zip(place, step.shape, strict=True))

    return switched.edited(*(edit for edit in changes.edits if exists(edit)))


def unedited(setup: Setup | HeadSetup) -> Walk:
    """The same walk without the numbers put in by hand."""
    return walk(replace(setup, edits=()))
