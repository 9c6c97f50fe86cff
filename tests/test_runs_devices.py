"""A device that cannot be used while a run is being opened, and whose random numbers a run draws."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from small_models import make_model
from tiny_runs import tell, tiny_config, train

from attnviz import environment
from attnviz.runs import Library, devices
from attnviz.runs.work import claim
from attnviz.runs.work.session import Session
from attnviz.training import randomness
from attnviz.training.randomness import RandomStream
from attnviz.ui.frame.sidebar import device_name
from attnviz.ui.sentence import models


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


@pytest.mark.parametrize(("asked", "found"), [("", "cpu"), ("cpu", "cpu"), ("auto", "cuda:0"), ("cuda:1", "cuda:1")])
def test_pages_look_where_they_are_asked_to(asked: str, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    devices.looking.cache_clear()
    monkeypatch.setattr(devices, "available", lambda: ("cuda:0", "cuda:1", "cpu"))
    monkeypatch.setattr(devices, "works", lambda device: True)
    assert devices.looking(asked) == found
    devices.looking.cache_clear()
    monkeypatch.setattr(devices, "works", lambda device: False)
    assert devices.looking(asked) == "cpu"
    devices.looking.cache_clear()
    monkeypatch.setattr(devices, "available", lambda: ("cpu",))
    assert devices.looking(asked) == "cpu"
    devices.looking.cache_clear()


def test_a_device_without_numbers_or_kernels_does_not_work() -> None:
    assert devices.works("cpu")
    assert not devices.works("meta")


def test_the_sidebar_names_what_pages_compute_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv(environment.DEVICE, raising=False)
    assert device_name("en") == "CPU, 3 cores"
    monkeypatch.setenv(environment.DEVICE, "cuda:1")
    monkeypatch.setattr(devices, "looking", lambda asked: asked)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"Card {device}")
    assert device_name("en") == "Card cuda:1"
    monkeypatch.setattr(devices, "looking", lambda asked: "cpu")
    assert device_name("zh") == "CPU，3 核"


def test_a_model_without_room_on_the_device_stays_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[str] = []

    def to(self: torch.nn.Module, device: str) -> torch.nn.Module:
        moved.append(device)
        if device != "cpu":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self

    monkeypatch.setattr(models, "looking", lambda asked: "cuda:0")
    monkeypatch.setattr(torch.nn.Module, "to", to)
    model = make_model(1)
    assert models.on_looking_device(model) is model
    assert moved == ["cuda:0", "cpu"]
