"""One run must not stop the others: runs that kill, crowds, full disks, damaged folders, two who do the same."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from tiny_runs import tell, tiny_config, train, trained

from attnviz.runs import Library, Run, RunError
from attnviz.runs.feed import Feed
from attnviz.runs.folder import RunFolder
from attnviz.runs.registry import Registry
from attnviz.runs.work.claim import claim
from attnviz.runs.work.recorder import StepRecorder
from attnviz.runs.work.session import Session
from attnviz.runs.work.worker import MOST_DEATHS, Worker
from attnviz.ui.runs.console import numbers
from attnviz.ui.text import words

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StepRecorder, "look", lambda self: None)
    monkeypatch.setattr("attnviz.runs.work.worker.POLL_SECONDS", 0.0)


class Killed(BaseException):
    """What ends a process without a word."""


def test_a_run_that_kills_its_worker_comes_last_and_fails_after_three_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library(tmp_path)
    large, *others = (library.create(tiny_config(name)) for name in ("a-large", "b", "c"))
    for run in (large, *others):
        tell(run, "play")
    opened: list[str] = []
    really = Session.open

    def open_one(folder: RunFolder, **options: Any) -> Session:
        opened.append(folder.path.name)
        if folder.path.name == large.id:
            raise Killed
        return really(folder, **options)

    monkeypatch.setattr(Session, "open", open_one)
    for _ in range(MOST_DEATHS):
        with pytest.raises(Killed):
            Worker(tmp_path, "cpu", idle=0.0).serve()
    assert opened[0] == large.id
    assert opened[1:3] == [run.id for run in others]  # from the second worker on
    assert Worker(tmp_path, "cpu", idle=0.0).serve()
    assert opened.count(large.id) == MOST_DEATHS
    assert [run.status().state for run in others] == ["finished", "finished"]
    status = large.status()
    assert status.state == "failed"
    assert status.error is not None
    assert status.error.code == "run_killed"
    assert status.pending == 0
    monkeypatch.setattr(Session, "open", really)
    tell(large, "play")
    assert Worker(tmp_path, "cpu", idle=0.0).serve()
    assert large.status().state == "finished"
    assert Registry(tmp_path).openings() == {}


def test_a_crowd_takes_turns_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNVIZ_RUNS_AT_ONCE", "2")
    monkeypatch.setattr("attnviz.runs.work.worker.SLICE_SECONDS", 0.0)
    library = Library(tmp_path)
    runs = [library.create(tiny_config(f"r{number}")) for number in range(5)]
    for run in runs:
        tell(run, "play")
    most, said, shared = 0, set(), set()
    turn = Worker._turn

    def watched(self: Worker, name: str) -> bool:
        nonlocal most
        most = max(most, sum(session.running for session in self.sessions.values()))
        shared.update(session.state["turns"] for session in self.sessions.values())
        said.update(error.code for run in runs if (error := run.status().error) is not None)
        return turn(self, name)

    monkeypatch.setattr(Worker, "_turn", watched)
    assert Worker(tmp_path, "cpu", idle=0.0).serve()
    assert most == 2
    assert said == {"run_queued"}
    assert shared <= {1, 2}
    assert 2 in shared
    assert [run.status().state for run in runs] == ["finished"] * 5
    assert [run.status().error for run in runs] == [None] * 5


def test_who_shares_a_device_is_told_and_its_speed_is_what_is_left(tmp_path: Path) -> None:
    run = Library(tmp_path).create(tiny_config())
    tell(run, "play")
    session = Session.open(run.folder)
    try:
        while session.trainer.step_number < 7:
            session.work(0.0)
        session.settle(now=True)
        alone = run.status()
        session.share(3)
        session.settle(now=True)
        shared = run.status()
        assert (alone.turns, shared.turns) == (1, 3)
        assert shared.steps_per_second == pytest.approx(alone.steps_per_second / 3)  # type: ignore[operator]
        assert shared.seconds_left == pytest.approx(alone.seconds_left * 3)  # type: ignore[operator]
        for language in ("zh", "en"):
            t = words("runs", language)
            assert t("turns_help", count=3) in numbers(t, Feed(run).view())
            assert t("turns_help", count=1) not in numbers(t, Feed(run).view())
        tell(run, "pause")
        session.work(0.0)
        session.settle(now=True)
        assert run.status().turns == 1
    finally:
        session.close()


def test_a_run_that_is_held_hears_everything_but_what_sets_it_going(tmp_path: Path) -> None:
    run = Library(tmp_path).create(tiny_config())
    session = Session.open(run.folder)
    try:
        session.held = True
        tell(run, "set", learning_rate=0.005)
        tell(run, "play")
        session.work(0.0)
        assert session.trainer.config.learning_rate == 0.005
        assert not session.running
        assert run.status().error is not None
        session.held = False
        session.work(0.0)
        assert session.running
        assert run.status().error is None
    finally:
        session.close()


def test_more_threads_than_cores_are_not_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    run = Library(tmp_path).create(tiny_config(threads=256))
    claimed = claim(run.folder)
    claimed.journal.close()
    assert claimed.threads == 2
    assert [event.details for event in run.events() if event.kind == "threads_fewer"] == [{"asked": 256, "threads": 2}]


def test_a_worker_lives_through_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Library(tmp_path).create(tiny_config())
    tell(run, "play")
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorname = "SQLITE_FULL"  # type: ignore[attr-defined]
    refused: list[str] = []

    def full(self: Registry, *arguments: Any, **options: Any) -> Any:
        refused.append("beat")
        raise RunError("disk_full", path=str(self.root)) from error

    monkeypatch.setattr(Registry, "beat", full)
    monkeypatch.setattr("attnviz.runs.work.worker.BEAT_SECONDS", 0.0)
    assert Worker(tmp_path, "cpu", idle=0.0).serve()
    assert refused
    assert run.status().state == "finished"


def test_training_waits_while_the_disk_has_hardly_any_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Library(tmp_path).create(tiny_config())
    session = Session.open(run.folder)
    try:
        tell(run, "play")
        with monkeypatch.context() as patch:
            patch.setattr("shutil.disk_usage", lambda path: Usage(10**9, 10**9 - 5 * 2**20, 5 * 2**20))
            for _ in range(9):
                session.work(0.0)
            status = run.status()
            assert status.error is not None
            assert status.error.code == "disk_reserve"
            assert session.trainer.step_number < 9
        monkeypatch.setattr("attnviz.runs.work.writer.RETRY_SECONDS", 0.0)
        while session.work(0.0) and not session.closing:
            pass
    finally:
        session.close()
    assert run.status().state == "finished"
    assert run.status().error is None


def test_what_stood_in_the_way_is_forgotten_when_the_run_is_taken_again(tmp_path: Path) -> None:
    run = Library(tmp_path).create(tiny_config())
    session = Session.open(run.folder)
    session.journal.notice(RunError("disk_full", path="somewhere"))
    session.close()
    assert run.status().error is not None
    Session.open(run.folder).close()
    assert run.status().error is None


def test_a_run_that_could_not_be_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path) -> Any:
        raise RunError("disk_full", path=str(path))

    monkeypatch.setattr("attnviz.runs.database.changing", full)
    with pytest.raises(RunError):
        Library(tmp_path).create(tiny_config())
    assert list(tmp_path.iterdir()) == []


def spoil(run: Run, how: str) -> None:
    match how:
        case "meta":
            with sqlite3.connect(run.folder.database) as connection:
                connection.execute("INSERT OR REPLACE INTO meta VALUES ('state', '{')")
        case "owner":
            with sqlite3.connect(run.folder.database) as connection:
                connection.execute("INSERT OR REPLACE INTO meta VALUES ('owner', '[1]')")
        case "config":
            run.folder.config.write_bytes(b"")
        case "no config":
            run.folder.config.unlink()
        case "noise":
            run.folder.database.write_bytes(os.urandom(5000))
        case "corrupt":
            content = bytearray(run.folder.database.read_bytes())
            content[4096:] = os.urandom(len(content) - 4096)
            run.folder.database.write_bytes(bytes(content))


DAMAGE = ("meta", "owner", "config", "no config", "noise", "corrupt")


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_run_can_be_deleted_and_brought_back(tmp_path: Path, how: str) -> None:
    library = Library(tmp_path)
    good, bad = library.create(tiny_config("good")), library.create(tiny_config("bad"))
    spoil(bad, how)
    found = {one.id: one.error for one in library.list()}
    assert found[good.id] is None
    assert found[bad.id] is not None
    if found[bad.id].code == "run_damaged":  # a file of it is named, not its folder
        assert found[bad.id].details["file"] in (bad.folder.config.name, bad.folder.database.name)
    assert found[bad.id].code != "run_unknown"
    library.delete(bad.id)
    assert [one.id for one in library.list()] == [good.id]
    library.restore(bad.id)
    assert {one.id for one in library.list()} == {good.id, bad.id}


@pytest.mark.parametrize("how", [how for how in DAMAGE if how != "no config"])
def test_a_damaged_run_is_refused_with_a_sentence_and_the_others_go_on(
    tmp_path: Path, how: str, capfd: pytest.CaptureFixture[str]
) -> None:
    library = Library(tmp_path)
    bad, good = library.create(tiny_config("a-bad")), library.create(tiny_config("good"))
    for run in (bad, good):
        tell(run, "play")
    spoil(bad, how)
    worker = Worker(tmp_path, "cpu", idle=0.0)
    worker.waiting = [bad.id]
    assert worker.serve()
    assert good.status().state == "finished"
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    "state",
    ["[3]", "7", "null", '{"state": "running", "turns": []}', '{"error": 7}', '{"state": [1]}', '{"steps": "a"}'],
)
def test_values_of_another_kind_are_said_without_pythons_words(tmp_path: Path, state: str) -> None:
    run = Library(tmp_path).create(tiny_config())
    connection = sqlite3.connect(run.folder.database)
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('state', ?)", (state,))
    connection.commit()
    connection.close()
    (one,) = Library(tmp_path).list()
    assert one.error is not None
    assert one.error.details["problem"]["code"] == "reason_other_kind"
    assert one.status is None


def test_whatever_fails_in_a_summary_is_a_damaged_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = (trained(tmp_path, name=name) for name in ("good", "bad"))
    with sqlite3.connect(bad.folder.database) as connection:
        connection.execute("UPDATE metrics SET tokens_per_second = 1e-308")
    status = bad.status()
    assert status.seconds_left is None
    assert status.steps_per_second is None

    really = Run.status

    def broken(self: Run) -> Any:
        if self.id == bad.id:
            raise ZeroDivisionError("division by zero")
        return really(self)

    monkeypatch.setattr(Run, "status", broken)
    found = {one.id: one.error and one.error.code for one in Library(tmp_path).list()}
    assert found == {good.id: None, bad.id: "run_damaged"}


def test_two_who_restart_the_same_run_make_one(tmp_path: Path) -> None:
    library = Library(tmp_path)
    run = library.create(tiny_config())
    ready = threading.Barrier(2)
    made: list[str] = []
    refused: list[str] = []

    def restart() -> None:
        ready.wait()
        try:
            made.append(library.restart(run.id).id)
        except RunError as error:
            refused.append(error.code)

    both = [threading.Thread(target=restart) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(made) == 1
    assert refused in (["run_restarting"], ["run_unknown"])
    assert [one.id for one in library.list()] == made
    assert not (tmp_path / made[0] / "restarting").exists()


def test_a_failure_answers_what_the_run_was_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Library(tmp_path).create(tiny_config())
    session = Session.open(run.folder)
    tell(run, "play")
    session.work(0.0)
    tell(run, "step", n=2)
    tell(run, "delete")
    session._fail(RuntimeError("the machine is tired"))
    session.close()
    assert session.deleting
    with sqlite3.connect(run.folder.database) as connection:
        assert connection.execute("SELECT outcome FROM commands WHERE outcome IS NULL").fetchall() == []
    assert run.status().state == "failed"
    assert json.loads(run.folder.notice.read_text(encoding="utf-8").strip()) == {}
    train(run)
