"""What goes wrong with folders, disks, clocks and devices: a clear message, and nothing is lost."""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_runs import tell, tiny_config, train, trained

from attnviz.runs import Library, Run, RunError
from attnviz.runs.devices import available, default_threads, resolve
from attnviz.runs.errors import from_sqlite, from_system
from attnviz.runs.work.pulse import ClockWatch
from attnviz.runs.work.recorder import StepRecorder
from attnviz.runs.work.session import Session
from attnviz.runs.work.worker import Worker
from attnviz.training import Trainer, TrainingState


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StepRecorder, "look", lambda self: None)


def in_the_middle(root: Path) -> tuple[Run, Run, Session]:
    """A finished run, and one like it that is at its ninth step."""
    whole = trained(root / "whole")
    run = Library(root).create(whole.config)
    tell(run, "play")
    session = Session.open(run.folder)
    while session.trainer.step_number < 9:
        session.work(0.0)
    return whole, run, session


# ---- disks and folders ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["snapshot", "rows"])
def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    whole, run, session = in_the_middle(tmp_path)
    with monkeypatch.context() as full:
        fill(full, where)
        for _ in range(40):
            session.work(0.0)
        assert session.trainer.step_number < 23
        status = run.status()
        assert status.error is not None
        assert status.error.code == "disk_full"
        assert "full" in str(status.error)
        before = run.metrics()["step"].tolist()
        assert before == list(range(1, len(before) + 1))
    later = time.monotonic() + 10
    monkeypatch.setattr("attnviz.runs.work.session.time.monotonic", lambda: later)
    while session.work(0.0) and not session.closing:
        pass
    session.close()
    assert run.status().error is None
    assert run.status().state == "finished"
    assert "went_on" in {event.kind for event in run.events()}
    np.testing.assert_array_equal(run.metrics()["loss"], whole.metrics()["loss"])


