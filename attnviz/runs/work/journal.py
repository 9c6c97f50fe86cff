"""The writing side of a run: one process at a time, everything of a moment in one transaction."""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from safetensors import SafetensorError

from attnviz.data import InputError
from attnviz.errors import RunError
from attnviz.runs import database
from attnviz.runs.errors import clear_errors
from attnviz.runs.folder import RunFolder, step_of
from attnviz.runs.notice import write_notice
from attnviz.runs.process import Identity, myself
from attnviz.training import TrainingState

DISK_RESERVE = 64 * 2**20  # bytes that stay free: a disk without any stops more than training
FOREIGN_PATIENCE = 3.0  # seconds in which a writer on another machine must say something to be believed alive
METRICS = (*database.NUMBERS, "more")
_INSERT = f"INSERT INTO metrics ({', '.join(METRICS)}) VALUES ({', '.join('?' * len(METRICS))})"
_UNDONE = "'set', 'changed', 'head', 'finished'"  # the kinds of events that do not hold after going back
REPEATABLE = ("loss", "grad_norm", "validation_loss")  # what a step that is made again must show again


@dataclass(frozen=True)
class Command:
    """Something that the run was told and has not done yet."""

    id: int
    kind: str
    arguments: dict[str, Any]


_Statement: TypeAlias = tuple[str, tuple[Any, ...]]
_Row: TypeAlias = dict[str, Any]  # of metrics, by the names of its columns


