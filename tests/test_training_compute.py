"""How a run computes: found out at little cost, kept, and the same run whichever way is taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from fine_tuning_starts import tuner as make_tuner
from tiny_runs import tell, tiny_config, train
from torch import Tensor

from attnviz.config import Compute, TrainConfig
from attnviz.data import tasks
from attnviz.runs import Library
from attnviz.training import Trainer, calibration, make_model
from attnviz.training.calibration import candidates, choose
from attnviz.training.compute import PLAIN
from attnviz.training.optimizer import move
from attnviz.training.recipes import model_config_for

WRITTEN = Compute(precision="bf16", path="written")
EXACT = Compute(precision="fp32", path="written")
SHAPE = {"d_model": 12, "n_heads": 3, "d_ff": 11, "n_encoder_layers": 1, "n_decoder_layers": 1}


def trainer(compute: Compute = PLAIN, *, dropout: float = 0.2, **changes: object) -> Trainer:
    task = tasks.get("reverse", size=100, symbols=5, min_length=2, max_length=4)
    values = {"steps": 997, "batch_size": 7, "warmup_steps": 3, "eval_every": 0, "learning_rate": 0.01, **changes}
    model = make_model(model_config_for(task, **SHAPE, dropout=dropout), seed=3)
    return Trainer(model, task, TrainConfig.from_dict(values), compute=compute)


def weights(of: Trainer) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in of.model.state_dict().items()}


@pytest.mark.parametrize("way", [WRITTEN, EXACT, Compute(precision="bf16", path="explicit")])
@pytest.mark.parametrize("optimizer", ["adamw", "momentum", "sgd"])
def test_whatever_the_way_a_resumed_run_has_the_same_numbers(way: Compute, optimizer: str) -> None:
    whole, first = trainer(way, optimizer=optimizer), trainer(way, optimizer=optimizer)
    expected = [record.loss for record in whole.run(until=11)]
    for _ in first.run(until=5):
        pass
    state = first.capture()
    again = trainer(way, optimizer=optimizer)
    again.restore(state)
    assert [record.loss for record in again.run(until=11)] == expected[5:]
    assert all(torch.equal(value, weights(again)[name]) for name, value in weights(whole).items())


def test_the_state_is_written_down_the_same_way_whichever_is_taken() -> None:
    plain, exact = trainer(dropout=0.0), trainer(EXACT, dropout=0.0)
    for one in (plain, exact):
        for _ in one.run(until=7):
            pass
    a, b = plain.capture(), exact.capture()
    assert a.model.keys() == b.model.keys()
    assert a.optimizer.keys() == b.optimizer.keys()
    for name, value in a.optimizer.items():
        assert b.optimizer[name].shape == value.shape
        torch.testing.assert_close(b.optimizer[name], value, atol=1e-4, rtol=1e-2)
    for name, value in a.model.items():
        if not name.endswith("k_proj.bias"):  # its gradient is 0 but for rounding, which Adam makes a step of
            torch.testing.assert_close(b.model[name], value, atol=1e-3, rtol=1e-2)
    other = trainer(dropout=0.0)  # goes on where the other way stopped
    other.restore(b)
    there = other.capture()
    assert all(torch.equal(there.optimizer[name], value) for name, value in b.optimizer.items())


def test_settings_reach_the_flat_weights() -> None:
    one = trainer(EXACT, weight_decay=0.0, dropout=0.0, learning_rate=1e-9, warmup_steps=0)
    one.step()
    before = weights(one)
    one.set(weight_decay=90.0, learning_rate=0.01, warmup_steps=0, clip_norm=1e-9)
    one.step()
    shrunk = weights(one)
    name = "decoder.0.self_attn.q_proj.weight"
    assert shrunk[name].norm() < 0.3 * before[name].norm()
    tokens = "embedding.tokens.weight"  # no embedding decays
    torch.testing.assert_close(shrunk[tokens], before[tokens], atol=3e-2, rtol=0)


def test_the_fastest_way_is_chosen_and_bfloat16_must_win_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    one = trainer()
    assert candidates(one) == (EXACT, WRITTEN, PLAIN)
    for times, best in (
        ({PLAIN: 5.0, WRITTEN: 2.0, EXACT: 4.0}, WRITTEN),
        ({PLAIN: 5.0, WRITTEN: 3.8, EXACT: 4.0}, EXACT),  # not clearly faster
        ({PLAIN: 5.0, WRITTEN: 90.0, EXACT: 6.0}, PLAIN),  # a processor without bfloat16
    ):
        monkeypatch.setattr(calibration, "_seconds", lambda t, way, clock, hopeless=None, times=times: times[way])
        choice = choose(one)
        assert choice.compute == best
        assert dict(choice.milliseconds) == {str(way): 1e3 * seconds for way, seconds in times.items()}


def test_threads_are_chosen_by_the_clock_on_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "_seconds", lambda *rest, **more: 1.0 / torch.get_num_threads())
    before = torch.get_num_threads()
    assert choose(trainer(), threads=(2, 1)).threads == 2
    monkeypatch.setattr(calibration, "_seconds", lambda *rest, **more: float(torch.get_num_threads()))
    assert choose(trainer(), threads=(2, 1)).threads == 1
    assert torch.get_num_threads() == before
    assert choose(trainer(), threads=(1,)).threads is None


def test_a_short_run_does_not_pay_for_the_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Compute] = []
    monkeypatch.setattr(calibration, "_seconds", lambda t, way, clock, hopeless=None: tried.append(way) or 1.0)
    for steps in (1, 23, 299):
        assert choose(trainer(steps=steps)).compute == EXACT
        assert choose(make_tuner("lora", TrainConfig(steps=steps, batch_size=5))).compute == PLAIN
    assert not tried
    for steps in (300, 450, 10_000):
        tried.clear()
        choose(trainer(steps=steps))
        assert len(tried) * calibration.TRIES <= calibration.SHARE * steps


def test_a_hopeless_way_is_tried_twice_and_one_pause_does_not_make_it_hopeless() -> None:
    ticks = iter(range(10_000))
    seconds = calibration._seconds(trainer(), WRITTEN, lambda: 100.0 * next(ticks), hopeless=3.0)
    assert seconds == 100.0
    assert next(ticks) == 4  # two attempts
    clock = iter((0.0, 100.0, 100.0, 101.0, 101.0, 102.0))
    assert calibration._seconds(trainer(), WRITTEN, lambda: next(clock), hopeless=3.0) == 1.0


def test_choosing_leaves_the_run_as_it_was() -> None:
    chosen, untouched = trainer(), trainer()
    random = torch.get_rng_state()
    choose(chosen)
    assert torch.equal(torch.get_rng_state(), random)
    assert [r.loss for r in chosen.run(until=3)] == [r.loss for r in untouched.run(until=3)]
    assert all(torch.equal(value, weights(untouched)[name]) for name, value in weights(chosen).items())


def test_fine_tuning_keeps_to_the_modules() -> None:
    tuner = make_tuner("lora", TrainConfig(steps=500, batch_size=5))
    assert not tuner.can(WRITTEN)
    assert all(way.path != "written" for way in candidates(tuner))
    with pytest.raises(ValueError, match="bf16, written"):
        tuner.adopt(WRITTEN)
    before = weights(tuner)
    assert choose(tuner).milliseconds
    assert all(torch.equal(value, weights(tuner)[name]) for name, value in before.items())


def test_a_run_keeps_its_way_and_hands_it_to_its_forks(tmp_path: Path) -> None:
    library = Library(tmp_path)
    config = replace(tiny_config(), compute=WRITTEN.to_dict())
    run = library.create(config)
    tell(run, "play")
    train(run, until=9)
    assert run.status().compute == WRITTEN.to_dict()
    train(run)
    whole = run.metrics()
    fork = library.fork(run.id, 8)
    assert fork.config.compute == WRITTEN.to_dict()
    tell(fork, "play")
    train(fork)
    assert fork.metrics()["loss"].tolist() == whole["loss"].tolist()


def test_a_new_run_says_what_it_chose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "_seconds", lambda t, way, clock, hopeless=None: 1.0 if way == WRITTEN else 2.0)
    run = Library(tmp_path).create(tiny_config(train={"steps": 500}))
    tell(run, "step", n=3)
    train(run)
    (event,) = [event for event in run.events() if event.kind == "compute"]
    assert event.details["precision"] == "bf16"
    assert event.details["tried"]
    assert run.status().compute == WRITTEN.to_dict()
    tell(run, "step", n=2)
    train(run)  # opened anew: nothing is tried again
    assert len([event for event in run.events() if event.kind == "compute"]) == 1
    assert Library(tmp_path).fork(run.id, 2).config.compute == WRITTEN.to_dict()


def test_a_wrong_way_in_a_config_is_refused() -> None:
    from attnviz.runs.errors import RunError

    for wrong in ({"precision": "fp8"}, {"nonsense": 1}, {"path": ["written"]}):
        with pytest.raises(RunError):
            tiny_config(compute=wrong)


@pytest.mark.parametrize("kind", [torch.optim.AdamW, torch.optim.Adam, torch.optim.SGD])
def test_the_direct_update_is_the_optimizers(kind: type[torch.optim.Optimizer]) -> None:
    moved = []
    for step in (torch.optim.Optimizer.step, move):
        generator = torch.Generator().manual_seed(3)
        weights = [torch.nn.Parameter(torch.randn(n, generator=generator)) for n in (7, 5)]
        groups = [{"params": [one], "weight_decay": decay} for one, decay in zip(weights, (0.1, 0.0), strict=True)]
        optimizer = kind(groups, lr=0.03, fused=True)  # type: ignore[call-arg]
        for _ in range(4):
            for one in weights:
                one.grad = torch.randn(one.shape, generator=generator)
            move(optimizer) if step is move else optimizer.step()
        moved.append([*weights, *(v for one in weights for v in optimizer.state[one].values() if v is not None)])
    assert all(torch.equal(a, b) for a, b in zip(*moved, strict=True))
