"""One setting: what it may be, and how people see it. Config, command line and forms read the same row."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from attnviz.errors import SettingError
from attnviz.language import Language, Text

Kind = Literal["whole", "real", "choice", "names", "text", "flag"]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A row. Bounds are what a config accepts; `within` and `offered` are what a form shows of that."""

    name: str  # the config's field
    kind: Kind
    label: Text
    help: Text | None = None  # one line: what it does, or why one would change it
    values: tuple[str, ...] = ()  # of a choice; of names those that may occur
    least: float = 0
    most: float = 1
    above: bool = False  # a value must lie above `least`, which is itself no value
    below: bool = False  # and below `most`
    optional: bool = False  # None is a value: nothing chosen
    step: float = 1  # what one click on a form adds
    digits: int = 2  # decimals on a form
    offered: tuple[int, ...] = ()  # the numbers that a form offers, where it offers a few
    within: tuple[float, float] | None = None  # the bounds of a form, where they are narrower
    option: str = ""  # on the command line; "": not there
    settable: bool = False  # may be changed while a run trains

    @property
    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest number that a form takes."""
        return self.within or (self.least, self.most)

    @property
    def range(self) -> str:
        """The numbers that are accepted, as one writes it: `0 < learning_rate ≤ 10`."""
        low, high = ("<" if strict else "≤" for strict in (self.above, self.below))
        return f"{self.least:g} {low} {self.name} {high} {self._shown(self.most)}"

    def text(self, language: Language) -> str:
        """The line of help; empty where there is none."""
        return "" if self.help is None else self.help[language]

    def check(self, value: Any) -> None:
        """Raise SettingError, naming what would be accepted, for a value that is not."""
        if value is None and self.optional:
            return
        match self.kind:
            case "choice":
                self._require(isinstance(value, str) and value in self.values, value, "setting_choice")
            case "names":
                self._require(isinstance(value, list | tuple), value, "setting_names")
                for one in value:
                    self._require(isinstance(one, str) and one in self.values, one, "setting_choice")
            case "text":
                self._require(isinstance(value, str) and len(value) <= self.most, value, "setting_text")
            case "flag":
                self._require(isinstance(value, bool), value, "setting_flag")
            case "whole":
                whole = isinstance(value, int) and not isinstance(value, bool)
                self._require(whole and self._inside(value), value, "setting_whole")
            case "real":
                number = isinstance(value, int | float) and not isinstance(value, bool)
                self._require(number and self._inside(value) and math.isfinite(value), value, "setting_real")

    def _inside(self, value: float) -> bool:
        low = value > self.least if self.above else value >= self.least
        return low and (value < self.most if self.below else value <= self.most)

    def _require(self, fine: bool, value: Any, code: str) -> None:
        if not fine:
            allowed = ", ".join(map(str, self.values))
            raise SettingError(code, name=self.name, value=_short(value), allowed=allowed, range=self.range)

    @staticmethod
    def _shown(number: float) -> str:
        return f"{number:,}" if isinstance(number, int) and number < 10**9 else f"{number:g}"


def _short(value: Any) -> Any:
    """A value as a sentence quotes it: numbers and short texts as they are, anything else by its beginning."""
    if isinstance(value, bool | float | None) or (isinstance(value, int) and abs(value) < 10**30):
        return value if not isinstance(value, float) or math.isfinite(value) else str(value)
    try:
        text = value if isinstance(value, str) else repr(value)
    except ValueError:  # an int of more digits than Python writes
        text = "a very large number"
    return text[:60]


def by_name(*settings: Setting) -> Mapping[str, Setting]:
    """A frozen table of rows."""
    return MappingProxyType({setting.name: setting for setting in settings})
