"""The worker process: starts by itself, may be killed at any moment, takes turns, ends when idle."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import tell, tiny_config, train

from attnviz.errors import RunError
from attnviz.runs import Library, Run, trash
from attnviz.runs import run as run_module
from attnviz.runs.contents import load_state
from attnviz.runs.folder import RunFolder
from attnviz.runs.process import Identity, host, myself, start_time
from attnviz.runs.registry import Registry
from attnviz.runs.work.recorder import StepRecorder
from attnviz.runs.work.worker import Worker

PATIENCE = 120.0
KILLS = 20
forks = pytest.mark.skipif(sys.platform != "linux", reason="a forked child shares the loaded torch only on Linux")


def wait(what: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < until, "nothing happened"
        time.sleep(0.005)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A folder whose workers are gone when the test is."""
    library = Library(tmp_path / "runs")
    yield library
    for worker in Registry(library.root).alive().values():
        if worker.identity != myself():
            os.kill(worker.identity.pid, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
            wait(lambda: not worker.identity.alive)  # noqa: B023  # called in this turn only


def serve(root: Path, idle: float) -> None:
    Worker(root, "cpu", idle=idle).serve()


def forked(library: Library, idle: float = 60.0) -> multiprocessing.process.BaseProcess:
    """A worker that need not load torch first."""
    child = multiprocessing.get_context("fork").Process(target=serve, args=(library.root, idle), daemon=True)
    child.start()
    return child


@forks
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_killed_at_twenty_random_moments_nothing_recorded_is_lost_and_the_result_is_the_same(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StepRecorder, "look", lambda self: None)  # samples have their own test
    monkeypatch.setattr("attnviz.runs.work.recorder.SNAPSHOT_SECONDS", 0.05)
    monkeypatch.setattr("attnviz.runs.work.worker.MOST_DEATHS", KILLS)  # giving up has its own test
    shape = {"d_model": 6, "n_heads": 2, "d_ff": 5, "n_encoder_layers": 0, "n_decoder_layers": 1, "dropout": 0.2}
    config = tiny_config(train={"steps": 160, "eval_every": 0}, shape=shape)
    whole = Library(tmp_path / "whole").create(config)
    tell(whole, "play")
    train(whole)

    run = library.create(config)
    tell(run, "play")
    generator = random.Random(7)
    recorded: dict[int, float] = {}
    kills = 0
    while run.status().state != "finished":
        child = forked(library)
        if kills < KILLS:
            # The kill comes after so many recorded steps, and then at any moment of a step or of a snapshot.
            least = len(recorded) + generator.choice([0, 0, 1, 3, 7])
            wait(lambda: run.status().worker_alive or not child.is_alive())  # noqa: B023  # called in this turn only
            wait(lambda: len(run.metrics()["step"]) >= min(least, 150) or not child.is_alive())  # noqa: B023
            time.sleep(generator.random() * 0.02)
            os.kill(child.pid or 0, signal.SIGKILL)
            kills += 1
        else:
            wait(lambda: run.status().state == "finished")
            os.kill(child.pid or 0, signal.SIGTERM)
        child.join(PATIENCE)
        found = run.metrics()
        now = dict(zip(found["step"].tolist(), found["loss"].tolist(), strict=True))
        assert all(now[step] == loss for step, loss in recorded.items())
        recorded = now
    assert kills == KILLS
    a, b = whole.metrics(), run.metrics()
    assert b["step"].tolist() == list(range(1, 161))
    for name in ("loss", "grad_norm", "learning_rate", "token_accuracy", "validation_loss"):
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)
    mine, theirs = (load_state(one.folder, 160).model for one in (whole, run))
    assert all(torch.equal(value, theirs[name]) for name, value in mine.items())
    assert not [event for event in run.events() if event.kind == "remade_differently"]


