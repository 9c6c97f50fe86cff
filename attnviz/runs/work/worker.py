"""`python -m attnviz.runs.work.worker`: trains the runs of a folder on one device, in turns; ends without work.

It is started by whoever gives a run a command. Everything that it knows is in the folder, so that it may be killed
at any moment: the next one goes on.
"""

from __future__ import annotations

import argparse
import contextlib
import secrets
import signal
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from attnviz.data import InputError
from attnviz.errors import RunError
from attnviz.runs.database import reading
from attnviz.runs.devices import default_threads, most_moving, resolve, take
from attnviz.runs.folder import RunFolder, is_id
from attnviz.runs.notice import write_notice
from attnviz.runs.registry import Registry
from attnviz.runs.status import asked_device, read_status
from attnviz.runs.trash import to_trash
from attnviz.runs.work.claim import fail_unopened
from attnviz.runs.work.session import Session

SLICE_SECONDS = 0.2  # of one run before the next has its turn
POLL_SECONDS = 0.1  # between looks at requests
BEAT_SECONDS = 2.0
IDLE_SECONDS = 60.0  # without anything to do
NAP_SECONDS = 0.02
MOST_OPEN = 8  # runs in memory that are not going on
MOST_DEATHS = 3  # of workers at the opening of one run


def suppress_waitable() -> contextlib.suppress:
    """For what is said to the registry: when the disk has no room, the runs themselves say so, and work goes on."""
    return contextlib.suppress(RunError)


