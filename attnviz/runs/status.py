"""How a run stands: read from its folder in a moment, without disturbing anybody."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from attnviz.errors import Notice, RunError
from attnviz.runs.database import reading
from attnviz.runs.folder import RunFolder
from attnviz.runs.notice import read_notice
from attnviz.runs.process import Identity

State = Literal["running", "paused", "waiting", "finished", "failed", "stopped"]
STATES: tuple[str, ...] = ("running", "paused", "finished", "failed", "stopped")
GOING = ("play", "step", "phase")  # commands after which a run moves
RECENT = 24  # steps over which speed is averaged
NEW = {
    "state": "paused",
    "until": None,
    "speed": None,
    "device": None,
    "threads": None,
    "turns": 1,
    "compute": None,
    "phase": None,
    "error": None,
}


@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """Where a run stands. "waiting" means: it shall run, and its worker is not there yet."""

    state: State
    step: int  # the last one recorded
    steps: int
    error: Notice | None = None
    device: str | None = None  # None: not decided yet
    worker_alive: bool = False
    tokens_per_second: float | None = None
    steps_per_second: float | None = None
    seconds_left: float | None = None  # at the present speed
    phase: str | None = None  # the phase last walked of a step that is not finished
    speed: float | None = None  # steps per second at most; None: as fast as it goes
    compute: Mapping[str, Any] | None = None  # fields of `Compute`: how its steps are computed; None: not decided yet
    turns: int = 1  # runs that take turns with its device, this one included; speeds are what is left of that
    pending: int = 0  # commands not carried out yet


def read_status(folder: RunFolder, connection: sqlite3.Connection, steps: int) -> RunStatus:
    """The status; `steps` is how many the config asks for (a change on the way counts instead)."""
    meta = {row[0]: row[1] for row in connection.execute("SELECT key, value FROM meta")}
    state: dict[str, Any] = {**NEW, **json.loads(meta.get("state", "{}"))}
    owner = owner_of(connection)
    alive = owner is not None and (not owner.local or owner.alive)
    if state["state"] not in STATES:
        raise RunError("run_damaged", file=folder.database.name, problem=Notice("reason_other_kind"))
    waiting = connection.execute("SELECT kind FROM commands WHERE outcome IS NULL ORDER BY id").fetchall()
    recent = connection.execute(
        "SELECT step, tokens, tokens_per_second FROM metrics ORDER BY step DESC LIMIT ?", (RECENT,)
    ).fetchall()
    step = recent[0][0] if recent else 0
    steps = int(state.get("steps") or steps)
    tokens = sum(row[1] or 0 for row in recent)
    seconds = sum(row[1] / row[2] for row in recent if row[1] and row[2])
    turns = max(1, int(state["turns"])) if state["state"] == "running" else 1
    seconds *= turns
    rate = len(recent) / seconds if seconds and math.isfinite(seconds) else None
    if rate is not None and state["speed"]:
        rate = min(rate, state["speed"])
    error = state["error"] or read_notice(folder)
    return RunStatus(
        state=_shown(state["state"], alive, [row[0] for row in waiting]),
        step=step,
        steps=steps,
        error=None if error is None else Notice(error["code"], error.get("details", {})),
        device=state["device"],
        worker_alive=alive,
        tokens_per_second=tokens / seconds if rate else None,
        steps_per_second=rate,
        seconds_left=max(0, steps - step) / rate if rate else None,
        phase=state["phase"],
        speed=state["speed"],
        compute=state["compute"],
        turns=turns,
        pending=len(waiting),
    )


def owner_of(connection: sqlite3.Connection) -> Identity | None:
    """The process that has claimed the run; it may be dead."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'owner'").fetchone()
    return Identity(*json.loads(row[0])["who"]) if row else None


def _shown(recorded: str, alive: bool, waiting: Sequence[str]) -> State:
    """What the run is about to do counts, where that was said and not heard yet."""
    asked = next((kind for kind in reversed(waiting) if kind in (*GOING, "pause", "stop")), None)
    if recorded == "running" or (recorded != "finished" and asked in GOING):
        return "running" if alive else "waiting"
    return recorded  # type: ignore[return-value]  # one of STATES: the worker writes no other


def asked_device(folder: RunFolder) -> str:
    """The device that a run shall be trained on: what was asked for last, else what its config says."""
    with reading(folder.database) as connection:
        row = connection.execute("SELECT value FROM meta WHERE key = 'state'").fetchone()
        state = json.loads(row[0]) if row else {}
        asked = state.get("asked_device")
        if asked is not None and not isinstance(asked, str):
            raise TypeError(f"asked_device is {asked!r}")
    return asked or folder.read_config().device
