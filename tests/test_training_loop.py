"""The loop: exactly repeatable, resumable bit for bit, undisturbed by others, clipped, and it learns."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from attnviz.config import TrainConfig
from attnviz.data import Task, tasks
from attnviz.training import Trainer, TrainingState, make_model, model_config_for
from attnviz.training.batch_stream import BatchStream, DataPosition

CONFIG = TrainConfig(steps=13, batch_size=11, learning_rate=3e-3, warmup_steps=3, eval_every=0, eval_examples=5, seed=5)


def tiny_task(name: str = "reverse") -> Task:
    if name == "pinyin":
        return tasks.get("pinyin-sentences")
    return tasks.get("reverse", size=100, symbols=5, max_length=5)  # 90 training examples: 9 batches an epoch


def make_trainer(config: TrainConfig = CONFIG, **shape: object) -> Trainer:
    task = tiny_task()
    model_config = model_config_for(task, **{"d_model": 12, "n_heads": 3, "d_ff": 17, "dropout": 0.3, **shape})
    return Trainer(make_model(model_config, config.seed), task, config)


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in trainer.model.state_dict().items()}


def assert_same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> None:
    assert first.keys() == second.keys()
    for name in first:
        assert torch.equal(first[name], second[name]), name


def finished(config: TrainConfig = CONFIG) -> dict[str, torch.Tensor]:
    trainer = make_trainer(config)
    for _ in trainer.run():
        pass
    return weights(trainer)


def test_the_same_seed_gives_the_same_weights_bit_for_bit() -> None:
    torch.manual_seed(1)
    first = finished()
    torch.manual_seed(2)
    assert_same(first, finished())


def test_another_seed_gives_other_weights() -> None:
    first, second = finished(), finished(replace(CONFIG, seed=6))
    assert any(not torch.equal(first[name], second[name]) for name in first)


def test_training_leaves_the_callers_random_numbers_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(5)
    torch.manual_seed(3)
    finished()
    assert torch.equal(torch.rand(5), expected)


def test_runs_that_take_turns_do_not_disturb_one_another() -> None:
    alone = finished()
    first, other = make_trainer(), make_trainer(replace(CONFIG, seed=9))
    for _ in itertools.zip_longest(first.run(), other.run()):
        torch.rand(3)
    assert_same(weights(first), alone)


def test_evaluating_changes_nothing() -> None:
    assert_same(finished(replace(CONFIG, eval_every=2)), finished())


@pytest.mark.parametrize("stop", [1, 9, 10])  # early, at the end of an epoch, in the second epoch
def test_stopping_and_going_on_gives_the_same_weights_bit_for_bit(stop: int, tmp_path: Path) -> None:
    stopped = make_trainer()
    for _ in stopped.run(until=stop):
        pass
    stopped.capture().save(tmp_path / "state.safetensors")

    resumed = make_trainer()
    with torch.no_grad():  # nothing of the new model may remain
        for parameter in resumed.model.parameters():
            parameter.zero_()
    resumed.restore(TrainingState.load(tmp_path / "state.safetensors"))
    assert resumed.step_number == stop
    records = list(resumed.run())
    assert [record.step for record in records] == list(range(stop + 1, CONFIG.steps + 1))
    assert_same(weights(resumed), finished())


def test_a_captured_state_does_not_move_with_the_run() -> None:
    trainer = make_trainer()
    next(trainer.run())
    state = trainer.capture()
    before = {name: value.clone() for name, value in {**state.model, **state.optimizer}.items()}
    list(trainer.run())
    assert_same({**state.model, **state.optimizer}, before)


def test_going_back_and_on_again_repeats_the_losses() -> None:
    trainer = make_trainer()
    list(trainer.run(until=4))
    state = trainer.capture()
    first = [record.loss for record in trainer.run()]
    trainer.restore(state)
    assert [record.loss for record in trainer.run()] == first


@pytest.mark.parametrize("content", [b"", b"not a state", b"\x02\x00\x00\x00\x00\x00\x00\x00{}"])
def test_what_is_not_a_state_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is no kept step of a run"):
        TrainingState.load(path)


def test_records_say_what_happened() -> None:
    trainer = make_trainer(replace(CONFIG, eval_every=5))
    records = list(trainer.run())
    assert [record.step for record in records] == list(range(1, 14))
    assert [record.step for record in records if record.metrics is not None] == [5, 10, 13]
    for record in records:
        assert record.loss > 0
        assert record.grad_norm > 0
        assert record.tokens > 0
        assert record.tokens_per_second > 0
    assert all(a.seconds < b.seconds for a, b in itertools.pairwise(records))
    assert list(trainer.run()) == []


def test_the_phases_make_a_step() -> None:
    whole, parts = make_trainer(), make_trainer()
    record = whole.step()
    batch = parts.draw()
    loss = parts.forward(batch)
    parts.backward(loss)
    assert parts.clip() == record.grad_norm
    assert parts.update() == record.learning_rate
    assert loss.nats.item() == record.loss
    assert_same(weights(parts), weights(whole))


def test_clipping_keeps_the_direction_and_limits_the_length() -> None:
    free, clipped = make_trainer(replace(CONFIG, clip_norm=0)), make_trainer(replace(CONFIG, clip_norm=0.01))
    vectors = []
    for trainer in (free, clipped):
        trainer.backward(trainer.forward(trainer.draw()))
        norm = trainer.clip()
        vectors.append(torch.cat([p.grad.flatten() for p in trainer.model.parameters() if p.grad is not None]))
    assert vectors[0].norm().item() == pytest.approx(norm, rel=1e-5)  # 0 never scales
    assert vectors[1].norm().item() == pytest.approx(0.01, rel=1e-3)
    torch.testing.assert_close(vectors[1] / vectors[1].norm(), vectors[0] / vectors[0].norm())


def test_weight_decay_spares_norms_biases_and_embeddings() -> None:
    trainer = make_trainer(replace(CONFIG, weight_decay=0.5))
    decayed = {id(p) for group in trainer.optimizer.param_groups if group["weight_decay"] for p in group["params"]}
    names = {name for name, p in trainer.model.named_parameters() if id(p) in decayed}
    assert "decoder.0.cross_attn.q_proj.weight" in names
    assert not any("norm" in name or "bias" in name or "embedding" in name for name in names)
    optimized = sum(len(group["params"]) for group in trainer.optimizer.param_groups)
    assert optimized == len(list(trainer.model.parameters()))


def test_it_learns() -> None:
    trainer = make_trainer(replace(CONFIG, steps=120, learning_rate=1e-2), dropout=0.0)
    losses = [record.loss for record in trainer.run()]
    assert sum(losses[-10:]) < 0.6 * sum(losses[:10])


def test_batches_see_every_example_once_an_epoch_and_can_be_sought() -> None:
    task = tiny_task()
    stream = BatchStream(task, 11, seed=3)
    taken = [stream.take() for _ in range(9)]
    assert sorted(row for batch in taken for row in batch.target_labels) == sorted(
        (*pair.target, "</s>") for pair in task.split("train")
    )
    position = stream.position
    after = [stream.take() for _ in range(11)]
    assert stream.position == DataPosition(epoch=2, index=2)
    assert after[0].src_labels != taken[0].src_labels  # another order in another epoch
    stream.seek(position)
    assert [stream.take().src_labels for _ in range(11)] == [batch.src_labels for batch in after]


def trained_with(**changes: object) -> dict[str, torch.Tensor]:
    trainer = make_trainer(TrainConfig.from_dict({**CONFIG.to_dict(), "steps": 5, **changes}))
    list(trainer.run())
    return weights(trainer)


def test_a_training_mask_hides_what_it_says_and_nothing_else() -> None:
    plain = trained_with()
    assert_same(trained_with(cross_mask="full"), plain)
    assert_same(trained_with(cross_mask="~window(1)", cross_mask_share=0.0), plain)
    hidden = trained_with(cross_mask="~window(1)")
    assert any(not torch.equal(hidden[name], plain[name]) for name in plain)
    with pytest.raises(ValueError, match="nonsense"):
        trained_with(cross_mask="nonsense")


def test_a_training_mask_is_in_force_in_its_share_of_the_steps() -> None:
    trainer = make_trainer(replace(CONFIG, cross_mask="~window(1)", cross_mask_share=0.3))
    batch = trainer.draw()
    steps = 0
    for step in range(1000):
        trainer.step_number = step
        plan = trainer.masks(batch)
        if plan is not None:
            steps += 1
            visible = plan.cross.dense(batch=1, heads=1, queries=5, keys=5)[0, 0]
            assert not visible.diagonal().any()
    assert 250 < steps < 350


def test_a_resumed_run_hides_in_the_same_steps(tmp_path: Path) -> None:
    config = replace(CONFIG, cross_mask="~window(1)", cross_mask_share=0.5)
    stopped = make_trainer(config)
    list(stopped.run(until=6))
    resumed = make_trainer(config)
    resumed.restore(stopped.capture())
    list(resumed.run())
    assert_same(weights(resumed), finished(config))