class Journal:
    """Owns a run: claims it, writes what happens and reads commands.

    Everything is kept in memory until `flush`, which writes all of it or nothing; a `flush` that fails (a full disk)
    may be called again. A claim that another process has taken over raises RunError("run_lost") at the next flush.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.connection = database.open_writer(folder.database)
        self.token = secrets.token_hex(8)
        self._pending: list[_Row | _Statement] = []  # what is not on the disk yet, in order
        self._seen_version = -1
        self._beats = 0
        try:
            self._claim()
        except BaseException:
            self.connection.close()
            raise

    # ---- owning -------------------------------------------------------------------------------------------

    def _claim(self) -> None:
        with clear_errors(self.folder.path):
            seen = self._owner()
            if seen is not None and not Identity(*seen["who"]).local:
                time.sleep(FOREIGN_PATIENCE)
            with database.writing(self.connection):
                owner = self._owner()
                if owner is not None and _holds(owner, seen):
                    pid, _, host = owner["who"]
                    raise RunError("run_elsewhere", name=self.folder.path.name, pid=pid, host=host)
                self.connection.execute(
                    "INSERT OR REPLACE INTO meta (key, value) VALUES ('owner', ?)", (json.dumps(self._mine()),)
                )

    def _owner(self) -> dict[str, Any] | None:
        with contextlib.suppress(ValueError):  # what cannot be read is no claim
            owner = self.get("owner")
            if isinstance(owner, dict) and {"token", "who", "beat"} <= owner.keys() and len(owner["who"]) == 3:
                return owner
        return None

    def _mine(self) -> dict[str, Any]:
        who = myself()
        return {"token": self.token, "who": [who.pid, who.started, who.host], "beat": self._beats, "time": time.time()}

    def beat(self) -> None:
        """Say that the owner lives; written with the next flush."""
        self._beats += 1
        self.put("owner", self._mine())

    def close(self) -> None:
        """Write what is left and give the run back."""
        try:
            self._pending.append(("DELETE FROM meta WHERE key = 'owner'", ()))
            self.flush()
        finally:
            self.connection.close()

    # ---- reading ------------------------------------------------------------------------------------------

    def get(self, key: str) -> Any:
        """A value of `meta` as it is on the disk."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def commands(self) -> list[Command]:
        """What the run was told and has not done, in order; costs next to nothing when nothing was written."""
        (version,) = self.connection.execute("PRAGMA data_version").fetchone()
        if version == self._seen_version:
            return []
        self._seen_version = version
        rows = self.connection.execute(
            "SELECT id, kind, arguments FROM commands WHERE outcome IS NULL ORDER BY id"
        ).fetchall()
        return [Command(row[0], row[1], json.loads(row[2])) for row in rows]

    def look_again(self) -> None:
        """Let the next `commands` look at the disk in any case."""
        self._seen_version = -1

    def last_step(self) -> int:
        """The last step whose metrics are on the disk."""
        return int(self.connection.execute("SELECT COALESCE(MAX(step), 0) FROM metrics").fetchone()[0])

    def loss_at(self, step: int) -> float | None:
        """The loss recorded at a step, NaN where it was none; None if the step was not recorded."""
        row = self.connection.execute("SELECT loss FROM metrics WHERE step = ?", (step,)).fetchone()
        return None if row is None else math.nan if row[0] is None else float(row[0])

    @property
    def diverged(self) -> bool:
        """Whether the last step recorded has no finite loss."""
        row = self.connection.execute("SELECT loss FROM metrics ORDER BY step DESC LIMIT 1").fetchone()
        return row is not None and (row[0] is None or math.isinf(row[0]))

    def settings(self) -> list[tuple[int, int, dict[str, Any]]]:
        """(event, step, changes) of everything that was set on the way."""
        rows = self.connection.execute("SELECT id, step, details FROM events WHERE kind = 'set' ORDER BY id")
        return [(row[0], row[1], json.loads(row[2])) for row in rows]

    def events_of(self, kind: str) -> list[tuple[int, dict[str, Any]]]:
        """(step, details) of the events of a kind, in order."""
        rows = self.connection.execute("SELECT step, details FROM events WHERE kind = ? ORDER BY id", (kind,))
        return [(row[0], json.loads(row[1])) for row in rows]

    def told(self, kind: str) -> bool:
        """Whether a command of a kind waits to be carried out."""
        row = self.connection.execute("SELECT 1 FROM commands WHERE outcome IS NULL AND kind = ?", (kind,)).fetchone()
        return row is not None

    def gone_back_in_vain(self) -> set[int]:
        """Steps that were gone back to, and something set after that."""
        rows = self.connection.execute(
            "SELECT kind, details FROM events WHERE kind IN ('went_back', 'set', 'left_set') ORDER BY id"
        )
        vain, last = set[int](), None
        for kind, details in rows:
            if kind == "went_back":
                last = int(json.loads(details).get("to", 0))
            elif last is not None:
                vain.add(last)
        return vain

    def snapshots(self) -> list[tuple[int, int]]:
        """(step, last setting inside it) of every snapshot, the latest first."""
        return self.connection.execute("SELECT step, settings FROM snapshots ORDER BY step DESC").fetchall()

    # ---- writing ------------------------------------------------------------------------------------------

    def put(self, key: str, value: Any) -> None:
        """Set a value of `meta`."""
        text = json.dumps(value, ensure_ascii=False)
        self._pending.append(("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, text)))

    def row(self, values: Mapping[str, Any]) -> None:
        """The metrics of a step."""
        self._pending.append({name: _plain(values.get(name)) for name in METRICS})

    def event(self, step: int, kind: str, details: Mapping[str, Any] | None = None, *, key: str | None = None) -> None:
        """Something that happened at a step; of those with the same `key` the first stays."""
        text = json.dumps(dict(details or {}), ensure_ascii=False, default=str)
        self._pending.append(
            (
                "INSERT OR IGNORE INTO events (step, kind, details, time, key) VALUES (?, ?, ?, ?, ?)",
                (step, kind, text, time.time(), key),
            )
        )

    def sample(self, step: int, number: int, source: str, output: str, reference: str | None) -> None:
        """What the model says at a step."""
        self._pending.append(
            ("INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?, ?)", (step, number, source, output, reference))
        )

    def done(self, command: Command, step: int, outcome: str = "done") -> None:
        """A command was carried out (or refused: `outcome` then says why)."""
        self._pending.append(
            ("UPDATE commands SET done_step = ?, outcome = ? WHERE id = ?", (step, outcome, command.id))
        )

    def go_back(self, step: int, last: int) -> None:
        """Leave what was recorded between `step` and `last`; what was set there counts no more, but can be read."""
        for statement in (
            "DELETE FROM metrics WHERE step > ?",
            "DELETE FROM samples WHERE step > ?",
            "DELETE FROM snapshots WHERE step > ?",
            f"UPDATE events SET kind = 'left_' || kind, key = NULL WHERE step > ? AND kind IN ({_UNDONE})",
        ):
            self._pending.append((statement, (step,)))
        self.event(step, "went_back", {"from": last, "to": step})

    def flush(self) -> None:
        """Write all that is pending, in one transaction."""
        if self._pending:
            with clear_errors(self.folder.path):
                with database.writing(self.connection):
                    self._write_pending()
                self._pending = []

    def _write_pending(self) -> None:
        self._check_owner()
        for one in self._pending:
            if isinstance(one, dict):
                self._write_row(one)
            else:
                self.connection.execute(*one)

    def _check_owner(self) -> None:
        owner = self._owner()
        if owner is None or owner["token"] != self.token:
            raise RunError("run_lost", name=self.folder.path.name)

    def _write_row(self, row: _Row) -> None:
        """A step that is made again leaves the row that was recorded, unless the numbers differ, which is said."""
        try:
            self.connection.execute(_INSERT, tuple(row.values()))
        except sqlite3.IntegrityError:
            before = self.connection.execute(
                f"SELECT {', '.join(REPEATABLE)} FROM metrics WHERE step = ?", (row["step"],)
            ).fetchone()
            now = tuple(row[name] for name in REPEATABLE)
            if before != now:
                self.connection.execute(_INSERT.replace("INSERT", "INSERT OR REPLACE", 1), tuple(row.values()))
                details = json.dumps({"step": row["step"], "before": before[0], "now": now[0]})
                self.connection.execute(
                    "INSERT OR IGNORE INTO events (step, kind, details, time, key) VALUES (?, ?, ?, ?, ?)",
                    (row["step"], "remade_differently", details, time.time(), "remade_differently"),
                )

    def snapshot(self, state: TrainingState, *, kept: bool, late: bool = False) -> None:
        """Keep a state, and write all that is pending with it; of those that are not `kept` only the last stays,
        until there is a later one that the run can go on from. `late`: the run has gone on since.

        The file comes first: until the transaction that speaks of it, it is as if nothing had happened.
        """
        with clear_errors(self.folder.path):
            self._write_state(state)
            with database.writing(self.connection):
                self._write_pending()
                (inside,) = self.connection.execute(
                    "SELECT COALESCE(MAX(id), 0) FROM events WHERE kind = 'set' AND step < ?",
                    (state.step + (not late),),
                ).fetchone()
                if state.whole:
                    self.connection.execute("DELETE FROM snapshots WHERE NOT kept AND step < ?", (state.step,))
                self.connection.execute(
                    "INSERT OR REPLACE INTO snapshots (step, kept, settings) VALUES (?, ?, ?)",
                    (state.step, int(kept), inside),
                )
            self._pending = []
            self.sweep()

    def _write_state(self, state: TrainingState) -> None:
        if shutil.disk_usage(self.folder.path).free < DISK_RESERVE:
            raise RunError("disk_reserve", path=str(self.folder.path), reserve=DISK_RESERVE // 2**20)
        path = self.folder.snapshot(state.step)
        try:
            state.save(path)
            _to_disk(path)
        except SafetensorError as error:  # what its Rust code says about the file system
            path.with_name(path.name + ".part").unlink(missing_ok=True)
            full = "os error 28" in str(error) or "code: 28" in str(error) or "os error 112" in str(error)
            raise OSError(errno.ENOSPC if full else errno.EIO, str(error)) from error
        except BaseException:
            path.with_name(path.name + ".part").unlink(missing_ok=True)
            raise

    def sweep(self) -> None:
        """Remove files that no row of `snapshots` speaks of: what a kill left behind."""
        known = {row[0] for row in self.connection.execute("SELECT step FROM snapshots")}
        for path in self.folder.snapshots.iterdir():
            if path.name.endswith(".part") or step_of(path.name) not in known:
                path.unlink(missing_ok=True)

    def notice(self, problem: InputError | None) -> None:
        """Say (or take back) what stands in the way, also when the disk has no room for a row."""
        value = {} if problem is None else {"code": problem.code, "details": problem.details}
        write_notice(self.folder, value)


def _holds(owner: dict[str, Any], seen: dict[str, Any] | None) -> bool:
    who = Identity(*owner["who"])
    if who.local:
        return who.alive
    return seen is None or (seen["token"], seen["beat"]) != (owner["token"], owner["beat"])


def _plain(value: Any) -> Any:
    # SQLite has no NaN; a missing number is read back as one.
    return None if isinstance(value, float) and math.isnan(value) else value


def _to_disk(path: Any) -> None:
    # Windows syncs only what is open for writing.
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
