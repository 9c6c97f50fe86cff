"""Kept steps are small, and nothing is lost by it: forks and resumed runs have the numbers that they would have had."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import torch
from tiny_runs import tell, tiny_config, train, trained

from attnviz.runs import Library
from attnviz.runs.contents import load_state
from attnviz.runs.memory import with_memory
from attnviz.runs.work import recorder
from attnviz.runs.work.session import Session
from attnviz.training import TrainingState


def whole_steps(run: object) -> list[int]:
    folder = run.folder  # type: ignore[attr-defined]
    return [step for step in run.kept_steps() if TrainingState.is_whole(folder.snapshot(step))]  # type: ignore[attr-defined]


def test_every_step_is_kept_and_few_with_the_optimizers_memory(tmp_path: Path) -> None:
    run = trained(tmp_path, shape={"d_model": 30, "n_heads": 3, "d_ff": 31, "n_encoder_layers": 1})
    assert whole_steps(run) == [0, 23]
    small, large = (run.folder.snapshot(step).stat().st_size for step in (19, 23))
    assert small < 0.45 * large
    run.model_at(19)


def test_a_fork_from_any_kept_step_is_the_parent(tmp_path: Path) -> None:
    run = Library(tmp_path).create(tiny_config(shape={"d_model": 6, "n_heads": 3, "n_encoder_layers": 1}))
    tell(run, "step", n=9)
    train(run)
    tell(run, "set", learning_rate=0.003, dropout=0.3)
    tell(run, "step", n=9)
    train(run)
    tell(run, "set", batch_size=5)
    tell(run, "play")
    train(run)
    expected = run.metrics()["loss"].tolist()
    small = [step for step in run.kept_steps() if step not in whole_steps(run)]
    assert {5, 11, 19} <= set(small)
    for step in (5, 11, 19):
        fork = Library(tmp_path).fork(run.id, step)
        tell(fork, "play")
        train(fork)
        ours, theirs = fork.metrics()["loss"].tolist(), expected
        until = len(ours) if step >= 18 else 9 if step < 9 else 18  # what was set later is the parent's alone
        assert ours[:until] == theirs[:until]


def test_what_is_made_again_is_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "WHOLE_SECONDS", 0.0)
    everything = trained(tmp_path / "a")
    assert whole_steps(everything) == everything.kept_steps()
    monkeypatch.undo()
    small = trained(tmp_path / "b")
    for step in (1, 8, 16):
        wanted = load_state(everything.folder, step)
        found = with_memory(small.folder, load_state(small.folder, step))
        assert found.optimizer.keys() == wanted.optimizer.keys()
        for part in ("model", "optimizer", "random"):
            assert all(torch.equal(getattr(found, part)[k], v) for k, v in getattr(wanted, part).items())


def test_a_killed_run_goes_on_from_before_and_is_the_same(tmp_path: Path) -> None:
    expected = trained(tmp_path / "whole").metrics()["loss"].tolist()
    run = Library(tmp_path / "killed").create(tiny_config())
    tell(run, "play")
    session = Session.open(run.folder)
    while session.trainer.step_number < 17:
        session.work(0.0)
    session.settle(now=True)
    session.journal.connection.close()  # as a kill leaves it
    assert whole_steps(run) == [0]
    with sqlite3.connect(run.folder.database) as connection:
        connection.execute("DELETE FROM meta WHERE key = 'owner'")
    train(run)
    assert run.metrics()["loss"].tolist() == expected
    assert not [event for event in run.events() if event.kind == "remade_differently"]


def test_a_paused_step_is_whole(tmp_path: Path) -> None:
    run = Library(tmp_path).create(tiny_config())
    tell(run, "step", n=8)
    train(run)
    assert 8 in whole_steps(run)


def test_a_fork_of_a_fork_begins_with_the_weights_that_were_kept(tmp_path: Path) -> None:
    run = trained(tmp_path)
    fork = Library(tmp_path).fork(run.id, 16, {"learning_rate": 0.001})
    again = Library(tmp_path).fork(fork.id, 11)  # a step that the first fork took over
    kept, found = load_state(run.folder, 11), load_state(again.folder, 11)
    assert found.whole
    assert found.optimizer
    assert all(torch.equal(found.model[name], value) for name, value in kept.model.items())
    tell(again, "play")
    train(again)
    assert again.status().state == "finished"
    Library(tmp_path).delete(run.id)
    orphan = Library(tmp_path).fork(fork.id, 11)  # its memory is that of the beginning: none
    tell(orphan, "play")
    train(orphan)
    assert orphan.status().state == "finished"


def test_a_run_that_travelled_can_be_forked_as_ever(tmp_path: Path) -> None:
    from attnviz.runs.zip.pack import zipped

    run = trained(tmp_path / "here")
    library = Library(tmp_path / "there")
    came = library.import_zip(zipped(run))
    fork = library.fork(came.id, 13)
    tell(fork, "play")
    train(fork)
    assert fork.metrics()["loss"].tolist() == run.metrics()["loss"].tolist()
