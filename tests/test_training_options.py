"""Optimizers, penalties, initialisers and configs: torch is the reference, and what was written before still loads."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from typing import get_args

import pytest
import torch
from torch import nn

from attnviz.config import Initialiser, Optimizer, TrainConfig
from attnviz.data import Task, tasks
from attnviz.training import BREAKAGES, RECIPES, Trainer, activation_spread, checkpoint, make_model, model_config_for
from attnviz.training.optimizer import l1_penalty

CONFIG = TrainConfig(steps=7, batch_size=11, learning_rate=3e-3, warmup_steps=3, eval_every=0, eval_examples=5, seed=5)


@pytest.fixture(scope="module")
def task() -> Task:
    return tasks.get("reverse", size=100, symbols=5, max_length=5)


def make_trainer(task: Task, **changes: object) -> Trainer:
    config = TrainConfig.from_dict({**CONFIG.to_dict(), **changes})
    shape = model_config_for(task, d_model=12, n_heads=3, d_ff=17, dropout=0.0, n_encoder_layers=1)
    return Trainer(make_model(shape, config.seed, config.initialiser), task, config)


# ---- configs --------------------------------------------------------------------------------------------------


def test_a_config_comes_back_from_json() -> None:
    config = replace(CONFIG, optimizer="sgd", objective="denoising", without=("shift", "causal-mask"), l1=1e-4)
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_the_order_of_what_is_left_out_does_not_matter() -> None:
    twice = TrainConfig(without=("shift", "causal-mask", "shift"))
    assert twice == TrainConfig(without=("causal-mask", "shift"))


@pytest.mark.parametrize(
    "wrong",
    [{"optimizer": "adamm"}, {"initialiser": "nought"}, {"objective": "lm"}, {"without": ("mask",)}, {"l1": -1.0}],
)
def test_a_wrong_value_is_refused_by_name(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TrainConfig.from_dict(wrong)


def test_a_config_written_before_there_were_choices_still_loads() -> None:
    new = ("optimizer", "l1", "initialiser", "objective", "without")
    old = {name: value for name, value in CONFIG.to_dict().items() if name not in new}
    assert TrainConfig.from_dict(old) == CONFIG
    for name in checkpoint.shipped():
        manifest = checkpoint.load_manifest(name)
        assert (manifest.train.optimizer, manifest.train.without) == ("adamw", ())
        assert manifest.train == RECIPES[name].train


# ---- optimizers -----------------------------------------------------------------------------------------------

TORCH = {
    "adamw": lambda groups, lr: torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.98)),
    "adam": lambda groups, lr: torch.optim.Adam(groups, lr=lr, betas=(0.9, 0.98)),
    "momentum": lambda groups, lr: torch.optim.SGD(groups, lr=lr, momentum=0.9),
    "sgd": lambda groups, lr: torch.optim.SGD(groups, lr=lr),
}


@pytest.mark.parametrize("name", get_args(Optimizer))
def test_each_optimizer_is_torchs(task: Task, name: str) -> None:
    ours = make_trainer(task, optimizer=name, weight_decay=0.3, clip_norm=0.0, schedule="constant", warmup_steps=0)
    theirs = make_trainer(task).model
    decayed = [p for n, p in theirs.named_parameters() if p.dim() == 2 and "embedding" not in n]
    kept = [p for n, p in theirs.named_parameters() if p.dim() != 2 or "embedding" in n]
    groups = [{"params": decayed, "weight_decay": 0.3}, {"params": kept, "weight_decay": 0.0}]
    optimizer = TORCH[name](groups, CONFIG.learning_rate)
    for _ in range(3):
        ours.backward(ours.forward(ours.draw()))
        for mine, other in zip(ours.model.parameters(), theirs.parameters(), strict=True):
            assert mine.grad is not None
            other.grad = mine.grad.clone()
        ours.update()
        optimizer.step()
        for mine, other in zip(ours.model.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(mine, other)


@pytest.mark.parametrize("name", get_args(Optimizer))
def test_every_optimizer_learns_and_resumes_bit_for_bit(task: Task, name: str) -> None:
    rate = {"sgd": 0.3, "momentum": 0.05}.get(name, 3e-3)
    whole = make_trainer(task, optimizer=name, learning_rate=rate, steps=30)
    losses = [record.loss for record in whole.run()]
    assert sum(losses[-5:]) < sum(losses[:5])
    first, second = (make_trainer(task, optimizer=name, learning_rate=rate, steps=30) for _ in range(2))
    list(first.run(until=13))
    second.restore(first.capture())
    list(second.run())
    for mine, other in zip(whole.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(mine, other)


def test_another_optimizer_goes_on_from_the_weights_with_a_memory_of_its_own(task: Task) -> None:
    first = make_trainer(task)
    list(first.run(until=3))
    for name, other in itertools.product(get_args(Optimizer), ["adamw", "momentum"]):
        start = make_trainer(task, optimizer=other)
        list(start.run(until=2))
        fork = make_trainer(task, optimizer=name)
        fork.restore(start.capture(), settings=False)
        assert math.isfinite(fork.step().loss)


def test_l1_is_the_gradient_of_its_penalty(task: Task) -> None:
    plain, penalised = make_trainer(task), make_trainer(task, l1=0.01)
    for trainer in (plain, penalised):
        trainer.backward(trainer.forward(trainer.draw()))
    penalty = 0.0
    for (name, before), after in zip(plain.model.named_parameters(), penalised.model.parameters(), strict=True):
        assert before.grad is not None
        assert after.grad is not None
        matrix = before.dim() == 2 and "embedding" not in name
        penalty += 0.01 * float(before.detach().abs().sum()) if matrix else 0.0
        expected = before.grad + (0.01 * before.sign() if matrix else 0)
        torch.testing.assert_close(after.grad, expected)
    assert l1_penalty(plain.model, 0.01) == pytest.approx(penalty, rel=1e-5)


def test_l1_makes_weights_small(task: Task) -> None:
    def size(strength: float) -> float:
        trainer = make_trainer(task, l1=strength, steps=60, weight_decay=0.0)
        list(trainer.run())
        return l1_penalty(trainer.model, 1.0)

    assert size(0.02) < 0.8 * size(0.0)


# ---- initialisers ---------------------------------------------------------------------------------------------


def linear_layers(model: nn.Module) -> dict[str, nn.Linear]:
    return {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear) and name != "output"}


@pytest.mark.parametrize(
    ("initialiser", "spread"),
    [
        ("normal", lambda fan_in, fan_out: 0.02),
        ("xavier", lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out))),
        ("he", lambda fan_in, fan_out: math.sqrt(2 / fan_in)),
        ("too-small", lambda fan_in, fan_out: 0.01 * math.sqrt(2 / (fan_in + fan_out))),
        ("too-large", lambda fan_in, fan_out: 10 * math.sqrt(2 / (fan_in + fan_out))),
    ],
)
def test_weights_are_spread_as_the_initialiser_says(task: Task, initialiser: Initialiser, spread: object) -> None:
    config = model_config_for(task, d_model=66, n_heads=3, d_ff=131)
    default, model = make_model(config, 3), make_model(config, 3, initialiser)
    for name, layer in linear_layers(model).items():
        expected = spread(layer.in_features, layer.out_features)  # type: ignore[operator]
        assert float(layer.weight.detach().std()) == pytest.approx(expected, rel=0.05), name
        assert (layer.bias == 0).all()
    assert torch.equal(model.embedding.tokens.weight, default.embedding.tokens.weight)
    assert model.output.weight is model.embedding.tokens.weight


def test_the_default_initialiser_is_what_it_always_was(task: Task) -> None:
    config = model_config_for(task, d_model=12, n_heads=3)
    torch.manual_seed(7)
    first, second = make_model(config, 7), make_model(config, 7, "default")
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)


def test_activations_die_out_or_explode_with_the_wrong_initialiser(task: Task) -> None:
    # Post-norm blocks hide it; before their norms the attention's output shows it.
    config = model_config_for(task, d_model=60, n_heads=3, n_encoder_layers=3)
    batch = task.collate(task.split("train")[:13])
    spread = {name: activation_spread(make_model(config, 1, name), batch) for name in get_args(Initialiser)}
    layer = "encoder.0.self_attn"
    assert list(spread["xavier"])[:2] == [layer, "encoder.0.output"]
    assert spread["too-small"][layer] < 0.01 * spread["xavier"][layer]
    assert spread["too-large"][layer] > 10 * spread["xavier"][layer]


# ---- breakages ------------------------------------------------------------------------------------------------


def test_every_breakage_changes_a_sound_run_once(task: Task) -> None:
    model = model_config_for(task)
    for breakage in BREAKAGES.values():
        assert breakage.fits(model, CONFIG), breakage.name
        shape, train = breakage.applied({}, CONFIG)
        broken = model_config_for(task, **shape)
        assert (broken, train) != (model, CONFIG)
        assert not breakage.fits(broken, train), breakage.name


def test_a_breakage_fits_only_what_has_the_thing() -> None:
    lm = model_config_for(tasks.get("lm-zh"))
    assert [name for name, breakage in BREAKAGES.items() if not breakage.fits(lm, CONFIG)] == ["no-padding-mask"]
