"""Every strategy: begins as the old model, trains what its table says and nothing else, can stop and go on."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from fine_tuning_starts import STRATEGIES, TRAIN, prepared, start, symbols, tuner

from attnviz.config import FineTuneConfig
from attnviz.data import PAD, tasks
from attnviz.errors import FineTuneError
from attnviz.model.inference import inference
from attnviz.model.lora import FACTORS, plain_weights
from attnviz.model.parts import parts
from attnviz.training import TrainingState, evaluate
from attnviz.training.finetuning.drift import weight_drift
from attnviz.training.finetuning.freezing import cost
from attnviz.training.finetuning.prepare import fits, prepare
from attnviz.training.finetuning.tuner import FineTuner
from attnviz.training.objective import predict
from attnviz.training.start import from_checkpoint, without_weights

INHERITING = tuple(strategy for strategy in STRATEGIES if strategy != "scratch")


def weights(run: FineTuner) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in run.model.named_parameters()}


def assert_same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> None:
    assert first.keys() == second.keys()
    for name in first:
        assert torch.equal(first[name], second[name]), name


@pytest.mark.parametrize(
    ("name", "task", "config"),
    [
        ("reverse", "copy", FineTuneConfig()),
        ("lm-en", "copy", FineTuneConfig()),  # another kind of model
        ("numbers-zh", "copy", FineTuneConfig()),  # reads no letters
        ("dates", "copy", FineTuneConfig(new_tokens="refuse")),
        ("reverse", "copy", FineTuneConfig(strategy="last-layers", last_layers=3)),
        ("reverse", "copy", FineTuneConfig(strategy="last-layers", last_layers=8)),
        ("reverse", "hsk-topic", FineTuneConfig(backbone="decoder")),
    ],
    ids=lambda one: (
        one if isinstance(one, str) else f"{one.strategy}-{one.last_layers}-{one.new_tokens}-{one.backbone}"
    ),
)
def test_what_fits_is_what_can_be_prepared_and_is_known_without_weights(
    name: str, task: str, config: FineTuneConfig
) -> None:
    made = None
    with suppress(FineTuneError):
        made = prepare(from_checkpoint(name), tasks.get(task), config)
    assert fits(without_weights(name), tasks.get(task), config) == (made is not None)


@pytest.mark.parametrize("strategy", INHERITING)
def test_at_the_start_the_model_is_the_old_one(strategy: str) -> None:
    made = prepared(strategy)
    old = prepared("full").model
    batch = symbols().encode("abcd", "abcd")
    with inference(made.model), inference(old), inference(made.before):
        expected = predict(old, batch)
        torch.testing.assert_close(predict(made.model, batch), expected, atol=1e-6, rtol=0)
        torch.testing.assert_close(predict(made.before, batch), expected, atol=1e-6, rtol=0)
    assert {name: value.shape for name, value in start().weights.items()}.keys() >= set(dict(old.named_parameters()))


def test_scratch_has_the_same_shape_and_other_weights() -> None:
    made, full = prepared("scratch"), prepared("full")
    assert made.model.config == full.model.config
    assert made.task.tgt_vocab == full.task.tgt_vocab
    assert all(plan.origin == "new" and plan.trains_from == 0 for plan in made.plans)
    ours, theirs = dict(made.model.named_parameters()), dict(full.model.named_parameters())
    matrices = [name for name in ours if ours[name].dim() > 1]
    assert not any(torch.equal(ours[name], theirs[name]) for name in matrices)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_is_frozen_stays_bit_identical_and_what_trains_moves(strategy: str) -> None:
    run = tuner(strategy, unfreeze_every=3)
    before = weights(run)
    list(run.run())
    after = weights(run)
    for plan in run.prepared.plans:
        same = torch.equal(before[plan.name], after[plan.name])
        assert same == (plan.trains_from is None), plan


@pytest.mark.parametrize(
    ("strategy", "options", "trained"),
    [
        ("head", {}, ("output.",)),
        ("last-layers", {"last_layers": 1}, ("output.", "decoder.1.", "decoder_norm.")),
        ("last-layers", {"last_layers": 2}, ("output.", "decoder.1.", "decoder_norm.", "decoder.0.")),
    ],
)
def test_the_table_says_what_the_strategy_says(
    strategy: str, options: dict[str, int], trained: tuple[str, ...]
) -> None:
    for plan in prepared(strategy, **options).plans:
        assert (plan.trains_from is not None) == plan.name.startswith(trained), plan


def test_lora_and_adapter_train_themselves_only() -> None:
    lora = {p.name for p in prepared("lora").plans if p.trains_from is not None}
    assert lora
    assert all(name.rpartition(".")[2] in FACTORS for name in lora)
    adapter = {p.name for p in prepared("adapter").plans if p.trains_from is not None}
    assert adapter
    assert all("adapter_" in name for name in adapter)


def test_layers_learn_at_their_share_of_the_rate() -> None:
    run = tuner("layer-decay", layer_decay=0.5)
    rate = run.step().learning_rate
    found = {id(p): group["lr"] for group in run.optimizer.param_groups for p in group["params"]}
    for name, parameter in run.model.named_parameters():
        plan = run.plans[name]
        assert found[id(parameter)] == pytest.approx(rate * 0.5**plan.level)
    order = ("output.weight", "decoder_norm.bias", "decoder.0.feed_forward.inner.bias", "encoder_norm.weight")
    assert [run.plans[name].level for name in (*order, "embedding.tokens.weight")] == [0, 1, 2, 3, 4]


def test_gradual_unfreezing_begins_with_the_head_and_goes_down() -> None:
    run = tuner("gradual", replace(TRAIN, steps=9), unfreeze_every=2, unfreeze_blocks=1)
    before, moved_at = weights(run), {}
    for record in run.run():
        for name, value in weights(run).items():
            if name not in moved_at and not torch.equal(value, before[name]):
                moved_at[name] = record.step
    for plan in run.prepared.plans:
        assert moved_at[plan.name] == plan.trains_from + 1, plan  # type: ignore[operator]
        assert plan.trains_from == 2 * plan.level
        assert [plan.state(step) for step in (plan.trains_from - 1, plan.trains_from)] == ["later", "trains"]


@pytest.mark.parametrize(("strategy", "stop"), [(strategy, 5) for strategy in STRATEGIES] + [("gradual", 2)])
def test_stopping_and_going_on_changes_nothing(strategy: str, stop: int, tmp_path: Path) -> None:
    options = {"unfreeze_every": 4, "patience": 2, "train_size": 31, "augmentation": "rename"}
    train = replace(TRAIN, eval_every=2, eval_examples=5)
    whole = tuner(strategy, train, **options)
    records = [record.loss for record in whole.run()]
    stopped = tuner(strategy, train, **options)
    first = [record.loss for record in stopped.run(until=stop)]
    stopped.capture().save(tmp_path / "state.safetensors")

    resumed = tuner(strategy, train, **options)
    with torch.no_grad():
        for parameter in resumed.model.parameters():
            parameter.zero_()
    resumed.restore(TrainingState.load(tmp_path / "state.safetensors"))
    assert first + [record.loss for record in resumed.run()] == records
    assert_same(weights(resumed), weights(whole))
    assert resumed.stopping == whole.stopping
    assert_same(resumed.best, whole.best)


def test_early_stopping_ends_the_run_and_comes_back_to_the_best() -> None:
    run = tuner("full", replace(TRAIN, steps=400, learning_rate=0.5, eval_every=1), patience=3)
    losses = [record.metrics.loss for record in run.run() if record.metrics is not None]
    assert run.stopped_early
    assert run.step_number < 400
    best = min(losses)
    assert losses[-4:].index(min(losses[-4:])) == 0  # three worse ones after the best
    assert run.use_best() == losses.index(best) + 1
    assert run.evaluate().loss == best
    assert list(run.run()) == []


def test_the_phases_make_a_step() -> None:
    whole, by_phase = tuner("layer-decay"), tuner("layer-decay")
    record = whole.step()
    loss = by_phase.forward(by_phase.draw())
    by_phase.backward(loss)
    assert by_phase.clip() == record.grad_norm
    by_phase.update()
    assert_same(weights(by_phase), weights(whole))


def test_regularisation_spares_what_is_frozen() -> None:
    run = tuner("last-layers", replace(TRAIN, l1=0.01, weight_decay=0.5, label_smoothing=0.1), dropout=0.4)
    before = weights(run)
    run.set(weight_decay=0.9)
    list(run.run())
    for plan in run.prepared.plans:
        if plan.trains_from is None:
            assert torch.equal(before[plan.name], weights(run)[plan.name]), plan
    assert run.model.config.dropout == 0.4


# ---- costs


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_costs_are_what_torch_holds(strategy: str) -> None:
    run = tuner(strategy, unfreeze_every=2)
    counted = run.prepared.cost()
    list(run.run())
    run.backward(run.forward(run.draw()))
    parameters = list(run.model.parameters())
    assert counted.parameters == sum(p.numel() for p in parameters)
    assert counted.weight_bytes == sum(p.nbytes for p in parameters)
    assert counted.gradient_bytes == sum(p.grad.nbytes for p in parameters if p.grad is not None)
    moments = [v for s in run.optimizer.state.values() for key, v in s.items() if key != "step"]
    assert counted.optimizer_bytes == sum(v.nbytes for v in moments)
    assert counted.trained <= counted.parameters
    assert cost(run.prepared.plans, "sgd").optimizer_bytes == 0
    assert {plan.part for plan in run.prepared.plans} <= {part.path for part in parts(run.model)}


def test_fewer_numbers_train_and_less_memory_is_needed() -> None:
    full, head, lora = (prepared(strategy).cost() for strategy in ("full", "head", "lora"))
    assert head.trained < lora.trained < full.trained
    assert max(head.bytes, lora.bytes) < full.bytes
    at_first = prepared("gradual", unfreeze_every=50)
    assert at_first.cost(step=0).trained == head.trained
    assert at_first.cost(step=50).trained == head.parameters


# ---- the old task, and how far things moved


@pytest.mark.parametrize("strategy", INHERITING)
def test_before_training_the_old_task_is_what_it_was(strategy: str) -> None:
    old = start()
    run = tuner(strategy)
    expected = evaluate(prepared("full", task=old.task).model, old.task, "test")
    found = run.evaluate_old_task("test")
    assert found.loss == pytest.approx(expected.loss, abs=1e-5)
    assert found.exact_match == expected.exact_match


def test_the_old_task_sees_what_training_did() -> None:
    run = tuner("full")
    before = run.evaluate_old_task("test").loss
    list(run.run())
    now = run.evaluate_old_task("test").loss
    assert now != before
    assert now == pytest.approx(evaluate(run.model, run.prepared.start.task, "test").loss, abs=1e-6)


def test_metrics_hold_both_tasks() -> None:
    run = tuner("full", replace(TRAIN, eval_every=7))
    (metrics,) = [record.metrics.to_dict() for record in run.run() if record.metrics is not None]
    assert {"loss", "exact_match", "old_loss", "old_token_accuracy", "old_exact_match", "macro_f1"} <= set(metrics)
    blind = tuner("full", replace(TRAIN, eval_every=7), watch_old_task=False)
    assert "old_loss" not in list(blind.run())[-1].metrics.to_dict()  # type: ignore[union-attr]


@pytest.mark.parametrize("strategy", ["full", "last-layers", "lora"])
def test_drift_is_where_training_was(strategy: str) -> None:
    run = tuner(strategy)
    assert all(drift.relative == 0 for drift in weight_drift(run.model, run.prepared.first_weights))
    list(run.run())
    now = plain_weights(run.model)
    for drift in weight_drift(run.model, run.prepared.first_weights):
        for name, moved in drift.tensors.items():
            first = run.prepared.first_weights[name]
            assert moved == pytest.approx(float((now[name] - first).norm() / (first.norm() or 1)), rel=1e-4, abs=1e-7)
        trained = any(p.trains_from is not None for p in run.prepared.plans if p.name.startswith(f"{drift.part}."))
        if drift.part != "output":
            assert (drift.moved > 0) == trained, drift


# ---- refusals


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"strategy": "last-layers", "last_layers": 9}, "finetune_layers"),
        ({"train_size": 1}, "finetune_no_examples"),
        ({"folds": 200}, "finetune_no_examples"),
        ({"augmentation": "join"}, None),
        ({"augmentation": "hide"}, "bad_option"),
        ({"backbone": "decoder"}, "finetune_backbone"),
    ],
)
def test_what_does_not_fit_is_said(options: dict[str, object], code: str | None) -> None:
    if code is None:
        prepared(**options)  # type: ignore[arg-type]
        return
    with pytest.raises(ValueError, match=r".+") as error:
        prepared(**options)  # type: ignore[arg-type]
    assert error.value.code == code  # type: ignore[attr-defined]


def test_a_model_that_cannot_read_the_data_is_refused() -> None:
    with pytest.raises(FineTuneError) as error:
        prepared(task=tasks.get("numbers-zh", size=101))
    assert error.value.code == "finetune_vocabulary"
    assert error.value.details["known"] == 0
    with pytest.raises(FineTuneError) as error:
        prepared(task=symbols(symbols=9), new_tokens="refuse")
    assert (error.value.code, error.value.details["count"]) == ("finetune_new_tokens", 2)
    with pytest.raises(FineTuneError) as error:
        prepared(task=tasks.get("lm-zh"))
    assert error.value.code == "finetune_backbone"


@pytest.mark.parametrize("strategy", ["full", "head", "lora"])
def test_new_tokens_get_rows_of_their_own_and_old_rows_stay(strategy: str) -> None:
    wider = symbols(symbols=9, max_length=6)
    run = FineTuner(prepared(strategy, task=wider), TRAIN)
    old = start().task
    assert old.src_vocab is not None
    assert run.task.tgt_vocab.tokens[: len(old.tgt_vocab)] == old.tgt_vocab.tokens
    assert set(run.prepared.new_source_tokens) == {"h", "i"}
    assert run.model.config.src_vocab_size == len(old.src_vocab) + 2
    assert run.model.config.max_len == start().config.max_len + 1
    before = weights(run)
    list(run.run())
    table = "src_embedding.tokens.weight"
    rows = len(old.src_vocab)
    assert not torch.equal(weights(run)[table][rows:], before[table][rows:])
    assert torch.equal(weights(run)[table][:rows], before[table][:rows]) == (strategy != "full")
    if strategy != "full":  # all that is not new or chosen is frozen, rows included
        for plan in run.prepared.plans:
            now, then = weights(run)[plan.name], before[plan.name]
            if plan.old_rows:
                assert torch.equal(now[: plan.old_rows], then[: plan.old_rows]), plan
    assert run.evaluate_old_task("test").examples


def test_unknown_tokens_may_stay_unknown() -> None:
    made = prepared(task=symbols(symbols=9), new_tokens="unknown")
    assert made.task.src_vocab == start().task.src_vocab
    batch = made.task.encode("hab")
    assert batch.unknown_src == ((0,),)
    assert PAD not in batch.src  # type: ignore[operator]
