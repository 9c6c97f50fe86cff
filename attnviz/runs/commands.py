"""What a run may be told, checked before it is written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attnviz.errors import RunError
from attnviz.masks.parse import parse
from attnviz.settings import MODEL, SETTABLE, TRAINING

COMMANDS: Mapping[str, tuple[str, ...]] = {  # command → its arguments
    "play": (),
    "pause": (),
    "step": ("n",),  # so many steps, then pause
    "phase": ("weight", "index"),  # the next phase of a step; a parameter (and a place in it) to look at
    "set": SETTABLE,
    "speed": ("steps_per_second",),  # at most so many; None: as fast as it goes
    "device": ("device",),
    "stop": (),
    "delete": (),
}
MAX_STEPS = 10_000_000


def checked(kind: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a command, complete. What is wrong raises RunError, SettingError or MaskError."""
    if kind not in COMMANDS:
        raise RunError("command_unknown", name=str(kind)[:40], known=", ".join(COMMANDS))
    for name, value in arguments.items():
        if name not in COMMANDS[kind]:
            known = ", ".join(COMMANDS[kind]) or "–"
            raise RunError("command_argument", name=f"{kind} {name[:40]}", value=str(value)[:40], allowed=known)
        (_check_setting if kind == "set" else _check)(name, value)
    if kind == "step":
        return {"n": 1, **arguments}
    if kind in ("set", "device", "speed") and not arguments:
        raise RunError("command_bare", name=kind, allowed=", ".join(COMMANDS[kind]))
    return dict(arguments)


def _check(name: str, value: Any) -> None:
    match name:
        case "n":
            _require(name, value, type(value) is int and 1 <= value <= MAX_STEPS, f"1 … {MAX_STEPS}")
        case "steps_per_second":
            _require(name, value, value is None or (_number(value) and 0.01 <= value <= 1e6), "0.01 … 1000000, –")
        case "weight":
            _require(name, value, value is None or (isinstance(value, str) and len(value) <= 200), "a parameter")
        case "index":
            fine = value is None or (isinstance(value, list | tuple) and all(type(i) is int for i in value))
            _require(name, value, fine and len(value or ()) <= 8, "whole numbers")
        case "device":
            _require(name, value, isinstance(value, str) and 0 < len(value) <= 20, "auto, cpu, cuda, cuda:1, mps")


def _check_setting(name: str, value: Any) -> None:
    """A setting must be one that its config takes; SettingError or MaskError says what is wrong with it."""
    (TRAINING[name] if name in TRAINING else MODEL[name]).check(value)
    if name == "cross_mask" and value:
        parse(value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _require(name: str, value: Any, fine: bool, allowed: str) -> None:
    if not fine:
        raise RunError("command_argument", name=name, value=str(value)[:60], allowed=allowed)
