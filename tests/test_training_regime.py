"""What breaks when something is left out: the model sees what it must predict, and shows it by saying nothing right."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from attnviz.config import TrainConfig
from attnviz.data import Batch, Task, tasks
from attnviz.decoding import inference
from attnviz.training import (
    Metrics,
    Trainer,
    broken_batch,
    broken_masks,
    evaluate,
    make_model,
    model_config_for,
    predict,
    samples_of,
    say,
)
from attnviz.training.phases import one_row
from attnviz.training.regime import with_more_padding

CONFIG = TrainConfig(steps=120, batch_size=37, learning_rate=1e-2, warmup_steps=10, eval_every=0, seed=5)


@pytest.fixture(scope="module")
def task() -> Task:
    return tasks.get("reverse", size=600, symbols=3, min_length=2, max_length=5)


@pytest.fixture(scope="module")
def batch(task: Task) -> Batch:
    pairs = sorted(task.split("train")[:60], key=lambda pair: len(pair.source))
    return task.collate([*pairs[:3], *pairs[-4:]])  # short and long: there is padding


def shape(task: Task, **changes: object) -> dict[str, object]:
    return {"d_model": 24, "n_heads": 3, "d_ff": 31, "dropout": 0.0, "n_encoder_layers": 1, **changes}


def trained(task: Task, without: tuple[str, ...], **changes: int) -> tuple[Trainer, Metrics]:
    config = replace(CONFIG, without=without, **changes)  # type: ignore[arg-type]
    trainer = Trainer(make_model(model_config_for(task, **shape(task)), 3), task, config)
    *_, last = trainer.run()
    assert last.metrics is not None
    return trainer, last.metrics


def moved_by_the_last_token(task: Task, batch: Batch, without: tuple[str, ...]) -> torch.Tensor:
    """Which positions' logits move when the last decoder input of a full row changes."""
    model = make_model(model_config_for(task, **shape(task)), 3)
    assert batch.decoder_input is not None
    other = batch.decoder_input.clone()
    other[-1, -1] = 4 + (other[-1, -1] == 4).long()
    changed = replace(batch, decoder_input=other)
    with inference(model):
        first, second = (predict(model, b, broken_masks(model, b, without)) for b in (batch, changed))
    return (first[-1] - second[-1]).abs().amax(-1) > 0


def test_without_a_causal_mask_the_future_moves_the_past(task: Task, batch: Batch) -> None:
    assert moved_by_the_last_token(task, batch, ()).tolist() == [False] * 5 + [True]
    assert moved_by_the_last_token(task, batch, ("causal-mask",)).all()


def test_without_a_causal_mask_target_padding_is_still_no_key(task: Task, batch: Batch) -> None:
    model = make_model(model_config_for(task, **shape(task)), 3)
    plan = broken_masks(model, batch, ("causal-mask",))
    assert plan is not None
    assert batch.decoder_input is not None
    seen = plan.decoder_self.dense(batch=batch.size, heads=1, queries=6, keys=6)[:, 0]
    assert torch.equal(seen, (batch.decoder_input != 0)[:, None, :].expand(-1, 6, -1))


def test_without_a_padding_mask_padding_of_the_source_is_attended_to(task: Task, batch: Batch) -> None:
    model = make_model(model_config_for(task, **shape(task)), 3)
    assert batch.src is not None
    alone = one_row(replace(batch, targets=None), 0)
    length = len(batch.decoder_labels[0])
    with inference(model):
        for without, same in (((), True), (("padding-mask",), False)):
            together = predict(model, batch, broken_masks(model, batch, without))[:1, :length]
            assert torch.allclose(together, predict(model, alone), atol=1e-5) == same


def test_without_the_shift_the_decoder_reads_what_it_must_say(batch: Batch) -> None:
    read = broken_batch(batch, ("shift",))
    assert torch.equal(read.decoder_input, batch.targets)  # type: ignore[arg-type]
    assert read.decoder_labels == batch.target_labels
    assert broken_batch(batch, ("causal-mask", "padding-mask")) is batch


def test_nothing_left_out_is_nothing_changed(task: Task, batch: Batch) -> None:
    model = make_model(model_config_for(task, **shape(task)), 3)
    assert broken_masks(model, batch, ()) is None
    assert broken_masks(model, batch, ("shift",)) is None


@pytest.mark.parametrize("without", ["causal-mask", "shift"])
def test_cheating_teaches_nothing(task: Task, without: str) -> None:
    trainer, metrics = trained(task, (without,))
    assert metrics.loss < 0.05
    assert metrics.token_accuracy > 0.99
    assert metrics.exact_match is not None
    assert metrics.exact_match < 0.1  # free-running, there is nothing to read it from
    wrong = samples_of(trainer.model, task, [*task.examples[:1], "abcab", "cab"], without=(without,))
    assert not all(sample.right for sample in wrong)


def test_the_sound_run_learns_the_task(task: Task) -> None:
    trainer, metrics = trained(task, (), steps=2 * CONFIG.steps)
    assert metrics.exact_match is not None
    assert metrics.exact_match > 0.5
    assert trainer.evaluate() == metrics
    assert evaluate(trainer.model, task, "validation", limit=CONFIG.eval_examples) == metrics
    right = [
        pair for pair in task.split("test") if say(trainer.model, task, "".join(pair.source)) == "".join(pair.target)
    ]
    assert len(right) > 0.4 * len(task.split("test"))


def test_more_padding_is_nothing_behind_the_mask_and_the_end_without_it() -> None:
    task = tasks.get("reverse", size=900, symbols=3, min_length=5, max_length=5)  # trained without any padding
    config = replace(CONFIG, without=("padding-mask",))
    fitted = model_config_for(task, **shape(task, max_len=13))
    trainer = Trainer(make_model(fitted, 3), task, config)
    list(trainer.run())
    exposed = evaluate(trainer.model, task, "test", without=("padding-mask",))
    guarded = evaluate(trainer.model, task, "test")
    assert guarded.loss < 0.5 * exposed.loss
    padded = with_more_padding(task.collate(task.split("test")[:7]), 9)
    assert padded.src is not None
    assert padded.src.shape == (7, 9)  # 6 and, of 4, the 3 that there is room for
    assert (padded.src[:, 6:] == 0).all()
    with inference(trainer.model):
        plain = predict(trainer.model, task.collate(task.split("test")[:7]))
        torch.testing.assert_close(predict(trainer.model, padded), plain, atol=1e-5, rtol=1e-4)
