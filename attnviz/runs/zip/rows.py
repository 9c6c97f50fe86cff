"""The rows of a database that somebody else made: read through a connection that can only read, written anew.

SQLite runs what a schema says (views, triggers, generated columns), so the foreign file's schema must be ours, word for
word, before a row is read; then every value is checked for what its column holds.
"""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from attnviz.config import Compute
from attnviz.errors import Notice, RunError
from attnviz.runs import database
from attnviz.runs.commands import checked
from attnviz.runs.database import NUMBERS, TABLES
from attnviz.runs.folder import DATABASE
from attnviz.runs.status import NEW, STATES
from attnviz.training.emergence import HeadMarker

MAX_TEXT = 4 * 2**20  # characters of a value
MAX_SAMPLE = 20_000  # characters
MOST_ROWS = {"meta": 100, "metrics": 1_000_000, "events": 100_000, "samples": 100_000, "snapshots": 2_000}
MOST_NAMES = 64  # of figures without a column of their own
MOST_NUMBER = 1e38
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "meta": ("key", "value"),
    "metrics": (*NUMBERS, "more"),
    "events": ("id", "step", "kind", "details", "time", "key"),
    "samples": ("step", "number", "source", "output", "reference"),
    "snapshots": ("step", "kept", "settings"),
}
# What is divided by, or added up over a whole run; 0 is let through.
_RANGES = {"tokens": (1, 1e12), "tokens_per_second": (1e-6, 1e12), "seconds": (0, 1e11)}
_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,60}")
MAX_STEP = 2**40
_KIND = re.compile(r"[a-z_]{1,40}")
_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_PRAGMA, sqlite3.SQLITE_FUNCTION}
_OWN_TABLES = {"sqlite_sequence"}  # that SQLite makes for AUTOINCREMENT


def copy_checked(foreign: Path, target: Path, steps: Iterable[int], sites: Collection[str]) -> None:
    """Make `target` from the rows of `foreign`, one at a time. Raises RunError.

    `steps` are those whose snapshot is there, `sites` the attentions that the model has.
    """
    names: set[str] = set()  # of figures without a column of their own
    there = set(steps)
    checks: Mapping[str, Callable[[tuple[Any, ...]], tuple[Any, ...] | None]] = {
        "metrics": lambda row: _metrics(row, names),
        "events": lambda row: _event(row, sites),
        "samples": _sample,
        "snapshots": lambda row: _snapshot(row, there),
    }
    database.create(target)
    try:
        with closing(_opened(foreign)) as old, database.changing(target) as new:
            _check_schema(old)
            new.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", _meta(list(_rows(old, "meta"))))
            for table, check in checks.items():
                rows = (checked for row in _rows(old, table) if (checked := check(row)) is not None)
                marks = ", ".join("?" * len(COLUMNS[table]))
                new.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rows)
    except (sqlite3.Error, UnicodeError, OverflowError) as error:
        raise RunError("run_damaged", file=target.name, problem=error) from None


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
        raise RunError("run_damaged", file=DATABASE, problem="no_run_tables")
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise RunError("run_damaged", file=DATABASE, problem=Notice("reason_words", {"words": str(verdict)[:200]}))


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[tuple[Any, ...]]:
    most = MOST_ROWS[table]
    (number,) = connection.execute(f"SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT {most + 1})").fetchone()
    if number > most:  # before any of them is looked at
        raise RunError("zip_too_large", given=f"> {most}", limit=most, unit="rows")
    return connection.execute(f"SELECT {', '.join(COLUMNS[table])} FROM {table}")


# ---- what each column may hold --------------------------------------------------------------------------------


def _meta(rows: list[tuple[Any, ...]]) -> list[tuple[str, str]]:
    """Only what a run needs elsewhere; it is paused, whatever it was doing there."""
    given = {key: _json(value) for key, value in rows if key in ("created", "state")}
    found: dict[str, Any] = {}
    created = given.get("created")
    if _is_number(created, 1e11):
        found["created"] = created
    state = given.get("state")
    if isinstance(state, Mapping):
        recorded = state.get("state")
        threads = state.get("threads")
        steps = state.get("steps")
        compute = state.get("compute")
        found["state"] = {
            **NEW,
            "state": "paused" if recorded not in STATES or recorded in ("running", "failed") else recorded,
            "threads": threads if type(threads) is int and 1 <= threads <= 256 else None,
            "steps": steps if type(steps) is int and 1 <= steps < MAX_STEP else None,
        }
        if compute is not None:
            try:
                found["state"]["compute"] = Compute.from_dict(compute).to_dict()
            except (ValueError, TypeError, AttributeError):
                _require(False, "meta")
    return [(key, json.dumps(value)) for key, value in found.items()]