def test_a_command_starts_a_worker_that_goes_on_after_a_kill_and_can_be_told_more(library: Library) -> None:
    run = library.create(tiny_config(train={"steps": 100_000, "eval_every": 0}))
    assert run.status().state == "paused"
    run.send("play")
    assert run.status().state in ("waiting", "running")
    wait(lambda: run.status().step > 3)
    worker = Registry(library.root).worker("cpu")
    assert worker is not None
    assert run.status().device == "cpu"
    os.kill(worker.identity.pid, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
    wait(lambda: not worker.identity.alive)
    before = run.metrics()["loss"]
    assert run.status().state == "waiting"
    library.wake()  # what an app does when it starts, and now and then
    library.wake()
    wait(lambda: run.status().step > len(before) + 3)
    assert Registry(library.root).worker("cpu") != worker
    np.testing.assert_array_equal(run.metrics()["loss"][: len(before)], before)
    run.send("pause")
    wait(lambda: run.status().state == "paused")
    paused = run.status().step
    run.send("step", n=2)
    wait(lambda: run.status().step == paused + 2 and run.status().state == "paused")
    assert run.kept_steps()[-1] == paused + 2
    run.send("phase")
    wait(lambda: run.status().phase == "batch")
    run.send("set", learning_rate=0.5)
    wait(lambda: bool([event for event in run.events() if event.kind == "set"]))
    run.send("delete")
    wait(lambda: not run.folder.exists)
    assert [one.id for one in library.trashed()] == [run.id]
    library.restore(run.id)
    assert run.status().step >= paused + 2


def test_what_a_worker_deletes_before_it_is_woken_is_deleted(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    device = run_module.asked_device

    def after_all_is_gone(folder: RunFolder) -> str:
        trash.to_trash(library.root, folder.path.name)
        return device(folder)

    monkeypatch.setattr(run_module, "asked_device", after_all_is_gone)
    run = library.create(tiny_config())
    run.send("delete")
    assert [one.id for one in library.trashed()] == [run.id]
    library.restore(run.id)
    with pytest.raises(RunError, match="There is no run"):
        run.send("pause")  # nobody will do that


# ---- in this process ------------------------------------------------------------------------------------------


def in_turns(library: Library, runs: list[Run], idle: float = 0.0) -> Worker:
    worker = Worker(library.root, "cpu", idle=idle)
    for run in runs:
        tell(run, "play")
        with Registry(library.root)._open() as connection:
            connection.execute("INSERT OR IGNORE INTO requests (device, run) VALUES ('cpu', ?)", (run.id,))
    return worker


def test_runs_take_turns_and_the_worker_ends_when_idle(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StepRecorder, "look", lambda self: None)
    monkeypatch.setattr("attnviz.runs.work.worker.SLICE_SECONDS", 0.0)
    monkeypatch.setattr("attnviz.runs.work.worker.POLL_SECONDS", 0.0)
    runs = [library.create(tiny_config()) for _ in range(3)]
    worker = in_turns(library, runs)
    order: list[str] = []
    turn = Worker._turn

    def noted(self: Worker, run: str) -> bool:
        before = self.sessions[run].trainer.step_number
        session = self.sessions[run]
        worked = turn(self, run)
        order.extend([run] * (session.trainer.step_number - before))
        return worked

    monkeypatch.setattr(Worker, "_turn", noted)
    assert worker.serve()
    assert {run.status().state for run in runs} == {"finished"}
    assert len(order) == 3 * 23
    for run in runs:  # nobody is ever more than a step ahead
        others = [order[: i + 1].count(run.id) for i, one in enumerate(order) if one == run.id]
        assert others == list(range(1, 24))
    counts = {run.id: 0 for run in runs}
    for one in order:
        counts[one] += 1
        assert max(counts.values()) - min(counts.values()) <= 1 + len(runs)  # they are opened one after the other
    assert Registry(library.root).worker("cpu") is None


def test_a_second_worker_of_a_device_lets_the_first_one_work(library: Library) -> None:
    library.root.mkdir(parents=True)
    registry = Registry(library.root)
    assert registry.register("cpu", "first")
    assert not registry.register("cpu", "second")
    assert not Worker(library.root, "cpu", idle=0.0).serve()
    assert registry.register("mps", "third")
    assert registry.retire("cpu", "first")
    assert registry.register("cpu", "second")
    registry.retire("cpu", "second", even_if_asked=True)
    registry.retire("mps", "third", even_if_asked=True)


def test_a_worker_does_not_end_while_something_is_asked_for(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library.root.mkdir(parents=True)
    registry = Registry(library.root)
    assert registry.register("cpu", "t")
    monkeypatch.setattr(Registry, "_start", lambda self, connection, device: pytest.fail("one is alive"))
    registry.request("cpu", "some-run")
    assert not registry.retire("cpu", "t")
    assert registry.requests("cpu") == ["some-run"]
    assert registry.requests("cpu") == []
    assert registry.retire("cpu", "t")
    started: list[str] = []
    monkeypatch.setattr(Registry, "_start", lambda self, connection, device: started.append(device))
    registry.request("cpu", "some-run")
    assert started == ["cpu"]


def test_a_process_is_known_by_its_number_and_its_beginning() -> None:
    me = myself()
    assert me.alive
    assert start_time(me.pid) == me.started
    assert not Identity(me.pid, "another time", host()).alive
    assert not Identity(me.pid, me.started, "another machine").alive
    assert start_time(-1) is None
    assert start_time(2**22 + 1) is None


def test_speed_can_be_limited_and_given_free(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    from attnviz.runs.work.session import Session

    now = [1000.0]
    monkeypatch.setattr("attnviz.runs.work.session.time.monotonic", lambda: now[0])
    run = library.create(tiny_config())
    tell(run, "speed", steps_per_second=10)
    tell(run, "play")
    session = Session.open(run.folder)
    for tick in range(101):
        now[0] = 1000.0 + tick / 100
        session.work(0.0)
    assert 10 <= session.trainer.step_number <= 11
    tell(run, "speed", steps_per_second=None)
    session.work(0.0)
    session.work(0.0)
    assert session.trainer.step_number >= 12
    session.close()