class Worker:
    """Serves the runs of a folder on one device until nothing has been asked for `idle` seconds."""

    def __init__(self, root: Path, device: str, *, idle: float = IDLE_SECONDS, token: str | None = None) -> None:
        self.root = root
        self.device = device
        self.idle = idle
        self.token = token or secrets.token_hex(8)
        self.registry = Registry(root)
        self.sessions: dict[str, Session] = {}
        self.waiting: list[str] = []  # runs asked for and not opened yet
        self._fresh: set[str] = set()  # runs that were opened and have not worked yet
        self._queued: set[str] = set()  # runs that were told that they wait
        self.ending = False
        self._deaths: dict[str, int] = {}  # of workers, by the run that was being opened

    def serve(self) -> bool:
        """Work until there is none; False if another worker serves the device."""
        if not self.registry.register(self.device, self.token):
            return False
        try:
            self._deaths = self.registry.openings()
            take(self.device)
            self._open_interrupted()
            self._loop()
        finally:
            for run in list(self.sessions):
                self._close(run)
            with suppress_waitable():  # a full disk: whoever asks next sees that this process is gone
                self.registry.retire(self.device, self.token, even_if_asked=True)
        return True

    def _loop(self) -> None:
        last_poll = last_beat = 0.0
        last_work = time.monotonic()
        while not self.ending:
            now = time.monotonic()
            if now - last_poll >= POLL_SECONDS:
                last_poll = now
                with suppress_waitable():
                    self.waiting += [run for run in self.registry.requests(self.device) if run not in self.waiting]
            moving = sum(session.running for session in self.sessions.values())
            full = moving >= most_moving()
            # One at a time: what was opened obeys first, or it would be taken for resting and closed.
            if (run := self._next_waiting(full)) is not None:
                self._open(run)
                last_work = now
            if now - last_beat >= BEAT_SECONDS:
                last_beat = now
                with suppress_waitable():
                    if not self.root.is_dir() or not self.registry.beat(self.device, self.token):
                        return  # the folder is gone, or the place was given to another
            for session in self.sessions.values():
                session.held = full
                session.share(moving)
            worked = [self._turn(run) for run in list(self.sessions)]
            if any(worked) or any(session.running for session in self.sessions.values()):
                last_work = time.monotonic()
            if not any(worked):
                if not self.waiting and time.monotonic() - last_work > self.idle:
                    with suppress_waitable():
                        if self.registry.retire(self.device, self.token):
                            return
                time.sleep(self._nap())

    def _next_waiting(self, full: bool) -> str | None:
        """Which run is opened next: those at whose opening a worker died come last; none that moves while it is full.

        Runs that were only told something (a setting, their end) are opened in any case.
        """
        for run in sorted(self.waiting, key=lambda run: self._deaths.get(run, 0)):
            if full and run not in self.sessions and self._wants_to_move(run):
                if run not in self._queued:
                    self._queued.add(run)
                    problem = RunError("run_queued", limit=most_moving())
                    write_notice(RunFolder(self.root / run), {"code": problem.code, "details": problem.details})
                continue
            self.waiting.remove(run)
            self._queued.discard(run)
            return run
        return None

    def _wants_to_move(self, run: str) -> bool:
        folder = RunFolder(self.root / run)
        try:
            with reading(folder.database) as connection:
                return read_status(folder, connection, 0).state in ("waiting", "running")
        except InputError:
            return False

    def _nap(self) -> float:
        """Seconds until there may be something to do: a limited speed is kept to the millisecond."""
        due = [one.next_step_at - time.monotonic() for one in self.sessions.values() if one.running]
        return max(0.0005, min([NAP_SECONDS, *due]))

    # ---- one run ------------------------------------------------------------------------------------------

    def _open_interrupted(self) -> None:
        """Go on with runs whose worker was killed."""
        for path in sorted(self.root.iterdir()):
            folder = RunFolder(path)
            if not is_id(path.name) or not folder.exists:
                continue
            try:
                with reading(folder.database) as connection:
                    status = read_status(folder, connection, 0)
                if status.state == "waiting":
                    self.waiting.append(path.name)
            except InputError:
                continue  # whoever looks at the run is told

    def _open(self, run: str) -> None:
        folder = RunFolder(self.root / run)
        if run in self.sessions:
            self.sessions[run].journal.look_again()
            return
        if not is_id(run) or not folder.exists:
            return
        self._make_room()
        try:
            asked = asked_device(folder)
            device, problem = resolve(asked)
            if device != self.device:
                self.registry.request(device, run)
                return
            if self.registry.opening(run) > MOST_DEATHS:
                fail_unopened(folder, RunError("run_killed", times=MOST_DEATHS))
                self._forget_opening(run)
                return
            try:
                session = Session.open(folder, device=device, threads=default_threads())
            except Exception:
                self._forget_opening(run)
                raise
        except InputError as error:
            print(f"{run}: {error}", file=sys.stderr, flush=True)
            return
        except Exception as error:
            traceback.print_exception(error)
            return
        self.sessions[run] = session
        self._fresh.add(run)
        if problem is not None:
            step = session.trainer.step_number
            session.journal.event(step, problem.code, problem.details, key=f"{problem.code} {asked}")

    def _make_room(self) -> None:
        resting = [run for run, session in self.sessions.items() if not session.running]
        for run in resting[: max(0, len(resting) - MOST_OPEN + 1)]:
            self._close(run)

    def _turn(self, run: str) -> bool:
        session = self.sessions[run]
        if session.folder_gone:
            self._drop(run)
            return False
        try:
            # Its first turn is as short as it can be: a death after it is no death at the opening.
            worked = session.work(0.0 if run in self._fresh else SLICE_SECONDS)
        except Exception as error:
            print(f"{run}: {error}", file=sys.stderr, flush=True)
            if not isinstance(error, RunError):
                traceback.print_exception(error)
            self._drop(run)
            return False
        if run in self._fresh:
            self._forget_opening(run)
        if session.closing:
            self._close(run)
            if session.deleting:
                to_trash(self.root, run)
            elif session.state.get("asked_device"):
                self._move(run)
        return worked

    def _move(self, run: str) -> None:
        """Hand a run to the worker of the device that it shall go on on."""
        folder = RunFolder(self.root / run)
        device, _ = resolve(asked_device(folder))
        with reading(folder.database) as connection:
            wanted = read_status(folder, connection, 0).state == "waiting"
        if wanted:
            self.registry.request(device, run)

    def _forget_opening(self, run: str) -> None:
        self._fresh.discard(run)
        with suppress_waitable():
            self.registry.opened(run)

    def _close(self, run: str) -> None:
        if run in self._fresh:
            self._forget_opening(run)
        session = self.sessions.pop(run)
        try:
            session.close()
        except (InputError, OSError) as error:
            print(f"{run}: {error}", file=sys.stderr, flush=True)

    def _drop(self, run: str) -> None:
        """Let go of a run without writing: it is somebody else's, or gone."""
        self._forget_opening(run)
        self.sessions.pop(run).journal.connection.close()


def main(argv: Sequence[str] | None = None) -> int:
    """The command line of a worker."""
    parser = argparse.ArgumentParser(prog="python -m attnviz.runs.work.worker")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--token")
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, help="seconds without work after which it ends")
    arguments = parser.parse_args(argv)
    worker = Worker(arguments.root, arguments.device, idle=arguments.idle, token=arguments.token)

    def end(number: int, frame: FrameType | None) -> None:
        worker.ending = True

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
    return 0 if worker.serve() else 1


if __name__ == "__main__":
    sys.exit(main())
