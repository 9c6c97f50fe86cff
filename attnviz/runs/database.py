"""run.sqlite: its tables, and how writers and readers open it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from attnviz.errors import RunError
from attnviz.runs.errors import clear_damage, clear_errors

VERSION = 1
BUSY_SECONDS = 10.0

# The columns of `metrics` that hold numbers.
NUMBERS: tuple[str, ...] = (
    "step",
    "loss",
    "token_accuracy",
    "learning_rate",
    "grad_norm",
    "update_ratio",
    "tokens",
    "tokens_per_second",
    "seconds",
    "validation_loss",
    "validation_token_accuracy",
    "exact_match",
)

# A metric of an evaluation that has no column of its own is in `more`, as JSON.
TABLES: dict[str, str] = {
    "meta": "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID",
    "metrics": (
        "CREATE TABLE metrics (step INTEGER PRIMARY KEY, loss REAL, token_accuracy REAL, learning_rate REAL, "
        "grad_norm REAL, update_ratio REAL, tokens INTEGER, tokens_per_second REAL, seconds REAL, "
        "validation_loss REAL, validation_token_accuracy REAL, exact_match REAL, more TEXT)"
    ),
    "events": (
        "CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, step INTEGER NOT NULL, kind TEXT NOT NULL, "
        "details TEXT NOT NULL, time REAL, key TEXT UNIQUE)"
    ),
    "samples": (
        "CREATE TABLE samples (step INTEGER NOT NULL, number INTEGER NOT NULL, source TEXT NOT NULL, "
        "output TEXT NOT NULL, reference TEXT, PRIMARY KEY (step, number)) WITHOUT ROWID"
    ),
    "commands": (
        "CREATE TABLE commands (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, arguments TEXT NOT NULL, "
        "time REAL, done_step INTEGER, outcome TEXT)"
    ),
    "snapshots": "CREATE TABLE snapshots (step INTEGER PRIMARY KEY, kept INTEGER NOT NULL, settings INTEGER NOT NULL)",
}


def create(path: Path) -> None:
    """A new, empty database. The file must not exist."""
    with clear_errors(path.parent):
        if path.exists():
            raise RunError("run_exists", path=str(path.parent))
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("BEGIN IMMEDIATE")
            for statement in TABLES.values():
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={VERSION}")
            connection.execute("COMMIT")


def open_writer(path: Path) -> sqlite3.Connection:
    """A connection that writes; transactions are begun by `writing`."""
    with clear_errors(path.parent):
        if not path.is_file():
            raise RunError("run_unknown", name=path.parent.name)
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)
        connection.isolation_level = None
        _check_version(connection)
        # In WAL mode this survives a killed process; a power cut may take the last rows, never the file.
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All of the block's changes or none. Other writers wait, readers do not."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def changing(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection for one transaction."""
    with clear_errors(path.parent), closing(open_writer(path)) as connection, writing(connection):
        yield connection


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection for a moment: it holds nobody up, and no file stays open."""
    with clear_errors(path.parent):
        if not path.is_file():
            raise RunError("run_unknown", name=path.parent.name)
        with closing(_open_reader(path)) as connection, clear_damage(path):
            yield connection


def _open_reader(path: Path) -> sqlite3.Connection:
    address = path.absolute().as_uri()
    try:
        return _checked(sqlite3.connect(f"{address}?mode=ro", uri=True, timeout=BUSY_SECONDS, isolation_level=None))
    except sqlite3.OperationalError as error:
        # A folder that nobody may write to: without a log beside it, the file itself is all there is.
        if path.with_name(path.name + "-wal").exists() or "unable to open" not in str(error):
            raise
        return _checked(sqlite3.connect(f"{address}?immutable=1", uri=True, isolation_level=None))


def _checked(connection: sqlite3.Connection) -> sqlite3.Connection:
    try:
        _check_version(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_version(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        connection.close()
        raise RunError("run_version", given=version, known=VERSION)
