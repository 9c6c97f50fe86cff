"""Steps that are recorded on a GPU: the same steps, and nothing in them waits for the device. Tried on CPU and meta."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from test_training_compute import EXACT, SHAPE, WRITTEN, trainer, weights
from tiny_runs import tell, tiny_config, train

from attnviz.config import Compute
from attnviz.data import PAD
from attnviz.model.written import FlatParameters, WrittenTransformer
from attnviz.runs import Library
from attnviz.training import Trainer
from attnviz.training.graphed import BUCKET, GraphedStep, bucketed
from attnviz.training.objective import cross_entropy
from attnviz.training.optimizer import decaying


def test_filling_up_changes_no_loss() -> None:
    one = trainer(EXACT, dropout=0.0)
    batch = one.draw()
    wide = bucketed(batch, 10 * BUCKET)
    assert batch.src is not None
    assert wide.src is not None
    assert wide.src.size(1) % BUCKET == 0
    assert wide.src.size(1) > batch.src.size(1)
    assert (wide.src[:, batch.src.size(1) :] == PAD).all()
    # Its positions hold what the task needs: a run fills up no further than that.
    within = bucketed(batch, one.model.config.max_len)
    torch.testing.assert_close(one.forward(within).nats, one.forward(batch).nats)
    assert one.forward(within).tokens == batch.n_scored


@pytest.mark.parametrize("way", [EXACT, WRITTEN])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_steps_made_ahead_are_the_steps(way: Compute, dropout: float) -> None:
    one, ahead = trainer(way, dropout=dropout, clip_norm=0.5), trainer(way, dropout=dropout, clip_norm=0.5)
    expected = list(one.run(until=9))
    records = [*ahead._ahead(4), *ahead._ahead(5)]
    assert [record.step for record in records] == list(range(1, 10))
    if dropout:  # filled up, other numbers are drawn for other places
        assert all(0 < record.loss < 10 for record in records)
        return
    for a, b in zip(records, expected, strict=True):
        assert a.tokens == b.tokens
        assert a.token_accuracy == pytest.approx(b.token_accuracy)
        assert a.loss == pytest.approx(b.loss, rel=2e-2 if way == WRITTEN else 1e-4)
        assert a.grad_norm == pytest.approx(b.grad_norm, rel=5e-2 if way == WRITTEN else 1e-3)
        assert a.learning_rate == b.learning_rate


def test_running_ahead_stops_where_an_evaluation_is_due() -> None:
    one = trainer(EXACT, eval_every=5, eval_examples=3)
    records = one._ahead(64)
    assert [record.step for record in records] == [1, 2, 3, 4, 5]
    assert records[-1].metrics is not None
    assert all(record.metrics is None for record in records[:-1])


def test_on_a_cpu_a_block_is_a_step() -> None:
    one, other = trainer(EXACT), trainer(EXACT)
    assert not one.runs_ahead
    assert [record.loss for record in one.block(64)] == [other.step().loss]


def test_a_state_goes_on_after_steps_made_ahead() -> None:
    one, other = trainer(EXACT), trainer(EXACT)
    one._ahead(6)
    other.restore(one.capture())
    assert [r.loss for r in one._ahead(3)] == [r.loss for r in other._ahead(3)]
    assert all(torch.equal(value, weights(other)[name]) for name, value in weights(one).items())


def test_settings_reach_a_recorded_step() -> None:
    one = trainer(EXACT, dropout=0.0)
    one._ahead(2)
    before = weights(one)
    one.set(learning_rate=1e-12, warmup_steps=0, weight_decay=0.0)
    one._ahead(1)
    assert all(torch.allclose(value, before[name], atol=1e-9) for name, value in weights(one).items())


def test_recording_leaves_every_number_in_its_place() -> None:
    one = trainer(EXACT, dropout=0.0)
    one._ahead(3)
    batch = bucketed(one.draw(), one.model.config.max_len)
    step = GraphedStep(one.written, one.optimizer, one.config, batch)
    before, state = weights(one), one.capture()
    places = [value.data_ptr() for memory in one.optimizer.state.values() for value in memory.values()]
    with step._undone():
        for _ in range(3):
            step(batch)
        assert not all(torch.equal(value, before[name]) for name, value in weights(one).items())
    assert all(torch.equal(value, before[name]) for name, value in weights(one).items())
    assert all(torch.equal(value, state.optimizer[name]) for name, value in one.capture().optimizer.items())
    assert places == [value.data_ptr() for memory in one.optimizer.state.values() for value in memory.values()]


def test_the_first_recording_forgets_what_it_made_the_optimizer_remember() -> None:
    one = trainer(EXACT, dropout=0.0)
    batch = one.draw()
    step = GraphedStep(one.written, one.optimizer, one.config, batch)
    with step._undone():
        step(batch)
    assert all(not value.any() for value in one.capture().optimizer.values())


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_nothing_in_a_step_asks_the_device(precision: str) -> None:
    """A meta tensor has no numbers: whoever asks for one (`item`, `tolist`, `bool`, an index by a mask) fails."""
    source = trainer(dropout=0.3)
    batch = source.draw().to("meta")
    model = source.model.to("meta").train()
    flat = FlatParameters(model, decaying(model), precision)  # type: ignore[arg-type]
    logits = WrittenTransformer(model, flat)(batch.src, batch.decoder_input)
    assert batch.targets is not None
    loss = cross_entropy(logits, batch.targets, label_smoothing=0.1)
    loss.objective.backward()
    assert logits.device.type == "meta"
    assert flat.gradients.norm().device.type == "meta"
    with pytest.raises((RuntimeError, NotImplementedError)):
        loss.nats.item()


def test_trainers_that_cannot_record_do_not_run_ahead() -> None:
    for changes in ({"l1": 0.1}, {"without": ("shift",)}, {"optimizer": "sgd"}, {"cross_mask": "~window(1)"}):
        one: Trainer = trainer(EXACT, **changes)
        one.device = torch.device("cuda", 0)
        assert not one.runs_ahead
    one = trainer(EXACT)
    one.device = torch.device("cuda", 0)
    assert one.runs_ahead


def test_a_run_made_in_blocks_is_recorded_and_kept_as_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(tiny_config(shape={**SHAPE, "dropout": 0.0}), compute=EXACT.to_dict())
    alone = Library(tmp_path / "a").create(config)
    ahead = Library(tmp_path / "b").create(config)
    sizes: list[int] = []
    made = Trainer._ahead
    for run in (alone, ahead):
        if run is ahead:  # as on a GPU
            monkeypatch.setattr(Trainer, "runs_ahead", property(lambda self: True))
            monkeypatch.setattr(Trainer, "_ahead", lambda self, most: sizes.append(most) or made(self, most))
        tell(run, "step", n=7)
        train(run)
        tell(run, "set", learning_rate=0.002)
        tell(run, "play")
        train(run)
    assert max(sizes) > 1
    assert ahead.status().state == "finished"
    assert ahead.kept_steps() == alone.kept_steps()
    ours, theirs = ahead.metrics(), alone.metrics()
    assert ours["step"].tolist() == theirs["step"].tolist()
    assert ours["loss"].tolist() == pytest.approx(theirs["loss"].tolist(), rel=1e-3)
    evaluated = [name for name in ("validation_loss",) if name in theirs]
    for name in evaluated:
        assert ours[name].tolist() == pytest.approx(theirs[name].tolist(), rel=1e-3, nan_ok=True)
