"""What the system and SQLite say about a run's files, as coded errors."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attnviz.errors import InputError, Notice, RunError

_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
NO_ROOM = 2**20  # bytes
_NO_NUMBER = ("invalid literal for", "could not convert", "cannot convert")  # what int() and float() say
_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """What the system and SQLite say about files under `path`, as a RunError."""
    try:
        yield
    except OSError as error:
        raise from_system(error, path) from error
    except sqlite3.Error as error:
        raise from_sqlite(error, path) from error


@contextmanager
def clear_damage(file: Path) -> Iterator[None]:
    """What comes of values that no program of ours wrote into a run's file, as a RunError. For code that only reads."""
    try:
        yield
    except InputError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise damaged(file.name, error) from None


def damaged(file: str, error: Exception) -> RunError:
    """What came of reading a run's file. Where Python itself stumbled over a value, its words would say nothing."""
    stumbled = isinstance(error, TypeError | AttributeError | IndexError) or str(error).startswith(_NO_NUMBER)
    return RunError("run_damaged", file=file, problem=Notice("reason_other_kind") if stumbled else error)


def from_system(error: OSError, path: Path) -> RunError:
    """The RunError that an OSError stands for."""
    if error.errno in _FULL or getattr(error, "winerror", None) in (39, 112):
        return RunError("disk_full", path=str(path))
    if error.errno in _READ_ONLY:
        return RunError("run_read_only", path=str(path))
    return RunError("run_folder", path=str(path), problem=error)


def from_sqlite(error: sqlite3.Error, path: Path) -> RunError:
    """The RunError that an sqlite3.Error stands for."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_FULL") or (name.startswith("SQLITE_IOERR") and _no_room(path)):
        return RunError("disk_full", path=str(path))
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM")):
        return RunError("run_read_only", path=str(path))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return RunError("run_locked", path=str(path))
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_AUTH")):
        return RunError("run_folder", path=str(path), problem=error)
    return RunError("run_damaged", file=_database_of(path), problem=error)


def _database_of(path: Path) -> str:
    """The name of the database that is meant by a folder: a run's, or the workers'."""
    return next((one.name for one in path.glob("*.sqlite")), path.name)


def _no_room(path: Path) -> bool:
    """Whether the disk is full: SQLite calls that an I/O error where it cannot make the log beside a database."""
    there = next((one for one in (path, *path.parents) if one.exists()), path)
    try:
        return shutil.disk_usage(there).free < NO_ROOM
    except OSError:
        return False
