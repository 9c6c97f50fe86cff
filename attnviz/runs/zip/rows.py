"""The rows of a database that somebody else made: read through a connection that can only read, written anew.

SQLite runs what a schema says (views, triggers, generated columns), so the foreign file's schema must be ours, word for
word, before a row is read; then every value is checked for what its column holds.
"""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from attnviz.config import Compute
from attnviz.runs import database
from attnviz.runs.database import NUMBERS, TABLES
from attnviz.runs.errors import RunError
from attnviz.runs.folder import DATABASE
from attnviz.runs.status import NEW, STATES

MAX_TEXT = 4 * 2**20  # characters of a value
MAX_ROWS = 5_000_000  # of a table
MAX_STEP = 2**40
_KIND = re.compile(r"[a-z_]{1,40}")
_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_PRAGMA, sqlite3.SQLITE_FUNCTION}
_OWN_TABLES = {"sqlite_sequence"}  # that SQLite makes for AUTOINCREMENT


def copy_checked(foreign: Path, target: Path, steps: Iterable[int]) -> None:
    """Make `target` from the rows of `foreign`; `steps` are those whose snapshot is there. Raises RunError."""
    try:
        with closing(_opened(foreign)) as old:
            _check_schema(old)
            rows = {table: _rows(old, table) for table in ("meta", "metrics", "events", "samples", "snapshots")}
    except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
        raise RunError("run_damaged", file=target.name, problem=str(error)[:200]) from None
    database.create(target)
    with database.changing(target) as new:
        for table, checked in (
            ("meta", _meta(rows["meta"])),
            ("metrics", [_metrics(row) for row in rows["metrics"]]),
            ("events", [_event(row) for row in rows["events"]]),
            ("samples", [_sample(row) for row in rows["samples"]]),
            ("snapshots", _snapshots(rows["snapshots"], set(steps))),
        ):
            if checked:
                new.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({_marks(checked[0])})", checked)


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA cell_size_check=ON")
    connection.execute("PRAGMA mmap_size=0")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 4 * MAX_TEXT)
    connection.set_authorizer(lambda action, *rest: sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY)
    return connection


def _check_schema(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > database.VERSION:
        raise RunError("run_version", given=version, known=database.VERSION)
    found = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    tables = {name: sql for kind, name, sql in found if kind == "table" and name not in _OWN_TABLES}
    automatic = [name for kind, name, sql in found if kind == "index" and sql is None]
    if tables != TABLES or len(tables) + len(automatic) + len(_OWN_TABLES) < len(found):
        raise RunError("run_damaged", file=DATABASE, problem="its tables are not those of a run")
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise RunError("run_damaged", file=DATABASE, problem=str(verdict)[:200])


def _rows(connection: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    rows = connection.execute(f"SELECT * FROM {table} LIMIT ?", (MAX_ROWS + 1,)).fetchall()
    if len(rows) > MAX_ROWS:
        raise RunError("zip_too_large", given=f"> {MAX_ROWS}", limit=MAX_ROWS, unit="rows")
    return rows


# ---- what each column may hold --------------------------------------------------------------------------------


def _meta(rows: list[tuple[Any, ...]]) -> list[tuple[str, str]]:
    """Only what a run needs elsewhere; it is paused, whatever it was doing there."""
    given = {key: _json(value) for key, value in rows if isinstance(key, str)}
    found: dict[str, Any] = {}
    if isinstance(given.get("created"), int | float) and math.isfinite(given["created"]):
        found["created"] = given["created"]
    state = given.get("state")
    if isinstance(state, Mapping):
        recorded = state.get("state")
        threads = state.get("threads")
        steps = state.get("steps")
        found["state"] = {
            **NEW,
            "state": "paused" if recorded not in STATES or recorded in ("running", "failed") else recorded,
            "threads": threads if type(threads) is int and 1 <= threads <= 256 else None,
            "compute": _compute(state.get("compute")),
            "steps": steps if type(steps) is int and 1 <= steps < MAX_STEP else None,
        }
    return [(key, json.dumps(value)) for key, value in found.items()]


def _compute(values: Any) -> dict[str, Any] | None:
    """How the run was computed, where that is something that this program knows."""
    try:
        return Compute.from_dict(values).to_dict() if isinstance(values, Mapping) else None
    except ValueError:
        return None


def _metrics(row: tuple[Any, ...]) -> tuple[Any, ...]:
    step = _step(row[0])
    numbers = [None if value is None else _number(value) for value in row[1 : len(NUMBERS)]]
    more = row[len(NUMBERS)]
    if more is not None:
        values = _json(more)
        _require(isinstance(values, Mapping) and all(_is_number(value) for value in values.values()), "metrics")
        more = json.dumps(values)
    return (step, *numbers, more)


def _event(row: tuple[Any, ...]) -> tuple[Any, ...]:
    number, step, kind, details, moment, key = row
    _require(type(number) is int and isinstance(kind, str) and bool(_KIND.fullmatch(kind)), "events")
    values = _json(details)
    _require(isinstance(values, Mapping), "events")
    _require(key is None or isinstance(key, str), "events")
    moment = float(moment) if _is_number(moment) else 0.0
    return (number, _step(step), kind, json.dumps(values), moment, key)


def _sample(row: tuple[Any, ...]) -> tuple[Any, ...]:
    step, number, source, output, reference = row
    _require(type(number) is int, "samples")
    _require(all(isinstance(text, str) for text in (source, output)), "samples")
    _require(reference is None or isinstance(reference, str), "samples")
    return (_step(step), number, source, output, reference)


def _snapshots(rows: list[tuple[Any, ...]], there: set[int]) -> list[tuple[int, int, int]]:
    """Rows whose file is there; a file without a row is not a kept step."""
    found = []
    for step, kept, settings in rows:
        _require(type(kept) is int and type(settings) is int, "snapshots")
        if _step(step) in there:
            found.append((step, int(bool(kept)), settings))
    return found


def _json(text: Any) -> Any:
    _require(isinstance(text, str) and len(text) <= MAX_TEXT, "JSON")
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise RunError("run_damaged", file=DATABASE, problem="a value is not JSON") from None


_no_constant: Callable[[str], Any] = {"NaN": None, "Infinity": None, "-Infinity": None}.__getitem__


def _step(value: Any) -> int:
    _require(type(value) is int and 0 <= value <= MAX_STEP, "step")
    return int(value)


def _number(value: Any) -> float:
    _require(_is_number(value), "metrics")
    return float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and (abs(value) <= 1e308 or math.isinf(value))


def _marks(row: tuple[Any, ...]) -> str:
    return ", ".join("?" * len(row))


def _require(fine: bool, what: str) -> None:
    if not fine:
        raise RunError("run_damaged", file=DATABASE, problem=f"a value of {what} is not what it should be")
