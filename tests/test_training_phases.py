"""A step walked through is the very step; its numbers are true; gradients are finite differences."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from laws import examples

from attnviz.config import TrainConfig
from attnviz.data import Task, tasks
from attnviz.training import (
    PHASES,
    PhaseReport,
    Trainer,
    UpdateMeter,
    check_gradient,
    gradient_norms,
    make_model,
    model_config_for,
    walk,
)
from attnviz.training.gradients import layer_of
from attnviz.training.phase_reports import (
    BatchReport,
    ClipReport,
    ForwardReport,
    GradientReport,
    LossReport,
    UpdateReport,
)
from attnviz.training.phases import one_row

CONFIG = TrainConfig(steps=13, batch_size=11, learning_rate=3e-3, warmup_steps=3, eval_every=2, eval_examples=5, seed=5)


def make_task(objective: str | None = None) -> Task:
    return tasks.get("reverse", size=100, symbols=5, max_length=5, objective=objective)


def make_trainer(config: TrainConfig = CONFIG, **shape: object) -> Trainer:
    task = make_task(config.objective)
    fitted = model_config_for(task, **{"d_model": 12, "n_heads": 3, "d_ff": 17, "dropout": 0.3, **shape})
    return Trainer(make_model(fitted, config.seed), task, config)


@pytest.fixture(scope="module")
def reports() -> dict[str, PhaseReport]:
    """The second step of a run, walked through."""
    trainer = make_trainer(replace(CONFIG, clip_norm=0.1, label_smoothing=0.1, l1=1e-3))
    trainer.step()
    return {report.phase: report for report in walk(trainer, row=1)}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"objective": "masked-lm"},
        {"objective": "causal-lm", "optimizer": "sgd"},
        {"objective": "denoising", "l1": 1e-3, "clip_norm": 0.05},
        {"without": ("causal-mask", "shift"), "optimizer": "momentum"},
        {"cross_mask": "~window(1)", "cross_mask_share": 0.5},
    ],
    ids=lambda changes: " ".join(map(str, changes.values())) or "plain",
)
def test_walking_is_stepping_bit_for_bit(changes: dict[str, object]) -> None:
    config = TrainConfig.from_dict({**CONFIG.to_dict(), **changes})
    stepped, walked = make_trainer(config), make_trainer(config)
    for _ in range(3):
        record = stepped.step()
        *_, last = walk(walked)
        assert isinstance(last, UpdateReport)
        clocks = {"seconds", "tokens_per_second", "update_ratio"}
        assert {k: v for k, v in last.record.items() if k not in clocks} == {
            k: v for k, v in record.to_dict().items() if k not in clocks
        }
    for one, other in zip(stepped.model.parameters(), walked.model.parameters(), strict=True):
        assert torch.equal(one, other)
    assert stepped.batches.position == walked.batches.position


def test_the_phases_come_in_order_and_come_back_from_json(reports: dict[str, PhaseReport]) -> None:
    assert tuple(reports) == PHASES
    for report in reports.values():
        stored = json.loads(json.dumps(report.to_dict()))
        back = PhaseReport.from_dict(stored)
        assert type(back) is type(report)
        assert back.to_dict() == report.to_dict()
    with pytest.raises(ValueError, match="allowed: batch, forward"):
        PhaseReport.from_dict({"phase": "sleep"})


def test_the_batch_is_counted(reports: dict[str, PhaseReport]) -> None:
    batch = reports["batch"]
    assert isinstance(batch, BatchReport)
    twin = make_trainer()
    twin.draw()
    assert batch.src_labels == (drawn := twin.draw()).src_labels
    assert (batch.step, batch.epoch, batch.index, batch.examples) == (2, 0, 2, drawn.size)
    assert batch.tokens == sum(map(len, batch.target_labels))
    read = sum(map(len, batch.src_labels)) + sum(map(len, batch.decoder_labels))
    widest = batch.examples * (max(map(len, batch.src_labels)) + max(map(len, batch.decoder_labels)))
    assert batch.padding == pytest.approx(1 - read / widest)


def test_attention_is_of_the_chosen_row(reports: dict[str, PhaseReport]) -> None:
    batch, forward = reports["batch"], reports["forward"]
    assert isinstance(batch, BatchReport)
    assert isinstance(forward, ForwardReport)
    assert forward.src_labels == batch.src_labels[1]
    T, S = len(forward.decoder_labels), len(forward.src_labels)
    assert forward.weights["decoder.1.cross_attn"].shape == (3, T, S)
    for site, weights in forward.weights.items():
        np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5, err_msg=site)
        assert (weights[~forward.masks[site]] == 0).all()
    assert len(forward.candidates) == T
    for candidates in forward.candidates:
        shares = [p for _, p in candidates]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) <= 1 + 1e-5


def test_the_loss_is_the_mean_of_its_tokens(reports: dict[str, PhaseReport]) -> None:
    loss = reports["loss"]
    assert isinstance(loss, LossReport)
    scored = ~np.isnan(loss.token_losses)
    assert scored.sum(axis=1).tolist() == [len(row) for row in loss.target_labels]
    assert loss.token_losses[scored].mean() == pytest.approx(loss.nats, rel=1e-5)
    assert loss.objective != pytest.approx(loss.nats)  # smoothed
    right = [
        a == b
        for said, row in zip(loss.said_labels, loss.target_labels, strict=True)
        for a, b in zip(said, row, strict=True)
    ]
    assert loss.token_accuracy == pytest.approx(sum(right) / len(right))
    assert loss.penalty > 0


def test_gradients_clipping_and_update_fit_together(reports: dict[str, PhaseReport]) -> None:
    gradient, clip, update = reports["gradients"], reports["clip"], reports["update"]
    assert isinstance(gradient, GradientReport)
    assert isinstance(clip, ClipReport)
    assert isinstance(update, UpdateReport)
    assert gradient.norms.total == pytest.approx(clip.norm, rel=1e-4)
    layers = gradient.norms.by_layer()
    assert sum(norm**2 for norm in layers.values()) ** 0.5 == pytest.approx(clip.norm, rel=1e-4)
    assert list(layers)[:3] == ["src_embedding", "encoder.0", "encoder.1"]
    assert gradient.check.gradient == pytest.approx(gradient.check.difference, rel=1e-4, abs=1e-8)
    assert clip.factor == pytest.approx(0.1 / clip.norm, rel=1e-4)
    assert clip.after == pytest.approx(0.1, rel=1e-4)
    norms = update.updates
    whole = (norms.update**2).sum() ** 0.5 / (norms.weight**2).sum() ** 0.5
    assert update.ratio == pytest.approx(float(whole), rel=1e-4)
    assert update.record["update_ratio"] == update.ratio
    sizes = [abs(one.after - one.before) for one in norms.largest]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == 12


def test_the_meter_sees_exactly_what_moves() -> None:
    model = make_trainer().model
    meter = UpdateMeter(model)
    assert meter.ratio() == 0
    assert (meter.report().moved == 0).all()
    name = "decoder.1.cross_attn.k_proj.weight"
    with torch.no_grad():
        model.get_parameter(name)[7, 5] += 0.25
    report = meter.report(largest=1)
    where = report.parameters.index(name)
    assert report.moved[where] == pytest.approx(1 / 144)
    assert report.moved.sum() == report.moved[where]
    assert report.update[where] == pytest.approx(0.25, rel=1e-5)
    (one,) = report.largest
    assert (one.parameter, one.index) == (name, (7, 5))
    assert one.after - one.before == pytest.approx(0.25, rel=1e-4)


def test_the_ratio_is_measured_only_when_due() -> None:
    trainer = make_trainer()
    trainer.ratio_every = 3
    plain = make_trainer()
    records = list(trainer.run(until=7))
    assert [record.step for record in records if record.update_ratio is not None] == [3, 6]
    list(plain.run(until=7))
    for one, other in zip(trainer.model.parameters(), plain.model.parameters(), strict=True):
        assert torch.equal(one, other)


@examples(25)
@given(st.data())
def test_any_weights_gradient_is_its_finite_difference(data: st.DataObject) -> None:
    objective = data.draw(st.sampled_from(["seq2seq", "masked-lm", "causal-lm", "denoising"]))
    trainer = make_trainer(replace(CONFIG, objective=objective), n_encoder_layers=1)
    batch = trainer.draw()
    names = [name for name, _ in trainer.model.named_parameters()]
    name = data.draw(st.sampled_from(names))
    shape = trainer.model.get_parameter(name).shape
    index = data.draw(st.none() | st.tuples(*(st.integers(0, n - 1) for n in shape)))
    smoothing, l1 = data.draw(st.sampled_from([(0.0, 0.0), (0.1, 0.0), (0.0, 0.01)]))
    check = check_gradient(trainer.model, batch, name, index, label_smoothing=smoothing, l1=l1)
    assert check.gradient == pytest.approx(check.difference, rel=1e-4, abs=1e-8)
    assert check.value == pytest.approx(float(trainer.model.get_parameter(name).detach()[check.index]))


def test_the_checked_gradient_is_the_one_that_trains() -> None:
    trainer = make_trainer(dropout=0.0)
    batch = trainer.draw()
    trainer.backward(trainer.forward(batch))
    name = "encoder.0.feed_forward.inner.weight"
    check = check_gradient(trainer.model, batch, name)
    gradient = trainer.model.get_parameter(name).grad
    assert gradient is not None
    assert float(gradient[check.index]) == pytest.approx(check.gradient, rel=1e-3)
    assert float(gradient.abs().max()) == pytest.approx(abs(check.gradient), rel=1e-3)
    norms = gradient_norms(trainer.model)
    assert norms.gradient[norms.parameters.index(name)] == pytest.approx(float(gradient.norm()), rel=1e-5)


@pytest.mark.parametrize(("name", "index"), [("nonsense", None), ("output.weight", (0, 99)), ("output.weight", (0,))])
def test_a_weight_that_is_not_there_is_refused(name: str, index: tuple[int, ...] | None) -> None:
    trainer = make_trainer(tied_embeddings=False)
    with pytest.raises(ValueError, match=name):
        check_gradient(trainer.model, trainer.draw(), name, index)


def test_layers_have_their_names() -> None:
    names = {layer_of(name) for name, _ in make_trainer().model.named_parameters()}
    assert names == {
        *("src_embedding", "encoder.0", "encoder.1", "encoder_norm"),
        *("embedding", "decoder.0", "decoder.1", "decoder_norm"),
    }


def test_a_row_alone_has_no_padding() -> None:
    task = make_task()
    pairs = sorted(task.split("train")[:9], key=lambda pair: len(pair.source))
    batch = task.collate([pairs[0], pairs[-1]])
    alone, known = one_row(batch, 0), task.collate([pairs[0]])
    for field in ("src", "decoder_input", "targets"):
        assert torch.equal(getattr(alone, field), getattr(known, field))
    assert (alone.src_labels, alone.target_labels) == (known.src_labels, known.target_labels)
