"""The list of runs, and what goes wrong with folders, disks, clocks and devices: a clear message, nothing lost."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_runs import OPTIONS, SHAPE, tell, tiny_config, train, trained

import attnviz
from attnviz.cli.main import main
from attnviz.data import InputError
from attnviz.runs import RUN_SENTENCES, Library, Run, RunConfig, RunError
from attnviz.runs import config as run_config
from attnviz.runs.clock import ClockWatch
from attnviz.runs.commands import COMMANDS
from attnviz.runs.devices import available, default_threads, resolve
from attnviz.runs.errors import from_sqlite, from_system
from attnviz.runs.folder import RunFolder, is_id, slug
from attnviz.runs.recording import Recorder
from attnviz.runs.session import Session
from attnviz.runs.watching import LiveMetrics
from attnviz.runs.worker import Worker
from attnviz.training import Trainer, TrainingState


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recorder, "look", lambda self: None)


# ---- configs and commands -------------------------------------------------------------------------------------


def test_a_config_comes_back_from_json() -> None:
    config = tiny_config("名", probe="abc", start={"checkpoint": "reverse"}, train={"without": ("shift",)})
    assert RunConfig.from_json(config.to_json()) == config
    newer = config.to_json().replace(f'"format_version": {run_config.VERSION}', '"format_version": 99')
    with pytest.raises(RunError) as caught:
        RunConfig.from_json(newer)
    assert caught.value.code == "run_version"


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 200},
        {"task": ""},
        {"shape": {"colour": 1}},
        {"device": "../cpu"},
        {"threads": -1},
        {"own_file": "../x"},
        {"own_file": "a/b"},
        {"train": {"steps": 0}},
        {"train": {"nonsense": 0}},
        {"train": []},
        {"nonsense": 1},
        {"start": "x"},
    ],
)
def test_a_bad_config_is_refused_by_entry(changes: dict[str, Any]) -> None:
    with pytest.raises(RunError):
        RunConfig.from_dict({**tiny_config().to_dict(), **changes})


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("dance", {}),
        ("play", {"n": 1}),
        ("step", {"n": 0}),
        ("step", {"n": True}),
        ("set", {}),
        ("set", {"learning_rate": float("nan")}),
        ("set", {"learning_rate": 11}),
        ("set", {"batch_size": 0}),
        ("set", {"batch_size": 2.5}),
        ("set", {"dropout": 1.0}),
        ("set", {"cross_mask": "nonsense("}),
        ("set", {"colour": 1}),
        ("speed", {"steps_per_second": 0}),
        ("device", {"device": 7}),
    ],
)
def test_a_bad_command_is_refused_before_it_is_written(tmp_path: Path, kind: str, arguments: dict[str, Any]) -> None:
    run = Library(tmp_path).create(tiny_config())
    with pytest.raises(ValueError, match=r"."):
        tell(run, kind, **arguments)
    assert run.status().pending == 0
    assert set(COMMANDS) >= {"play", "pause", "step", "phase", "set", "speed", "stop", "delete"}


def test_ids_lead_nowhere_else(tmp_path: Path) -> None:
    library = Library(tmp_path)
    for name in ("..", "../x", "/etc", "a/b", "a\\b", "", "A", ".trash", "x" * 99, "a\0"):
        assert not is_id(name)
        with pytest.raises(RunError):
            library.open(name)
    assert all(is_id(slug(name)) for name in ("数字", "Numbers → words (zh)", "--x--", "a" * 300, ""))


# ---- the list -------------------------------------------------------------------------------------------------


def test_create_list_rename_delete_restore(tmp_path: Path) -> None:
    library = Library(tmp_path / "runs")
    assert library.list() == ()
    first = library.create(tiny_config("数字"))
    second = library.create(tiny_config("数字"))
    assert first.id != second.id
    library.rename(first.id, "other")
    assert [one.name for one in library.list()] == ["数字", "other"]
    with pytest.raises(RunError):
        library.rename(first.id, " ")
    library.delete(first.id)
    assert [one.id for one in library.list()] == [second.id]
    assert [one.id for one in library.trashed()] == [first.id]
    with pytest.raises(RunError, match="no run"):
        first.status()
    assert library.restore(first.id).name == "other"
    assert len(library.list()) == 2
    library.delete(first.id)
    third = library.create(tiny_config("数字"))
    assert third.id != first.id  # so that the deleted one can come back


def test_restart_begins_anew_and_the_old_run_can_be_had_back(tmp_path: Path) -> None:
    run = trained(tmp_path)
    library = Library(tmp_path)
    again = library.restart(run.id)
    assert (again.status().step, again.name) == (0, "tiny")
    assert [one.id for one in library.trashed()] == [run.id]
    assert library.restore(run.id).status().step == 23


def test_nothing_is_left_of_a_run_that_cannot_be_made(tmp_path: Path) -> None:
    library = Library(tmp_path)
    for config in (
        tiny_config(task="nonsense"),
        tiny_config(task_options={"colour": 1}),
        tiny_config(shape={**SHAPE, "n_heads": 5}),
        tiny_config(start={"checkpoint": "nonsense"}),
        tiny_config(start={"run": "nonsense"}),
        tiny_config(task="user-text", task_options={}),
        tiny_config(own_file="x.txt"),
    ):
        with pytest.raises(ValueError, match=r"."):
            library.create(config)
    with pytest.raises(InputError):
        library.create(tiny_config(task="user-text", task_options={}, own_file="x.txt"), b"too little")
    assert list(tmp_path.iterdir()) == []


def test_a_run_may_begin_from_another_ones_weights_which_may_then_go(tmp_path: Path) -> None:
    library = Library(tmp_path)
    first = trained(tmp_path)
    second = library.create(tiny_config("second", start={"run": first.id, "step": 8}, train={"seed": 5}))
    wanted = first.model_at(8)[0].state_dict()
    library.delete(first.id)
    tell(second, "step", n=1)
    train(second)
    begun = second.model_at(0)[0].state_dict()
    assert all(torch.equal(value, wanted[name]) for name, value in begun.items())


def test_a_run_that_cannot_be_opened_any_more_says_why(tmp_path: Path) -> None:
    rows = "\n".join(f"{word},{word[::-1]}" for word in (f"w{i}x{i * 7}" for i in range(60)))
    config = tiny_config("mine", task="user-pairs", task_options={}, own_file="pairs.csv")
    run = Library(tmp_path).create(config, rows.encode())
    (run.folder.data / "pairs.csv").unlink()
    tell(run, "play")
    with pytest.raises(RunError):
        Session(run.folder)
    status = run.status()
    assert (status.state, status.pending) == ("failed", 0)
    assert status.error is not None
    assert status.error.code == "run_own_file"
    (run.folder.data / "pairs.csv").write_text(rows, encoding="utf-8")
    tell(run, "play")
    train(run)
    assert run.status().state == "finished"


def test_load_takes_a_runs_folder(tmp_path: Path) -> None:
    run = trained(tmp_path)
    model, task = attnviz.load(run.folder.path)
    assert task.info.name == "reverse"
    kept = run.model_at(23)[0].state_dict()
    assert all(torch.equal(value, kept[name]) for name, value in model.state_dict().items())
    assert attnviz.watch(model, "abc").logits.ndim == 3
    with pytest.raises(RunError, match="not kept"):
        attnviz.load(Library(tmp_path).create(tiny_config()).folder.path)


def test_a_damaged_run_is_listed_with_what_is_wrong_and_disturbs_no_other(tmp_path: Path) -> None:
    library = Library(tmp_path)
    good, torn, newer = (library.create(tiny_config(name)) for name in ("good", "torn", "newer"))
    torn.folder.config.write_text("{", encoding="utf-8")
    connection = sqlite3.connect(newer.folder.database)
    connection.execute("PRAGMA user_version=99")
    connection.commit()
    connection.close()
    (tmp_path / "not-a-run").mkdir()
    found = {one.id: one.error and one.error.code for one in library.list()}
    assert found == {good.id: None, torn.id: "run_config", newer.id: "run_version"}
    assert all(str(one.error) for one in library.list())


# ---- disks and folders ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["snapshot", "rows"])
def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    whole = trained(tmp_path / "whole")
    run = Library(tmp_path).create(whole.config)
    tell(run, "play")
    session = Session(run.folder)
    while session.trainer.step_number < 9:
        session.work(0.0)
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
    monkeypatch.setattr("attnviz.runs.session.time.monotonic", lambda: later)
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

        patch.setattr("attnviz.runs.journal.Journal._write_row", no_rows)


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
    assert all(sentence.endswith(".") or "{problem}" in sentence for sentence in RUN_SENTENCES.values())


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
    session = Session(run.folder)
    real, offset = time.time, [0.0]
    monkeypatch.setattr("attnviz.runs.clock.BEAT_SECONDS", 0.0)
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
    monkeypatch.setenv("ATTNVIZ_THREADS", "3")
    assert default_threads() == 3
    run = Library(tmp_path).create(tiny_config(device="cuda:3"))
    tell(run, "play")
    worker = Worker(tmp_path, "cpu", idle=0.0)
    worker._open(run.id)
    worker.serve()
    assert run.status().state == "finished"
    assert next(event.kind for event in run.events()) == "device_absent"


def test_a_full_gpu_is_said_and_the_run_goes_on_on_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trained(tmp_path / "whole")
    run = Library(tmp_path).create(whole.config)
    tell(run, "play")
    session = Session(run.folder)
    while session.trainer.step_number < 9:
        session.work(0.0)
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


# ---- watching -------------------------------------------------------------------------------------------------


def test_readers_see_what_is_new_while_the_run_is_written(tmp_path: Path) -> None:
    run = Library(tmp_path).create(tiny_config())
    live = LiveMetrics(run)
    assert live.refresh()["step"].tolist() == []
    tell(run, "play")
    session = Session(run.folder)
    seen: list[int] = []
    while session.work(0.0) and not session.closing:
        seen.append(len(live.refresh()["step"]))
    session.close()
    assert seen == sorted(seen)
    for name, values in run.metrics().items():
        np.testing.assert_array_equal(live.refresh()[name], values, err_msg=name)


# ---- the command line -----------------------------------------------------------------------------------------


def test_the_command_line_lists_forks_sets_resumes_exports(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    run = trained(tmp_path / "runs")

    def said(*arguments: str) -> str:
        assert main(["runs", *arguments]) == 0
        return capsys.readouterr().out

    assert "finished  23/23" in said()
    fork = said("fork", run.id, "learning_rate=0.02", "without=[]", "--step", "8", "--name", "half").strip()
    assert Library().open(fork).config.train.learning_rate == 0.02
    assert "step 23 of 23" in said("resume", fork)
    said("rename", fork, "zwei")
    assert {one["name"] for one in json.loads(said("list", "--json"))} == {"tiny", "zwei"}
    assert "restore" in said("delete", fork)
    assert fork in said("list", "--deleted")
    said("restore", fork)
    assert said("export", run.id).strip() == f"{run.id}.zip"
    copy = said("import", f"{run.id}.zip", "--name", "copy").strip()
    assert Library().open(copy).status().step == 23
    assert main(["runs", "export", run.id]) == 2
    assert main(["runs", "fork", run.id, "--step", "9"]) == 2
    assert main(["runs", "resume", "nonsense"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_train_writes_a_run_that_can_be_gone_on_with(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shape = ["--d-model", "6", "--heads", "3", "--d-ff", "5", "--decoder-layers", "1", "--encoder-layers", "0"]
    options = [part for name, value in OPTIONS.items() for part in ("--option", f"{name}={value}")]
    command = ["train", "--task", "reverse", *options, *shape, "--device", "cpu", "--out", str(tmp_path / "run")]
    assert main([*command, "--steps", "7", "--batch-size", "11"]) == 0
    run = Run(RunFolder(tmp_path / "run"))
    assert run.metrics()["step"].tolist() == list(range(1, 8))
    assert run.kept_steps() == list(range(8))
    model, _ = attnviz.load(tmp_path / "run")
    kept = run.model_at(7)[0].state_dict()
    assert all(torch.equal(value, kept[name]) for name, value in model.state_dict().items())
    tell(run, "set", steps=9)
    capsys.readouterr()
    assert main(["runs", "resume", str(tmp_path / "run"), "--device", "cpu"]) == 0
    assert run.status().step == 9
    loaded, _ = attnviz.load(tmp_path / "run")  # the checkpoint in the folder is older than the run
    assert not torch.equal(next(loaded.parameters()), next(model.parameters()))


@pytest.mark.skipif(sys.platform == "win32", reason="torch on Windows has no gloo rendezvous without libuv")
def test_torchrun_writes_the_same_folder(tmp_path: Path) -> None:
    shape = ["--d-model", "6", "--heads", "3", "--d-ff", "5", "--decoder-layers", "1", "--encoder-layers", "0"]
    options = [part for name, value in OPTIONS.items() for part in ("--option", f"{name}={value}")]
    train_it = ["-m", "attnviz", "train", "--task", "reverse", *options, *shape, "--device", "cpu", "--threads", "1"]
    train_it += ["--steps", "5", "--batch-size", "12", "--dropout", "0", "--out"]
    together = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "--standalone"]
    assert main([*train_it[2:], str(tmp_path / "alone")]) == 0
    found = subprocess.run(
        [*together, *train_it, str(tmp_path / "together")], capture_output=True, text=True, timeout=200, check=False
    )
    assert found.returncode == 0, found.stderr[-2000:]
    alone, both = (Run(RunFolder(tmp_path / name)) for name in ("alone", "together"))
    assert both.kept_steps() == alone.kept_steps()
    np.testing.assert_allclose(both.metrics()["loss"], alone.metrics()["loss"], atol=1e-6)
    assert both.metrics()["tokens"].tolist() == alone.metrics()["tokens"].tolist()
    assert {path.name for path in both.folder.path.iterdir()} >= {"config.json", "run.sqlite", "model.safetensors"}
