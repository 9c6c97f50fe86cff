"""workers.sqlite: which worker serves which device, and which runs ask for one.

Every decision (is one alive? start one; may I end?) is one transaction, so that no request falls between two workers
and no two workers serve one device, however many apps use the folder.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from attnviz.errors import RunError
from attnviz.runs.database import BUSY_SECONDS, writing
from attnviz.runs.errors import clear_errors
from attnviz.runs.process import Identity, host, myself, start_detached, start_time

FILE = "workers.sqlite"
FOREIGN_SECONDS = 30.0  # a worker of another machine that has not said anything for so long is taken for gone
_TABLES = (
    "CREATE TABLE IF NOT EXISTS workers (device TEXT PRIMARY KEY, pid INTEGER NOT NULL, started TEXT NOT NULL, "
    "host TEXT NOT NULL, token TEXT NOT NULL, time REAL NOT NULL)",
    "CREATE TABLE IF NOT EXISTS requests (id INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, "
    "run TEXT NOT NULL, UNIQUE (device, run))",
    "CREATE TABLE IF NOT EXISTS openings (run TEXT PRIMARY KEY, times INTEGER NOT NULL)",
)


@dataclass(frozen=True)
class Registered:
    """A worker that serves a device."""

    device: str
    identity: Identity
    token: str
    time: float  # when it last said that it lives, by its own clock

    @property
    def alive(self) -> bool:
        """On this machine: whether the process runs. On another: whether it has said so lately."""
        if self.identity.local:
            return self.identity.alive
        return abs(time.time() - self.time) < FOREIGN_SECONDS


class Registry:
    """The workers of one folder of runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / FILE

    def worker(self, device: str) -> Registered | None:
        """The living worker of a device."""
        if not self.path.is_file():
            return None
        with clear_errors(self.root), self._open() as connection:
            found = _worker(connection, device)
        return found if found and found.alive else None

    def alive(self) -> dict[str, Registered]:
        """The living workers by device."""
        if not self.path.is_file():
            return {}
        with clear_errors(self.root), self._open() as connection:
            devices = [row[0] for row in connection.execute("SELECT device FROM workers")]
            found = [_worker(connection, device) for device in devices]
        return {one.device: one for one in found if one is not None and one.alive}

    def request(self, device: str, run: str) -> None:
        """Ask the device's worker to look at a run; one is started if none is alive."""
        with clear_errors(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            with self._open() as connection, writing(connection):
                connection.execute("INSERT OR IGNORE INTO requests (device, run) VALUES (?, ?)", (device, run))
                found = _worker(connection, device)
                if found is None or not found.alive:
                    self._start(connection, device)

    def _start(self, connection: sqlite3.Connection, device: str) -> None:
        token = secrets.token_hex(8)
        command = ["-m", "attnviz.runs.work.worker", "--root", str(self.root), "--device", device, "--token", token]
        log = self.root / f".worker-{device.replace(':', '-')}.log"
        try:
            pid = start_detached(command, log)
        except OSError as error:
            raise RunError("command_worker", problem=error) from error
        # Written before it has said anything itself, so that nobody starts a second one in the meantime.
        _write(connection, device, Identity(pid, start_time(pid) or "", host()), token)

    # ---- the worker's side --------------------------------------------------------------------------------

    def register(self, device: str, token: str) -> bool:
        """Take over the place that was kept for `token`, or one that is free; False if another worker has it."""
        with clear_errors(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            with self._open() as connection, writing(connection):
                found = _worker(connection, device)
                if found is not None and found.token != token and found.alive:
                    return False
                _write(connection, device, myself(), token)
                return True

    def beat(self, device: str, token: str) -> bool:
        """Say that the worker lives; False if its place was taken."""
        with clear_errors(self.root), self._open() as connection, writing(connection):
            done = connection.execute(
                "UPDATE workers SET time = ? WHERE device = ? AND token = ?", (time.time(), device, token)
            )
            return done.rowcount == 1

    def requests(self, device: str) -> list[str]:
        """Take the runs that ask for the device."""
        with clear_errors(self.root), self._open() as connection:
            waiting = connection.execute("SELECT id, run FROM requests WHERE device = ?", (device,)).fetchall()
            if waiting:
                with writing(connection):
                    connection.executemany("DELETE FROM requests WHERE id = ?", [(row[0],) for row in waiting])
        return [row[1] for row in waiting]

    # A run that is too large for the machine kills its worker. What was being opened then is remembered, so that it is
    # opened last, and after some times not at all: the others go on.

    def opening(self, run: str) -> int:
        """Note that a run is about to be opened; how often it was without an `opened` after it, this time included."""
        with clear_errors(self.root), self._open() as connection, writing(connection):
            connection.execute(
                "INSERT INTO openings VALUES (?, 1) ON CONFLICT (run) DO UPDATE SET times = times + 1", (run,)
            )
            row = connection.execute("SELECT times FROM openings WHERE run = ?", (run,)).fetchone()
            return int(row[0])

    def opened(self, run: str) -> None:
        """Note that opening a run did not kill its worker."""
        with clear_errors(self.root), self._open() as connection, writing(connection):
            connection.execute("DELETE FROM openings WHERE run = ?", (run,))

    def openings(self) -> dict[str, int]:
        """How often each run was being opened when its worker died."""
        with clear_errors(self.root), self._open() as connection:
            return dict(connection.execute("SELECT run, times FROM openings"))

    def retire(self, device: str, token: str, *, even_if_asked: bool = False) -> bool:
        """Give the place back; False if somebody has asked for something in the meantime."""
        with clear_errors(self.root), self._open() as connection, writing(connection):
            asked = connection.execute("SELECT 1 FROM requests WHERE device = ? LIMIT 1", (device,)).fetchone()
            if asked and not even_if_asked:
                return False
            connection.execute("DELETE FROM workers WHERE device = ? AND token = ?", (device, token))
            return True

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            # No log beside it: the file is small, and any program may be the last to close it.
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'openings'").fetchone():
                for statement in _TABLES:
                    connection.execute(statement)
            yield connection


def _worker(connection: sqlite3.Connection, device: str) -> Registered | None:
    row = connection.execute(
        "SELECT pid, started, host, token, time FROM workers WHERE device = ?", (device,)
    ).fetchone()
    return None if row is None else Registered(device, Identity(*row[:3]), row[3], row[4])


def _write(connection: sqlite3.Connection, device: str, who: Identity, token: str) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO workers (device, pid, started, host, token, time) VALUES (?, ?, ?, ?, ?, ?)",
        (device, who.pid, who.started, who.host, token, time.time()),
    )
