"""The state of the lab and its history: frozen values, so that undo returns exactly what was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from attnviz.masks import MaskError
from attnviz.masks.snippets import Api
from attnviz.ui.masks.setting import Setting, Target

MOST_STEPS = 200  # of history
UNTOUCHED = Setting()

FileFormat = Literal["csv", "npy"]
Moment = tuple[Setting, Target]


@dataclass(frozen=True)
class Lab:
    """What is set, what is looked at, and the way back.

    `look` is the (layer, head) whose computation is shown. `stroke` numbers the drag being painted: its pieces arrive
    one after the other and are one step of the history. `draft` is a formula as typed that could not be used.
    """

    target: Target
    look: tuple[int, int] = (0, 0)
    setting: Setting = UNTOUCHED
    past: tuple[Moment, ...] = ()
    future: tuple[Moment, ...] = ()
    stroke: int | None = None
    draft: str | None = None
    problem: MaskError | None = None
    code: Api | None = None  # whose program is shown
    file: tuple[int, FileFormat] | None = None  # the mask as a file, asked for by this operation
    measured: Setting | None = None  # the setting whose every influence was asked to be measured
    answered: int = 0  # the last operation taken in

    def changed(self, setting: Setting, *, stroke: int | None = None) -> Lab:
        """A new setting; the old one goes into the history, unless the same stroke goes on."""
        if setting == self.setting:
            return replace(self, stroke=stroke, draft=None, problem=None)
        goes_on = stroke is not None and stroke == self.stroke
        past = self.past if goes_on else (*self.past, (self.setting, self.target))[-MOST_STEPS:]
        return replace(self, setting=setting, past=past, future=(), stroke=stroke, draft=None, problem=None)

    def undone(self) -> Lab:
        """The step before, with the target it was made at; the same when there is none."""
        if not self.past:
            return self
        setting, target = self.past[-1]
        return self._at(setting, target, self.past[:-1], ((self.setting, self.target), *self.future))

    def redone(self) -> Lab:
        """Undoes `undone`."""
        if not self.future:
            return self
        setting, target = self.future[0]
        return self._at(setting, target, (*self.past, (self.setting, self.target)), self.future[1:])

    def at(self, target: Target) -> Lab:
        """Looking at another target; what is shown follows it. No step of the history."""
        layer = self.look[0] if target.layer is None else target.layer
        head = self.look[1] if target.head is None else target.head
        return replace(self, target=target, look=(layer, head), stroke=None, draft=None, problem=None)

    def _at(self, setting: Setting, target: Target, past: tuple[Moment, ...], future: tuple[Moment, ...]) -> Lab:
        return replace(self.at(target), setting=setting, past=past, future=future)