def _metrics(row: tuple[Any, ...], names: set[str]) -> tuple[Any, ...]:
    step = _step(row[0])
    numbers = []
    for name, value in zip(NUMBERS[1:], row[1 : len(NUMBERS)], strict=True):
        if value is not None:
            least, most = _RANGES.get(name, (-MOST_NUMBER, MOST_NUMBER))
            endless = isinstance(value, float) and math.isinf(value) and name not in _RANGES
            _require((_is_number(value) and (least <= value <= most or value == 0)) or endless, "metrics")
        numbers.append(value)
    more = row[len(NUMBERS)]
    if more is not None:
        values = _json(more)
        _require(isinstance(values, Mapping) and all(_is_number(value) for value in values.values()), "metrics")
        names |= values.keys()
        _require(len(names) <= MOST_NAMES and not names & set(NUMBERS), "metrics")
        _require(all(_NAME.fullmatch(name) for name in values), "metrics")
        more = json.dumps(values)
    return (step, *numbers, more)


def _event(row: tuple[Any, ...], sites: Collection[str]) -> tuple[Any, ...]:
    number, step, kind, details, moment, key = row
    _require(type(number) is int and isinstance(kind, str) and bool(_KIND.fullmatch(kind)), "events")
    values = _json(details)
    _require(isinstance(values, Mapping), "events")
    _require(key is None or isinstance(key, str), "events")
    try:
        if kind == "set":
            checked("set", values)
        elif kind == "head":
            marker = HeadMarker(**values)
            _require(marker.site in sites and type(marker.head) is int and 0 <= marker.head < 1024, "events")
    except (ValueError, TypeError):
        _require(False, "events")
    return (number, _step(step), kind, json.dumps(values), float(moment) if _is_number(moment, 1e11) else 0.0, key)


def _sample(row: tuple[Any, ...]) -> tuple[Any, ...]:
    step, number, source, output, reference = row
    _require(type(number) is int and 0 <= number < 1000, "samples")
    for text in (source, output, reference):
        _require(text is None or (isinstance(text, str) and len(text) <= MAX_SAMPLE), "samples")
    _require(source is not None and output is not None, "samples")
    return (_step(step), number, source, output, reference)


def _snapshot(row: tuple[Any, ...], there: set[int]) -> tuple[int, int, int] | None:
    """A row whose file is there; a file without a row is not a kept step."""
    step, kept, settings = row
    _require(type(kept) is int and type(settings) is int and 0 <= settings < MAX_STEP, "snapshots")
    return (step, int(bool(kept)), settings) if _step(step) in there else None


def _json(text: Any) -> Any:
    """A value; only numbers of a size that everybody can reckon with, only text that can be written again."""
    _require(isinstance(text, str) and len(text) <= MAX_TEXT, "JSON")
    try:
        value = json.loads(text, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, LookupError, RecursionError):
        raise RunError("run_damaged", file=DATABASE, problem="not_json") from None
    _require(_is_modest(value), "JSON")
    return value


_no_constant: Callable[[str], Any] = {"NaN": None, "Infinity": None, "-Infinity": None}.__getitem__


def _is_modest(value: Any) -> bool:
    match value:
        case dict():
            return all(_is_modest(one) for one in value.values())
        case list():
            return all(_is_modest(one) for one in value)
        case bool() | str() | None:
            return True
    return _is_number(value)


def _step(value: Any) -> int:
    _require(type(value) is int and 0 <= value <= MAX_STEP, "step")
    return int(value)


def _is_number(value: Any, most: float = 1e38) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -most <= value <= most


def _require(fine: bool, what: str) -> None:
    if not fine:
        raise RunError("run_damaged", file=DATABASE, problem=Notice("reason_value", {"name": what}))
