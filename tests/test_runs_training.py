"""A run trained in this process: what is recorded, resumed, set, walked, forked; all of it bit for bit."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_runs import tell, tiny_config, train, trained

from attnviz.runs import Library, Run, RunError
from attnviz.runs.contents import load_state
from attnviz.runs.work.journal import Journal
from attnviz.runs.work.kept_steps import is_kept, per_doubling
from attnviz.runs.work.recorder import StepRecorder
from attnviz.runs.work.session import Session
from attnviz.training.emergence import Emergence, HeadMarker

# Samples and head markers are made at every kept step; only the tests that look at them pay for them.
LOOKING = (
    "test_every_step_is_recorded_once_and_the_kept_ones_can_be_opened",
    "test_a_run_stopped_and_gone_on_with_at_random_moments_is_the_undisturbed_one[0]",
    "test_a_step_at_which_a_head_became_something_is_kept",
)


@pytest.fixture(autouse=True)
def brisk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.name not in LOOKING:
        monkeypatch.setattr(StepRecorder, "look", lambda self: None)


EXACT = ("step", "loss", "token_accuracy", "learning_rate", "grad_norm", "validation_loss", "exact_match")


def last_weights(run: Run) -> dict[str, torch.Tensor]:
    return load_state(run.folder, run.kept_steps()[-1]).model


def assert_same_run(one: Run, other: Run, *, start: int = 0) -> None:
    a, b = one.metrics(since=start), other.metrics(since=start)
    for name in EXACT:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)
    mine, theirs = last_weights(one), last_weights(other)
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(value, theirs[name]) for name, value in mine.items())


def test_every_step_is_recorded_once_and_the_kept_ones_can_be_opened(tmp_path: Path) -> None:
    run = trained(tmp_path, probe="abc")
    found = run.metrics()
    assert found["step"].tolist() == list(range(1, 24))
    assert np.isfinite(found["loss"]).all()
    assert found["step"][np.isfinite(found["validation_loss"])].tolist() == [10, 20, 23]
    assert (np.diff(found["seconds"]) > 0).all()
    assert run.metrics(since=20)["step"].tolist() == [21, 22, 23]
    assert run.kept_steps() == [step for step in range(24) if is_kept(step)]
    model, task = run.model_at(8)
    assert task.info.name == "reverse"
    assert all(torch.equal(value, load_state(run.folder, 8).model[name]) for name, value in model.state_dict().items())
    assert not model.training
    with pytest.raises(RunError, match="not kept"):
        run.model_at(9)
    assert {one.step for one in run.samples()} >= {0, 8, 23}
    assert run.samples()[0].source == "abc"
    status = run.status()
    assert (status.state, status.step, status.steps, status.worker_alive) == ("finished", 23, 23, False)
    assert [event.kind for event in run.events() if event.kind != "head"] == ["finished"]


def test_kept_steps_thin_out_and_large_models_keep_fewer() -> None:
    kept = [step for step in range(2501) if is_kept(step)]
    assert kept[:10] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10]
    assert all(2**power in kept for power in range(12))
    gaps = np.diff([step for step in kept if step >= 16]) / np.array([step for step in kept if step >= 16])[:-1]
    assert (gaps > 0.1).all()
    assert (gaps < 0.3).all()
    assert [per_doubling(size) for size in (1, 2**24, 2**27)] == [4, 2, 1]
    assert [step for step in range(70) if is_kept(step, 1)] == [0, 1, 2, 4, 8, 16, 32, 64]


@pytest.mark.parametrize("seed", range(2))
def test_a_run_stopped_and_gone_on_with_at_random_moments_is_the_undisturbed_one(tmp_path: Path, seed: int) -> None:
    whole = trained(tmp_path / "whole", shape={"d_model": 6, "n_heads": 2, "d_ff": 5, "dropout": 0.3})
    run = Library(tmp_path / "parts").create(whole.config)
    tell(run, "play")
    generator = random.Random(seed)
    done = 0
    while run.status().state != "finished":
        done = min(23, done + generator.randint(1, 9))
        if generator.random() < 0.5:
            train(run, until=done)
        else:
            cut_off(run, done)
    assert_same_run(whole, run)
    assert run.kept_steps() == whole.kept_steps()
    said = [[(one.step, one.source, one.output) for one in each.samples()] for each in (run, whole)]
    assert said[0] == said[1]
    assert bool(said[0]) == (seed == 0)
    heads = [[event.details for event in each.events() if event.kind == "head"] for each in (run, whole)]
    assert heads[0] == heads[1]


def cut_off(run: Run, until: int) -> None:
    """As a kill does it: what is in memory is lost, and nobody cleans up."""
    session = Session.open(run.folder)
    while session.trainer.step_number < until and session.work(0.0):
        pass
    let_go(session)


def test_what_is_set_on_the_way_is_replayed_at_the_same_steps(tmp_path: Path) -> None:
    """Cut off after the settings and before the next snapshot: they must be set again where they were."""
    changes = [(9, {"learning_rate": 0.002}), (9, {"batch_size": 5}), (14, {"dropout": 0.4, "learning_rate": 0.005})]
    whole, parts = (Library(tmp_path / name).create(tiny_config()) for name in ("whole", "parts"))
    for run in (whole, parts):
        for step, change in changes:
            if step > run.status().step:
                tell(run, "step", n=step - run.status().step)
                train(run)
            tell(run, "set", **change)
            session = Session.open(run.folder)
            session.work(0.0)
            (session.close if run is whole else lambda: let_go(session))()  # noqa: B023  # called in this turn only
        tell(run, "play")
        train(run)
    assert_same_run(whole, parts)
    assert len({round(rate, 9) for rate in whole.metrics()["learning_rate"].tolist()}) > 3
    assert [(event.step, dict(event.details)) for event in parts.events() if event.kind == "set"] == changes


def let_go(session: Session) -> None:
    """What a kill does to a session. The process that held it is this one, which lives on, so the claim goes too."""
    session.journal.connection.execute("DELETE FROM meta WHERE key = 'owner'")
    session.journal.connection.close()


def test_a_setting_is_replayed_when_no_snapshot_was_written_after_it(tmp_path: Path) -> None:
    whole, parts = (Library(tmp_path / name).create(tiny_config()) for name in ("whole", "parts"))
    for run in (whole, parts):
        session = Session.open(run.folder)
        tell(run, "play")
        while session.trainer.step_number < 14:  # 13 and 16 are kept: the setting lies between
            session.work(0.0)
        tell(run, "set", learning_rate=0.1)
        session.work(0.0)
        assert session.trainer.step_number == 15
        session.settle(now=True)
        if run is whole:
            while session.running:
                session.work(0.0)
            session.close()
        else:
            let_go(session)
    assert parts.kept_steps()[-1] == 13
    train(parts)
    assert_same_run(whole, parts)


def test_steps_that_are_asked_for_while_others_are_made_are_made_too(tmp_path: Path) -> None:
    run = Library(tmp_path).create(tiny_config())
    tell(run, "step", n=3)
    session = Session.open(run.folder)
    try:
        session.work(0.0)
        assert session.running
        tell(run, "step", n=1)
        tell(run, "step", n=1)
        while session.work(0.0):
            pass
        assert (run.status().state, run.status().step) == ("paused", 5)
        tell(run, "play")
        session.work(0.0)
        tell(run, "step", n=1)  # of a run that goes on and on: one more, and rest
        while session.work(0.0):
            pass
        assert (run.status().state, run.status().step) == ("paused", 7)
    finally:
        session.close()


@pytest.mark.parametrize("step", [0, 8])
def test_a_fork_without_changes_has_the_same_curve(tmp_path: Path, step: int) -> None:
    run = trained(tmp_path, shape={"d_model": 6, "n_heads": 2, "d_ff": 5, "dropout": 0.3})
    fork = Library(tmp_path).fork(run.id, step)
    assert fork.status().state == "paused"
    assert fork.status().step == step
    assert fork.metrics()["step"].tolist() == list(range(1, step + 1))
    assert fork.kept_steps() == [kept for kept in run.kept_steps() if kept <= step and step]
    tell(fork, "play")
    train(fork)
    assert_same_run(run, fork)
    assert fork.config.parent == {"run": run.id, "step": step, "changes": {}}


def test_a_fork_takes_over_what_was_set_before_it(tmp_path: Path) -> None:
    library = Library(tmp_path)
    run = library.create(tiny_config())
    for kind, arguments in (("step", {"n": 10}), ("set", {"learning_rate": 0.1, "dropout": 0.2}), ("play", {})):
        tell(run, kind, **arguments)
        session = Session.open(run.folder)
        session.work(5.0)
        session.close()
    fork = library.fork(run.id, 16)
    assert (fork.config.train.learning_rate, fork.config.shape["dropout"]) == (0.1, 0.2)
    tell(fork, "play")
    train(fork)
    assert_same_run(run, fork)


@pytest.mark.parametrize(
    "changes", [{"learning_rate": 0.1}, {"without": ("shift",)}, {"positions": "none"}, {"optimizer": "sgd"}]
)
def test_a_fork_with_a_change_leaves_the_curve_at_that_step(tmp_path: Path, changes: dict[str, Any]) -> None:
    run = trained(tmp_path)
    fork = Library(tmp_path).fork(run.id, 8, changes, "changed")
    assert (fork.name, fork.config.parent) == (
        "changed",
        {"run": run.id, "step": 8, "changes": {k: list(v) if isinstance(v, tuple) else v for k, v in changes.items()}},
    )
    tell(fork, "play")
    train(fork)
    a, b = run.metrics(), fork.metrics()
    assert b["step"].tolist() == list(range(1, 24))
    np.testing.assert_array_equal(a["loss"][:8], b["loss"][:8])
    assert a["loss"][10] != b["loss"][10]


def test_what_concerns_the_beginning_cannot_be_changed_later(tmp_path: Path) -> None:
    run = trained(tmp_path)
    with pytest.raises(RunError, match="Fork from step 0"):
        Library(tmp_path).fork(run.id, 8, {"seed": 5})
    assert Library(tmp_path).fork(run.id, 0, {"seed": 5}).config.train.seed == 5
    with pytest.raises(RunError, match="no such setting"):
        Library(tmp_path).fork(run.id, 8, {"colour": "red"})


def test_a_step_walked_by_phase_is_the_ordinary_step(tmp_path: Path) -> None:
    run = trained(tmp_path)
    walked = Library(tmp_path).create(run.config)
    seen = []
    for _ in range(6):
        tell(walked, "phase")
    session = Session.open(walked.folder)
    session.work(1.0)
    assert [report.phase for report in walked.phase_reports()] == [
        "batch",
        "forward",
        "loss",
        "gradients",
        "clip",
        "update",
    ]
    seen.append(walked.status().step)
    for _ in range(3):  # in the middle of step 2, playing finishes it
        tell(walked, "phase")
    session.work(1.0)
    assert walked.status().phase == "loss"
    tell(walked, "play")
    while session.work(1.0) and not session.closing:
        pass
    session.close()
    assert seen == [1]
    assert_same_run(run, walked)


def test_a_weight_that_is_not_there_is_refused_before_the_step_is_begun(tmp_path: Path) -> None:
    run = Library(tmp_path).create(tiny_config())
    tell(run, "phase", weight="nonsense")
    tell(run, "play")
    train(run)
    assert run.status().state == "finished"
    assert "nonsense" in str(next(event for event in run.events() if event.kind == "refused").details)


def test_a_loss_that_is_no_number_stops_the_run_with_a_reason(tmp_path: Path) -> None:
    run = trained(tmp_path, train={"learning_rate": 10.0, "optimizer": "sgd", "clip_norm": 0.0, "steps": 400})
    status = run.status()
    assert status.state == "failed"
    assert status.error is not None
    assert status.error.code == "run_diverged"
    assert str(status.step) in str(status.error)
    assert all(value.isfinite().all() for value in last_weights(run).values())


def test_two_sessions_never_train_one_run(tmp_path: Path) -> None:
    run = Library(tmp_path).create(tiny_config())
    first = Session.open(run.folder)
    with pytest.raises(RunError) as refused:
        Session.open(run.folder)
    assert refused.value.code == "run_elsewhere"
    # Even if the claim is taken by force, the first cannot write any more.
    connection = first.journal.connection
    connection.execute("DELETE FROM meta WHERE key = 'owner'")
    second = Session.open(run.folder)
    tell(run, "play")
    with pytest.raises(RunError) as lost:
        work_on(first)
    assert lost.value.code == "run_lost"
    connection.close()
    while second.running or second.trainer.step_number == 0:
        second.work(0.0)
    second.close()
    assert run.metrics()["step"].tolist() == list(range(1, 24))


def work_on(session: Session) -> None:
    while True:
        session.work(0.0)
        session.settle(now=True)


def test_a_damaged_snapshot_is_passed_over(tmp_path: Path) -> None:
    whole = trained(tmp_path)
    run = Library(tmp_path).create(whole.config)
    tell(run, "step", n=12)
    train(run)
    run.folder.snapshot(12).write_bytes(b"not a snapshot")
    tell(run, "play")
    train(run)
    assert_same_run(whole, run)
    assert "snapshot_bad" in {event.kind for event in run.events()}


def test_a_snapshot_that_was_not_finished_is_swept_away(tmp_path: Path) -> None:
    run = trained(tmp_path)
    (run.folder.snapshots / "step-00000099.safetensors").write_bytes(b"")
    (run.folder.snapshots / "step-00000100.safetensors.part").write_bytes(b"")
    journal = Journal(run.folder)
    journal.sweep()
    journal.close()
    assert len(list(run.folder.snapshots.iterdir())) == len(run.kept_steps())


def test_runs_taking_turns_do_not_disturb_one_another(tmp_path: Path) -> None:
    library = Library(tmp_path)
    shape = {"d_model": 6, "n_heads": 2, "d_ff": 5, "dropout": 0.3}
    alone = [trained(tmp_path / "alone", shape=shape, train={"seed": seed}) for seed in (1, 2)]
    together = [library.create(run.config) for run in alone]
    sessions = [Session.open(run.folder) for run in together]
    for run in together:
        tell(run, "play")
    for session in sessions:
        session.work(0.0)
    while any(session.running for session in sessions):
        for session in sessions:
            session.work(0.0)
    for session, one, other in zip(sessions, alone, together, strict=True):
        session.close()
        assert_same_run(one, other)


def test_a_step_at_which_a_head_became_something_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the evaluations find there: a step that is kept anyway, or one that only a birth keeps."""

    def found(self: Emergence, step: int, scores: object) -> tuple[HeadMarker, ...]:
        return (HeadMarker(step, "decoder.0.self_attn", 1, "diagonal", 0.7),) if step in (9, 10, 18) else ()

    monkeypatch.setattr(Emergence, "update", found)
    run = trained(tmp_path, train={"steps": 23, "eval_every": 9})
    ordinary = {step for step in range(24) if is_kept(step)}
    assert set(run.kept_steps()) == ordinary | {9, 18, 23}
    assert 9 not in ordinary
    assert 18 not in ordinary
    again = Library(tmp_path).create(tiny_config("again", train={"steps": 23, "eval_every": 9}))
    tell(again, "play")
    train(again, until=9)
    mine, theirs = run.model_at(9)[0].state_dict(), again.model_at(9)[0].state_dict()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine), "the weights are those of that very step"