def fill(patch: pytest.MonkeyPatch, where: str) -> None:
    if where == "snapshot":

        def no_room(self: TrainingState, path: Path) -> None:
            path.with_name(path.name + ".part").write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")

        patch.setattr(TrainingState, "save", no_room)
    else:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorname = "SQLITE_FULL"  # type: ignore[attr-defined]

        def no_rows(*arguments: Any) -> None:
            raise error

        patch.setattr("attnviz.runs.work.journal.Journal._write_row", no_rows)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(RunError) as caught:
        Library(tmp_path / "file" / "runs").create(tiny_config())
    assert caught.value.code == "run_folder"

    def refuse(self: Path, *arguments: Any, **options: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", refuse)
        with pytest.raises(RunError) as caught:
            Library(tmp_path / "runs").create(tiny_config())
    assert caught.value.code == "run_read_only"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_run_can_be_looked_at_and_commands_are_refused(tmp_path: Path) -> None:
    run = trained(tmp_path)
    for path in (run.folder.database, run.folder.path):
        path.chmod(0o555)
    try:
        assert run.status().step == 23
        with pytest.raises(RunError) as caught:
            tell(run, "play")
        assert caught.value.code == "run_read_only"
    finally:
        run.folder.path.chmod(0o755)


def test_a_run_on_a_medium_without_a_log_beside_it_can_be_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What SQLite says on a read-only medium, where it cannot make the files of its log."""
    run = trained(tmp_path)
    real = sqlite3.connect

    def connect(address: Any, *arguments: Any, **options: Any) -> sqlite3.Connection:
        if "mode=ro" in str(address):
            raise sqlite3.OperationalError("unable to open database file")
        return real(address, *arguments, **options)

    for name in ("-wal", "-shm"):
        run.folder.database.with_name(run.folder.database.name + name).unlink(missing_ok=True)
    monkeypatch.setattr("attnviz.runs.database.sqlite3.connect", connect)
    assert run.metrics()["step"].tolist() == list(range(1, 24))


def test_system_errors_become_sentences(tmp_path: Path) -> None:
    for number, code in ((errno.ENOSPC, "disk_full"), (errno.EROFS, "run_read_only"), (errno.EIO, "run_folder")):
        assert from_system(OSError(number, "x"), tmp_path).code == code
    for name, code in (
        ("SQLITE_FULL", "disk_full"),
        ("SQLITE_READONLY_DIRECTORY", "run_read_only"),
        ("SQLITE_BUSY", "run_locked"),
        ("SQLITE_IOERR_WRITE", "run_folder"),
        ("SQLITE_CORRUPT", "run_damaged"),
    ):
        error = sqlite3.OperationalError("x")
        error.sqlite_errorname = name  # type: ignore[attr-defined]
        assert from_sqlite(error, tmp_path).code == code


def test_two_apps_on_one_folder(tmp_path: Path) -> None:
    """Both create, command and delete at once: every command arrives, no two runs share a folder."""
    libraries = [Library(tmp_path), Library(tmp_path)]
    made: list[Run] = []
    common = libraries[0].create(tiny_config("common"))

    def act(library: Library) -> None:
        for _ in range(5):
            made.append(library.create(tiny_config("same")))
            library.open(common.id).rename("renamed")
            with_command(library.open(common.id))

    threads = [threading.Thread(target=act, args=(library,)) for library in libraries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({run.id for run in made}) == 10
    assert common.status().pending == 10
    libraries[0].delete(common.id)
    with pytest.raises(RunError, match="no run"):
        libraries[1].open(common.id)


def with_command(run: Run) -> None:
    from attnviz.runs import database

    with database.changing(run.folder.database) as connection:
        connection.execute("INSERT INTO commands (kind, arguments) VALUES ('pause', '{}')")


# ---- clocks and devices ---------------------------------------------------------------------------------------


def test_a_clock_that_is_moved_is_said_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trained(tmp_path / "whole")
    run = Library(tmp_path).create(whole.config)
    tell(run, "play")
    session = Session.open(run.folder)
    real, offset = time.time, [0.0]
    monkeypatch.setattr("attnviz.runs.work.pulse.BEAT_SECONDS", 0.0)
    monkeypatch.setattr("time.time", lambda: real() + offset[0])
    for step in range(1, 30):
        offset[0] = {8: -86_400.0, 16: 86_400.0 * 365}.get(step, offset[0])
        session.work(0.0)
    session.close()
    np.testing.assert_array_equal(run.metrics()["loss"], whole.metrics()["loss"])
    assert (np.diff(run.metrics()["seconds"]) > 0).all()
    moved = [event.details["seconds"] for event in run.events() if event.kind == "clock_moved"]
    assert [round(seconds / 86_400) for seconds in moved] == [-1, 366]
    assert ClockWatch().moved() == 0.0


def test_a_device_that_is_absent_is_said_and_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attnviz.runs.devices.available", lambda: ("cpu",))
    assert resolve("auto") == ("cpu", None)
    device, problem = resolve("cuda:3")
    assert device == "cpu"
    assert str(problem) == "There is no device cuda:3 here; the run is trained on cpu."
    assert available()[-1] == "cpu"
    assert default_threads() >= 1
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    monkeypatch.setenv("ATTNVIZ_THREADS", "3")
    assert default_threads() == 3
    monkeypatch.setenv("ATTNVIZ_THREADS", "256")
    assert default_threads() == 3
    run = Library(tmp_path).create(tiny_config(device="cuda:3"))
    tell(run, "play")
    worker = Worker(tmp_path, "cpu", idle=0.0)
    worker._open(run.id)
    worker.serve()
    assert run.status().state == "finished"
    assert next(event.kind for event in run.events()) == "device_absent"


def test_a_full_gpu_is_said_and_the_run_goes_on_on_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, run, session = in_the_middle(tmp_path)
    session.trainer.device = torch.device("cuda:0")  # as if it were: what follows is the same

    def full(self: Trainer) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "step", full)
        session.work(0.0)
    assert session.closing
    session.close()
    event = next(event for event in run.events() if event.kind == "device_full")
    assert (event.details["asked"], event.details["device"]) == ("cuda:0", "cpu")
    assert run.status().state == "waiting"  # for a worker of the other device
    train(run)
    np.testing.assert_array_equal(run.metrics()["loss"], whole.metrics()["loss"])
