"""A device that cannot be used while a run is being opened, and whose random numbers a run draws."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from tiny_runs import tell, tiny_config, train

from attnviz.runs import Library, devices
from attnviz.runs.work import claim
from attnviz.runs.work.session import Session
from attnviz.training import randomness
from attnviz.training.randomness import RandomStream


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "device_full"),
        (RuntimeError("no kernel image is available for execution on the device"), "device_unusable"),
    ],
)
def test_a_device_that_fails_while_a_run_is_opened_is_left_for_the_cpu(
    error: Exception, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Library(tmp_path).create(tiny_config())
    tell(run, "play")
    build: Callable[..., object] = claim.build_trainer

    def refusing(folder: object, config: object, device: str, ranks: object) -> object:
        if device != "cpu":
            raise error
        return build(folder, config, device, ranks)

    monkeypatch.setattr(claim, "build_trainer", refusing)
    session = Session.open(run.folder, device="cuda:1")
    assert session.trainer.device.type == "cpu"
    while session.work(0.0) and not session.closing:
        pass
    session.close()
    assert run.status().state == "finished"
    assert run.status().device == "cpu"
    (event,) = [event for event in run.events() if event.kind == code]
    assert event.details["asked"] == "cuda:1"
    assert devices.resolve("cpu")[0] == "cpu"


def test_what_fails_on_the_cpu_too_still_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Library(tmp_path).create(tiny_config())

    def refusing(*rest: object) -> object:
        raise RuntimeError("nothing works")

    monkeypatch.setattr(claim, "build_trainer", refusing)
    with pytest.raises(RuntimeError, match="nothing works"):
        Session.open(run.folder, device="cuda:0")
    assert run.status().state == "failed"
    monkeypatch.undo()
    tell(run, "play")
    train(run)


class TwoDevices:
    """A stand-in for torch.cuda with two devices: a generator's state each, and a current one."""

    def __init__(self) -> None:
        self.states = {0: torch.tensor([10], dtype=torch.uint8), 1: torch.tensor([20], dtype=torch.uint8)}

    def get_rng_state(self, device: torch.device) -> torch.Tensor:
        return self.states[device.index].clone()

    def set_rng_state(self, state: torch.Tensor, device: torch.device) -> None:
        self.states[device.index] = state.clone()


def test_a_run_draws_from_the_generator_of_its_own_device(monkeypatch: pytest.MonkeyPatch) -> None:
    two = TwoDevices()
    monkeypatch.setattr(randomness.torch, "get_device_module", lambda device: two)
    stream = RandomStream(7)
    stream.device = torch.device("cuda", 1)
    stream._states["device"] = torch.tensor([77], dtype=torch.uint8)
    with stream.lent():
        assert two.states[1].item() == 77
        assert two.states[0].item() == 10
        two.states[1] += 1  # drawing
    assert two.states[1].item() == 20
    assert stream.capture()["device"].item() == 78


def test_a_worker_makes_its_gpu_the_current_one(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[str] = []
    monkeypatch.setattr(devices.torch, "cuda", SimpleNamespace(set_device=chosen.append))
    devices.take("cuda:1")
    devices.take("cpu")
    assert chosen == ["cuda:1"]
