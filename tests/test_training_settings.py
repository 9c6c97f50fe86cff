"""Settings changed on the fly: in force from the next step, in the state, the same when replayed; and forks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from attnviz.config import TrainConfig
from attnviz.data import Task, tasks
from attnviz.model import MultiHeadAttention
from attnviz.training import (
    BREAKAGES,
    Trainer,
    TrainingState,
    build_trainer,
    from_checkpoint,
    make_model,
    model_config_for,
)
from attnviz.training.batch_stream import DataPosition
from attnviz.training.presets import DEFAULT, PRESETS

CONFIG = TrainConfig(steps=23, batch_size=11, learning_rate=3e-3, warmup_steps=3, eval_every=0, eval_examples=5, seed=5)
CHANGES: list[dict[str, object]] = [
    {"learning_rate": 1e-2},
    {"batch_size": 7},
    {"dropout": 0.0},
    {"cross_mask": "~window(1)", "cross_mask_share": 0.5},
    {"weight_decay": 0.9, "clip_norm": 0.01, "l1": 1e-3, "label_smoothing": 0.2},
    {"without": ("causal-mask",)},
    {"schedule": "constant"},
]


@pytest.fixture(scope="module")
def task() -> Task:
    return tasks.get("reverse", size=100, symbols=5, max_length=5)


def make_trainer(task: Task, config: TrainConfig = CONFIG, **shape: object) -> Trainer:
    fitted = model_config_for(
        task, **{"d_model": 12, "n_heads": 3, "d_ff": 17, "dropout": 0.3, "n_encoder_layers": 1, **shape}
    )
    return Trainer(make_model(fitted, config.seed), task, config)


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in trainer.model.state_dict().items()}


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def changed_at(task: Task, step: int, changes: dict[str, object]) -> Trainer:
    trainer = make_trainer(task)
    list(trainer.run(until=step))
    trainer.set(**changes)
    return trainer


@pytest.mark.parametrize("changes", CHANGES, ids=lambda changes: " ".join(changes))
def test_the_same_change_at_the_same_step_gives_the_same_weights(
    task: Task, changes: dict[str, object], tmp_path: Path
) -> None:
    plain = make_trainer(task)
    list(plain.run(until=17))
    whole = changed_at(task, 6, changes)
    list(whole.run(until=17))
    assert not same(weights(whole), weights(plain))

    # Stopped and gone on after the change: it is in the state.
    stopped = changed_at(task, 6, changes)
    list(stopped.run(until=11))
    stopped.capture().save(tmp_path / "state")
    resumed = make_trainer(task)
    resumed.restore(TrainingState.load(tmp_path / "state"))
    assert resumed.config == stopped.config
    list(resumed.run(until=17))
    assert same(weights(resumed), weights(whole))

    # Gone back to before the change, and set again.
    before = make_trainer(task)
    list(before.run(until=6))
    replayed = make_trainer(task)
    replayed.restore(before.capture())
    replayed.set(**changes)
    list(replayed.run(until=17))
    assert same(weights(replayed), weights(whole))


def test_what_is_set_is_in_force(task: Task) -> None:
    trainer = changed_at(task, 4, {"dropout": 0.05, "batch_size": 7, "learning_rate": 7e-3, "weight_decay": 0.7})
    assert trainer.model.config.dropout == 0.05
    dropouts = [m.p for m in trainer.model.modules() if isinstance(m, torch.nn.Dropout)]
    dropouts += [m.dropout for m in trainer.model.modules() if isinstance(m, MultiHeadAttention)]
    assert set(dropouts) == {0.05}
    assert trainer.batches.position == DataPosition(1, 0)
    assert trainer.draw().size == 7
    assert {group["weight_decay"] for group in trainer.optimizer.param_groups} == {0.7, 0.0}
    schedule = make_trainer(task, replace(CONFIG, learning_rate=7e-3))
    rates = [record.learning_rate for record in schedule.run(until=5)]
    assert trainer.step().learning_rate == rates[-1]


def test_more_steps_may_be_added(task: Task) -> None:
    trainer = make_trainer(task, replace(CONFIG, steps=3))
    list(trainer.run())
    trainer.set(steps=5)
    assert [record.step for record in trainer.run()] == [4, 5]


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": 3},
        {"optimizer": "sgd"},
        {"learning_rate": -1.0},
        {"dropout": 1.5},
        {"batch_size": 0},
        {"colour": 1},
        {"cross_mask": "nonsense"},
        {"learning_rate": 1e-3, "dropout": -0.1},
    ],
)
def test_what_cannot_be_set_changes_nothing(task: Task, wrong: dict[str, object]) -> None:
    trainer = make_trainer(task)
    list(trainer.run(until=2))
    before = trainer.config, trainer.model.config, dict(trainer.settings)
    with pytest.raises(ValueError, match=f"{next(reversed(wrong))}|nonsense"):
        trainer.set(**wrong)
    assert (trainer.config, trainer.model.config, dict(trainer.settings)) == before


def test_a_state_written_before_there_were_settings_still_loads(task: Task, tmp_path: Path) -> None:
    import json

    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    trainer = make_trainer(task)
    list(trainer.run(until=4))
    trainer.capture().save(tmp_path / "new")
    with safe_open(tmp_path / "new", framework="pt") as file:
        numbers = json.loads(file.metadata()["attnviz_training_state"])
    for name in ("settings", "batch_size"):
        del numbers[name]
    save_file(load_file(tmp_path / "new"), tmp_path / "old", metadata={"attnviz_training_state": json.dumps(numbers)})
    resumed = make_trainer(task)
    resumed.restore(TrainingState.load(tmp_path / "old"))
    list(resumed.run(until=7))
    list(trainer.run(until=7))
    assert same(weights(resumed), weights(trainer))


# ---- forks ----------------------------------------------------------------------------------------------------


def test_a_fork_without_changes_is_the_same_curve(task: Task) -> None:
    parent = make_trainer(task)
    list(parent.run(until=8))
    state = parent.capture()
    losses = [record.loss for record in parent.run()]
    fork = make_trainer(task)
    fork.restore(state.fitted_to(fork.model), settings=False)
    assert [record.loss for record in fork.run()] == losses
    assert same(weights(fork), weights(parent))


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_run_can_be_forked_into_any_breakage(task: Task, name: str) -> None:
    parent = make_trainer(task)
    list(parent.run(until=8))
    state = parent.capture()
    shape, train = BREAKAGES[name].applied({}, parent.config)
    fork = make_trainer(task, train, **shape)
    fork.restore(state.fitted_to(fork.model), settings=False)
    kept = [name for name in fork.model.state_dict() if name in state.model]
    assert len(kept) >= len(state.model) - 4  # the tables of positions or the last norms may go
    assert all(torch.equal(fork.model.state_dict()[name], state.model[name]) for name in kept)
    records = list(fork.run())
    assert [record.step for record in records] == list(range(9, 24))
    other = list(parent.run())
    assert [record.loss for record in records] != [record.loss for record in other]


def test_a_fork_with_other_batches_begins_the_next_pass(task: Task) -> None:
    parent = make_trainer(task)
    list(parent.run(until=4))
    fork = make_trainer(task, replace(CONFIG, batch_size=7))
    fork.restore(parent.capture(), settings=False)
    assert fork.batches.position == DataPosition(1, 0)


# ---- from a plan to a trainer -----------------------------------------------------------------------------------


def test_the_presets_can_be_built() -> None:
    assert DEFAULT in PRESETS
    for preset in PRESETS.values():
        trainer = build_trainer(preset)
        assert trainer.config == preset.train
        assert trainer.step().loss > 0


def test_a_plan_may_have_another_objective_and_a_trained_start(task: Task) -> None:
    recipe = replace(
        PRESETS["reverse"], shape={"d_model": 12, "n_heads": 3}, train=replace(CONFIG, objective="masked-lm")
    )
    trainer = build_trainer(recipe, task=task)
    assert trainer.model.config.architecture == "encoder-only"
    assert trainer.task.options["objective"] == "masked-lm"
    assert trainer.step().loss > 0

    start = from_checkpoint("reverse")
    plan = replace(PRESETS["reverse"], shape={"dropout": 0.2})
    begun = build_trainer(plan, start=start)
    assert begun.model.config.dropout == 0.2
    for name, parameter in begun.model.named_parameters():
        assert torch.equal(parameter, start.weights[name])
    assert begun.evaluate().token_accuracy > 0.99


def test_a_start_on_other_data_keeps_its_own_vocabulary() -> None:
    start = from_checkpoint("pinyin")
    plan = replace(PRESETS["pinyin-small"], shape={})
    trainer = build_trainer(plan, start=start)
    assert trainer.task.tgt_vocab == start.task.tgt_vocab
    assert tasks.get("pinyin-sentences").tgt_vocab != start.task.tgt_vocab
    assert trainer.evaluate().token_accuracy > 0.9
