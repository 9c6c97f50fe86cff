"""What is said about heads: statistics by hand, ablation one by one, rollout as a share, predictions in order."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from random_masks import trees
from small_models import VOCAB, make_model
from test_trace_watch import ARCHITECTURES, make_batch

from attnviz import masks
from attnviz.data.batch import Batch
from attnviz.data.vocabulary import SPECIALS, Vocabulary
from attnviz.masks import Mask, MaskPlan
from attnviz.trace import (
    HeadsOff,
    HeadStatistics,
    ablation,
    all_heads,
    head_effects,
    head_importance,
    predictions,
    rollout,
    statistics,
    token_effects,
    trace_rollout,
    watch,
)

VOCABULARY = Vocabulary(SPECIALS + tuple(f"t{i}" for i in range(VOCAB - len(SPECIALS))))


def heads_of(*rows: list[list[float]]) -> np.ndarray:
    return np.array(rows, dtype=np.float32)[None]


def test_statistics_of_plain_heads_are_what_one_expects() -> None:
    t = 7
    lower = np.tril(np.ones((t, t), dtype=np.float32))
    previous = np.eye(t, k=-1, dtype=np.float32)
    previous[0, 0] = 1
    first = np.zeros((t, t), dtype=np.float32)
    first[:, 0] = 1
    found = statistics(np.stack([np.eye(t, dtype=np.float32), previous, first, np.full((t, t), 1 / t, np.float32)]))
    np.testing.assert_allclose(found.entropy, [0, 0, 0, math.log(t)], atol=1e-6)
    np.testing.assert_allclose(found.same, [1, 1 / t, 1 / t, 1 / t], atol=1e-6)
    np.testing.assert_allclose(found.previous, [0, 1, 1 / (t - 1), 1 / t], atol=1e-6)
    np.testing.assert_allclose(found.first, [1 / t, 2 / t, 1, 1 / t], atol=1e-6)
    np.testing.assert_allclose(found.distance[:3], [0, (t - 1) / t, (t - 1) / 2], atol=1e-6)
    even = statistics((lower / lower.sum(axis=1, keepdims=True))[None])
    np.testing.assert_allclose(even.entropy, [sum(math.log(n) for n in range(1, t + 1)) / t], atol=1e-6)


def test_cross_statistics_compare_indices() -> None:
    wide, tall = np.eye(3, 5, dtype=np.float32)[None], np.ones((1, 5, 2), dtype=np.float32) / 2
    assert statistics(wide).same == pytest.approx(1)
    assert statistics(wide).distance == pytest.approx(0)
    assert statistics(tall).same == pytest.approx(0.5)  # of the two queries that have a key of their index
    assert statistics(tall).previous == pytest.approx(0.5)


def test_padding_and_fully_blocked_rows_do_not_count() -> None:
    weights = heads_of([[[1, 0, 0], [0, 1, 0], [0, 0, 0]]], [[[0, 0, 1], [0, 0, 1], [1, 0, 0]]])[0]
    rows = np.array([[True, True, True], [True, True, False]])
    found = statistics(weights, weights > 0, rows=rows)
    assert found.same[:, 0].tolist() == [1, 0]  # the zero row of the first is left out: (1 + 1) / 2
    assert found.distance[:, 0].tolist() == [0, 1.5]  # the last row of the second, distance 2, is padding
    none = statistics(np.zeros((2, 3, 3), dtype=np.float32))
    assert all(np.isnan(getattr(none, name)).all() for name in HeadStatistics.FIELDS)
    alone = statistics(np.ones((1, 1, 1), dtype=np.float32))
    assert (alone.same.item(), alone.first.item(), alone.entropy.item()) == (1, 1, 0)
    assert np.isnan(alone.previous).all()  # one token has no previous one


@given(arrays.arrays(np.float32, (2, 3, 5, 7), elements=st.floats(0, 1, width=32)))
def test_statistics_stay_in_their_bounds(raw: np.ndarray) -> None:
    total = raw.sum(axis=-1, keepdims=True)
    weights = np.divide(raw, total, out=np.zeros_like(raw), where=total > 0)
    found = statistics(weights)
    for name, most in (("entropy", math.log(7)), ("distance", 6), ("previous", 1), ("first", 1), ("same", 1)):
        values = getattr(found, name)
        assert values.shape == (2, 3)
        assert (np.isnan(values) | ((values > -1e-5) & (values < most + 1e-5))).all()


def test_a_trace_leaves_padding_out_of_its_statistics() -> None:
    model = make_model(3)
    batch = make_batch(model)
    found = watch(model, batch).statistics("cross")
    assert found.entropy.shape == (2, 3, 3)
    row = 2
    alone = Batch(
        src=batch.src[row, None, :5],  # type: ignore[index]
        decoder_input=batch.decoder_input[row, None, :3],  # type: ignore[index]
        targets=None,
    )
    unpadded = watch(model, alone).statistics("cross")
    for name in HeadStatistics.FIELDS:
        np.testing.assert_allclose(getattr(found, name)[:, row], getattr(unpadded, name)[:, 0], atol=1e-5)


@pytest.mark.parametrize("chunk", [ablation.ELEMENTS_AT_ONCE, 1])
@pytest.mark.parametrize("architecture", ["encoder-decoder", "decoder-only"])
def test_all_heads_at_once_is_each_head_alone(architecture: str, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ablation, "ELEMENTS_AT_ONCE", chunk)
    model = make_model(3, architecture)
    batch = make_batch(model)
    plain = watch(model, batch, sites=[])
    effects = head_effects(model, batch)
    assert [(effect.site, effect.head) for effect in effects] == list(all_heads(model))
    scored = batch.targets.numpy() != 0  # type: ignore[union-attr]
    for effect in effects:
        off = watch(model, batch, interventions=[HeadsOff({(effect.site, effect.head)})], sites=[])
        assert effect.loss == pytest.approx(off.loss - plain.loss, abs=1e-5)  # type: ignore[operator]
        changed = (off.logits.argmax(-1) != plain.logits.argmax(-1))[scored].mean()
        assert effect.changed == pytest.approx(changed, abs=1e-6)
    assert head_importance(model, batch) == {(e.site, e.head): e.loss for e in effects}
    assert max(abs(effect.loss) for effect in effects) > 1e-3


@pytest.mark.parametrize("architecture", ["encoder-decoder", "encoder-only"])
def test_heads_are_measured_in_whatever_order_they_are_asked_for(architecture: str) -> None:
    model = make_model(3, architecture)
    batch, heads = make_batch(model), all_heads(model)
    some = [*heads[::-2], heads[0], heads[-1]]
    every, found = token_effects(model, batch), token_effects(model, batch, heads=some)
    assert found.heads == tuple(some)
    for place, head in enumerate(some):
        np.testing.assert_allclose(found.loss[place], every.loss[heads.index(head)], atol=1e-5)


@given(trees(), trees())
def test_masks_by_example_hold_in_every_copy(decoder: Mask, cross: Mask) -> None:
    model = make_model(3)
    batch, plan = make_batch(model), MaskPlan(decoder_self=decoder, cross=cross)
    head = ("decoder.0.cross_attn", 2)
    plain = watch(model, batch, masks=plan, sites=[])
    off = watch(model, batch, masks=plan, interventions=[HeadsOff({head})], sites=[])
    found = head_importance(model, batch, masks=plan, heads=[head])
    assert found[head] == pytest.approx(off.loss - plain.loss, abs=1e-5)  # type: ignore[operator]


def test_a_head_that_already_does_nothing_is_worth_nothing() -> None:
    model = make_model(3)
    with torch.no_grad():
        model.decoder[1].cross_attn.out_proj.weight[:, 4:8] = 0
    effect = head_effects(model, make_batch(model), heads=[("decoder.1.cross_attn", 1)])[0]
    assert effect.loss == pytest.approx(0, abs=1e-6)
    assert (effect.changed, effect.exact_match) == (0, 0)


def test_exact_match_is_that_of_free_running_decoding() -> None:
    model = make_model(11).eval()
    batch = make_batch(model, batch=5, length=4)
    tokens = torch.ones((5, 1), dtype=torch.long)
    with torch.no_grad():
        for _ in range(4):
            tokens = torch.cat([tokens, model(batch.src, tokens)[:, -1:].argmax(-1)], dim=1)
    own = Batch(src=batch.src, decoder_input=tokens[:, :-1], targets=tokens[:, 1:])
    assert (own.targets != 0).all()  # type: ignore[union-attr]
    for effect in head_effects(model, own):
        again = torch.ones((5, 1), dtype=torch.long)
        off = [HeadsOff({(effect.site, effect.head)})]
        for _ in range(4):
            step = watch(model, Batch(src=batch.src, decoder_input=again, targets=None), interventions=off, sites=[])
            again = torch.cat([again, torch.tensor(step.logits[:, -1:].argmax(-1))], dim=1)
        share = (again == tokens).all(dim=1).double().mean().item()
        assert effect.exact_match == pytest.approx(share - 1)


def test_without_targets_the_models_own_answer_is_what_is_scored() -> None:
    model = make_model(3, "encoder-only")
    batch = make_batch(model)
    effects = head_effects(model, batch)
    own = torch.tensor(watch(model, batch).logits.argmax(-1))
    assert effects == head_effects(model, Batch(src=batch.src, decoder_input=None, targets=own))
    assert all(effect.exact_match <= 0 for effect in effects)


def test_a_head_that_does_not_exist_is_refused() -> None:
    model = make_model(3)
    for head in (("decoder.0.self_attn", 3), ("decoder.9.self_attn", 0), ("decoder.0", 0)):
        with pytest.raises(ValueError, match="none of this model's"):
            head_effects(model, make_batch(model), heads=[head])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_rollout_rows_are_shares(architecture: str) -> None:
    model = make_model(3, architecture)
    found = trace_rollout(watch(model, make_batch(model)))
    if found.encoder is not None:
        np.testing.assert_allclose(found.encoder.sum(-1), 1, atol=1e-6)
    if found.decoder is not None:
        joint = found.decoder.sum(-1) + (0 if found.source is None else found.source.sum(-1))
        np.testing.assert_allclose(joint, 1, atol=1e-6)
        assert not np.triu(found.decoder[-1, 0], 1).any()  # causal layers stay causal
    if found.source is not None:
        np.testing.assert_allclose(found.source_share.sum(-1), 1, atol=1e-6)


def test_rollout_is_the_product_of_the_layers() -> None:
    model = make_model(3, "decoder-only", n_decoder_layers=3)
    weights = watch(model, make_batch(model)).weights("decoder_self")
    expected = np.eye(5)
    for layer in weights[:, 1]:
        expected = (0.5 * layer.mean(axis=0) + 0.5 * np.eye(5)) @ expected
    np.testing.assert_allclose(rollout(weights)[-1, 1], expected, atol=1e-6)
    with pytest.raises(ValueError, match="only self-attention"):
        rollout(np.ones((1, 1, 1, 2, 3), dtype=np.float32))


def test_a_fully_blocked_row_keeps_what_it_has() -> None:
    model = make_model(3)
    plan = MaskPlan(masks.cells([]), masks.cells([]), masks.cells([]))
    found = trace_rollout(watch(model, make_batch(model), masks=plan))
    assert np.array_equal(found.encoder[-1, 0], np.eye(7))  # type: ignore[index]
    assert np.array_equal(found.decoder[-1, 0], np.eye(5))  # type: ignore[index]
    assert not found.source.any()  # type: ignore[union-attr]
    assert not found.source_share.any()


def test_predictions_are_in_order_and_their_loss_is_that_of_the_trace() -> None:
    model = make_model(3)
    trace = watch(model, make_batch(model))
    found = predictions(trace.logits, VOCABULARY, targets=trace.targets, scored=trace.scored)
    assert found.ids.shape == found.probabilities.shape == (3, 5, 5)
    softmax = torch.tensor(trace.logits).softmax(-1)
    np.testing.assert_allclose(found.probabilities, softmax.topk(5).values.numpy(), atol=1e-6)
    assert np.array_equal(found.ids[..., 0], trace.logits.argmax(-1))
    assert found.tokens[1][2][0] == VOCABULARY.tokens[found.ids[1, 2, 0]]
    assert found.mean_loss == pytest.approx(trace.loss, abs=1e-6)
    assert found.correct is not None
    assert np.array_equal(found.correct, (found.ids[..., 0] == trace.targets) & (trace.targets != 0))
    everything = predictions(trace.logits, VOCABULARY, k=VOCAB, targets=trace.targets, scored=trace.scored)
    np.testing.assert_allclose(everything.probabilities.sum(-1), 1, atol=1e-5)
    for b, t in np.argwhere(trace.targets != 0):
        assert everything.ids[b, t, everything.rank[b, t] - 1] == trace.targets[b, t]  # type: ignore[index]


def test_predictions_without_targets_with_nan_and_with_the_wrong_vocabulary() -> None:
    logits = np.zeros((1, 2, VOCAB), dtype=np.float32)
    logits[0, 1] = np.nan
    found = predictions(logits, VOCABULARY, k=3)
    assert (found.loss, found.correct, found.mean_loss) == (None, None, None)
    assert np.isnan(found.probabilities[0, 1]).all()
    np.testing.assert_allclose(found.probabilities[0, 0], 1 / VOCAB, atol=1e-6)
    assert np.isnan(predictions(logits, VOCABULARY, targets=np.array([[5, 5]])).mean_loss)  # type: ignore[arg-type]
    unscored = predictions(logits, VOCABULARY, targets=np.array([[0, 0]]), scored=np.zeros((1, 2), dtype=bool))
    assert np.isnan(unscored.mean_loss)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="vocabulary has 4 tokens"):
        predictions(logits, Vocabulary(SPECIALS))
    with pytest.raises(ValueError, match="k is 0"):
        predictions(logits, VOCABULARY, k=0)
