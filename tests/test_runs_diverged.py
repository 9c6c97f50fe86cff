"""A run that diverged is not the end: it answers, goes on from the last good step, and keeps no broken weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_runs import tell, tiny_config, train

from attnviz.cli.main import main
from attnviz.runs import Library, Run, RunError
from attnviz.runs.contents import load_state
from attnviz.runs.feed import Feed
from attnviz.runs.work.recorder import StepRecorder
from attnviz.runs.work.session import Session
from attnviz.training import Trainer

WILD: dict[str, Any] = {
    "learning_rate": 10.0,
    "optimizer": "sgd",
    "clip_norm": 0.0,
    "warmup_steps": 0,
    "schedule": "constant",
    "steps": 40,
}


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StepRecorder, "look", lambda self: None)


def diverged(root: Path, initialiser: str = "too-large") -> Run:
    run = Library(root).create(tiny_config(train={**WILD, "initialiser": initialiser}))
    tell(run, "play")
    train(run)
    status = run.status()
    assert status.state == "failed"
    assert status.error is not None
    assert status.error.code in ("run_diverged", "run_weights")
    return run


def answered(run: Run) -> bool:
    return run.status().pending == 0


@pytest.mark.parametrize("initialiser", ["too-large", "default"])
def test_a_diverged_run_goes_on_from_its_last_good_step(tmp_path: Path, initialiser: str) -> None:
    run = diverged(tmp_path, initialiser)
    feed = Feed(run)
    before = feed.view()
    tell(run, "set", learning_rate=1e-4, clip_norm=1.0)
    tell(run, "step", n=3)
    train(run)
    assert answered(run)
    (back,) = [event for event in run.events() if event.kind == "went_back"]
    last = back.details["to"]
    assert 0 <= last < before.status.step
    assert back.details["from"] == before.status.step
    assert run.status().error is None
    assert run.status().state == "paused"
    assert run.status().step == last + 3
    losses = run.metrics()["loss"]
    assert len(losses) == last + 3
    assert np.isfinite(losses).all()
    after = feed.view(now=True)
    assert after.metrics["step"].tolist() == run.metrics()["step"].tolist()
    assert after.version != before.version


def test_play_alone_is_answered_and_fails_again_at_the_same_step(tmp_path: Path) -> None:
    run = diverged(tmp_path)
    error = run.status().error
    tell(run, "play")
    train(run)
    assert answered(run)
    assert run.status().state == "failed"
    assert run.status().error == error


def went_back_to(run: Run) -> list[int]:
    return [event.details["to"] for event in run.events() if event.kind == "went_back"]


@pytest.mark.parametrize("initialiser", ["too-large", "default"])
def test_going_on_unchanged_is_the_same_every_time(tmp_path: Path, initialiser: str) -> None:
    run = diverged(tmp_path, initialiser)
    losses, kept, error = run.metrics()["loss"], run.kept_steps(), run.status().error
    for _ in range(3):
        tell(run, "play")
        train(run)
        assert run.status().error == error
        assert run.kept_steps() == kept
        np.testing.assert_array_equal(run.metrics()["loss"], losses)
    assert len(went_back_to(run)) == 3
    assert len(set(went_back_to(run))) == 1


def test_settings_that_do_not_help_lead_to_an_earlier_step_and_are_kept_when_nothing_is_changed(
    tmp_path: Path,
) -> None:
    run = diverged(tmp_path, "default")
    tell(run, "play")  # in vain, but nothing was changed: it says nothing about that step
    train(run)
    tell(run, "set", learning_rate=9.0)
    tell(run, "play")
    train(run)
    assert run.status().state == "failed"
    losses = run.metrics()["loss"]
    tell(run, "play")
    train(run)
    np.testing.assert_array_equal(run.metrics()["loss"], losses)
    assert run.metrics()["learning_rate"][-1] == pytest.approx(9.0)
    first = went_back_to(run)[0]
    assert first > 0
    assert went_back_to(run) == [first] * 3
    tell(run, "set", learning_rate=1e-4)
    train(run)
    assert went_back_to(run)[-1] < first


def test_no_broken_weights_are_ever_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights may break in the very step whose loss was still a number."""
    run = Library(tmp_path).create(tiny_config())
    make = Trainer.step

    def step(self: Trainer) -> Any:
        record = make(self)
        if self.step_number == 8:
            with torch.no_grad():
                next(self.model.parameters()).fill_(float("nan"))
        return record

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "step", step)
        tell(run, "play")
        train(run)
        assert run.status().error is not None
        assert run.status().error.code == "run_weights"  # type: ignore[union-attr]
        assert all(load_state(run.folder, kept).finite for kept in run.kept_steps())
        assert max(run.kept_steps()) < 8
    tell(run, "play")
    train(run)
    assert run.status().state == "finished"


def test_a_kept_step_with_broken_weights_is_not_gone_on_from(tmp_path: Path) -> None:
    """As runs of earlier versions may hold one."""
    run = diverged(tmp_path)
    last = run.kept_steps()[-1]
    state = load_state(run.folder, last)
    next(iter(state.model.values())).fill_(float("inf"))
    state.save(run.folder.snapshot(last))
    tell(run, "set", learning_rate=1e-4)
    tell(run, "step", n=1)
    with pytest.raises(RunError) as caught:
        Library(tmp_path).fork(run.id, last)
    train(run)
    assert answered(run)
    assert run.status().step <= last
    assert caught.value.code == "run_snapshot_bad"


def test_what_was_set_on_the_way_that_led_nowhere_is_not_set_again(tmp_path: Path) -> None:
    run = Library(tmp_path).create(tiny_config(train={"optimizer": "sgd", "schedule": "constant", "warmup_steps": 0}))
    tell(run, "step", n=6)
    train(run)
    session = Session.open(run.folder)
    try:
        tell(run, "step", n=1)
        while session.work(0.0):
            pass
        tell(run, "set", learning_rate=10.0, clip_norm=0.0)
        session.work(0.0)
        with torch.no_grad():
            next(session.trainer.model.parameters()).fill_(1e30)
        tell(run, "play")
        while session.work(0.0) and not session.closing:
            pass
    finally:
        session.close()
    assert run.status().state == "failed"
    kept = run.kept_steps()[-1]
    tell(run, "set", learning_rate=0.003)
    tell(run, "play")
    train(run)
    assert run.status().state == "finished"
    after = run.metrics()
    np.testing.assert_allclose(after["learning_rate"][after["step"] > max(kept, 7)], 0.003)


def test_resuming_from_the_command_line_does_not_call_a_failure_a_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = diverged(tmp_path)
    kept = run.kept_steps()
    assert main(["runs", "--root", str(tmp_path), "resume", run.id, "--device", "cpu"]) == 1
    assert "diverged" in capsys.readouterr().err
    assert run.status().state == "failed"
    steps = run.metrics()["step"].tolist()
    assert steps == list(range(1, steps[-1] + 1))  # going back takes nothing that was made after it
    assert set(run.kept_steps()) <= set(kept)
    assert all(load_state(run.folder, step).finite for step in run.kept_steps())


def test_a_memory_of_another_shape_is_not_taken(tmp_path: Path) -> None:
    run = Library(tmp_path).create(tiny_config())
    tell(run, "step", n=2)
    train(run)
    state = load_state(run.folder, 2)
    name = next(name for name, value in state.optimizer.items() if value.ndim == 2)
    state.optimizer[name] = torch.zeros(3, 11)
    state.save(run.folder.snapshot(2))
    with pytest.raises(RunError) as caught:
        Library(tmp_path).fork(run.id, 2)
    assert caught.value.code == "run_fork"
