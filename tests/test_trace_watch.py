"""Watching shows what was computed, changes nothing, and leaves nothing behind."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from random_masks import trees
from small_models import VOCAB, make_model, padded_src
from torch import Tensor

from attnviz import masks
from attnviz.data.batch import Batch
from attnviz.masks import Mask, MaskPlan
from attnviz.model import Transformer
from attnviz.trace import EditedScores, EditedWeights, HeadsOff, Temperature, block_sites, watch
from attnviz.trace.record import UnmadeRecord

ARCHITECTURES = ("encoder-decoder", "decoder-only", "encoder-only")


def make_batch(model: Transformer, batch: int = 3, src: int = 7, length: int = 5) -> Batch:
    decoder = padded_src(batch, length, 4) if model.config.has_decoder else None
    return Batch(
        src=padded_src(batch, src, 3) if model.config.has_encoder else None,
        decoder_input=decoder,
        targets=None if decoder is None else decoder.roll(-1, 1),
    )


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_trace_holds_every_site_as_numpy_and_the_right_numbers(architecture: str) -> None:
    model = make_model(1, architecture).eval()
    batch = make_batch(model)
    trace = watch(model, batch)
    assert trace.sites == model.sites
    assert tuple(trace.outputs) == block_sites(model)
    assert trace.kinds == model.kinds
    with torch.no_grad():
        logits = model(batch.src, batch.decoder_input)
    np.testing.assert_allclose(trace.logits, logits.numpy(), atol=2e-5)
    for site in trace.sites:
        record = trace[site]
        assert all(getattr(record, name).dtype == np.float32 for name in ("q", "k", "v", "scores", "weights"))
        assert record.mask.dtype == np.bool_
        scores = np.einsum("bhtd,bhsd->bhts", record.q, record.k) / math.sqrt(4)
        np.testing.assert_allclose(record.scores, scores, atol=1e-5)
        assert np.array_equal(record.masked_scores, np.where(record.mask, record.scores, -np.inf))
        np.testing.assert_allclose(record.head_output, record.weights @ record.v, atol=1e-5)
        np.testing.assert_allclose(record.row_sums, 1, atol=1e-6)
        assert not record.blocked_share.any()


def test_weights_masks_and_labels_by_kind() -> None:
    model = make_model(1, n_encoder_layers=1)
    batch = make_batch(model)
    labels = Batch(
        src=batch.src,
        decoder_input=batch.decoder_input,
        targets=None,
        src_labels=(tuple("abcdefg"), tuple("abcdef"), tuple("abcde")),
        decoder_labels=(tuple("vwxyz"), tuple("vwxy"), tuple("vwx")),
    )
    trace = watch(model, labels)
    assert trace.loss is None
    assert trace.weights("cross").shape == trace.mask("cross").shape == (2, 3, 3, 5, 7)
    assert trace.weights("encoder_self").shape == (1, 3, 3, 7, 7)
    assert trace.labels("cross", 1) == (("v", "w", "x", "y", "<pad>"), (*"abcdef", "<pad>"))
    assert trace.labels("encoder_self", 0) == (tuple("abcdefg"),) * 2
    assert trace.labels("decoder_self", 2)[1] == ("v", "w", "x", "<pad>", "<pad>")
    assert trace.real_rows("decoder_self").sum(axis=1).tolist() == [5, 4, 3]
    assert trace.real_rows("encoder_self").sum(axis=1).tolist() == [7, 6, 5]
    unnamed = watch(model, batch).labels("cross")
    assert unnamed[1] == tuple(str(token) for token in batch.src[0].tolist())  # type: ignore[index]


def test_only_the_sites_asked_for_are_kept() -> None:
    model = make_model(1)
    trace = watch(model, make_batch(model), sites=["decoder.1.cross_attn", "encoder.0"])
    assert trace.sites == ("decoder.1.cross_attn",)
    assert tuple(trace.outputs) == ("encoder.0",)
    with pytest.raises(KeyError, match="was not watched"):
        trace["decoder.0.cross_attn"]
    with pytest.raises(ValueError, match="no encoder_self attention was watched"):
        trace.weights("encoder_self")


@pytest.mark.parametrize("site", ["decoder.2.self_attn", "encoder", "", "decoder.0.cross_attn.weights"])
def test_an_unknown_site_is_refused_with_those_that_exist(site: str) -> None:
    model = make_model(1)
    with pytest.raises(ValueError, match=r"site is .*encoder\.0\.self_attn"):
        watch(model, make_batch(model), sites=[site])


def test_the_loss_is_nats_per_target_token() -> None:
    model = make_model(1).eval()
    batch = make_batch(model)
    trace = watch(model, batch)
    total, scored = 0.0, 0
    for b, t in np.ndindex(3, 5):
        target = int(batch.targets[b, t])  # type: ignore[index]
        if target != 0:
            total -= float(torch.tensor(trace.logits[b, t]).log_softmax(0)[target])
            scored += 1
    assert trace.loss == pytest.approx(total / scored, abs=1e-6)


class Fails:
    """A probe that breaks in the middle of a pass."""

    def wants(self, site: str) -> bool:
        return site == "decoder.0.cross_attn"

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        if self.wants(site) and name == "weights":
            raise RuntimeError("in the middle")
        return value


def state(model: Transformer) -> tuple[object, ...]:
    hooks = [(len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks)) for m in model.modules()]
    names = [sorted(vars(m)) for m in model.modules()]
    return hooks, names, [m.training for m in model.modules()], [p.grad for p in model.parameters()]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("probe", [None, Fails()])
def test_nothing_is_left_behind_also_after_an_exception(training: bool, probe: Fails | None) -> None:
    model = make_model(1).train(training)
    model.encoder.eval()  # a frozen part keeps its own mode
    batch, before, weights = make_batch(model), state(model), copy.deepcopy(model.state_dict())
    if probe is None:
        first, second = watch(model, batch), watch(model, batch)
        assert np.array_equal(first.logits, second.logits)  # dropout is off meanwhile
    else:
        with pytest.raises(RuntimeError, match="in the middle"):
            watch(model, batch, interventions=[probe])
    assert state(model) == before
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
    assert torch.is_grad_enabled()


@given(trees(), trees(), trees())
def test_the_masks_that_were_in_force_are_what_is_shown(encoder: Mask, decoder: Mask, cross: Mask) -> None:
    model = make_model(2)
    trace = watch(model, make_batch(model), masks=MaskPlan(encoder, decoder, cross))
    for kind, mask, queries, keys in (
        ("encoder_self", encoder, 7, 7),
        ("decoder_self", decoder, 5, 5),
        ("cross", cross, 5, 7),
    ):
        dense = mask.dense(batch=3, heads=3, queries=queries, keys=keys).numpy()
        assert (trace.mask(kind) == dense).all()  # type: ignore[arg-type]
        weights = trace.weights(kind)  # type: ignore[arg-type]
        assert not weights[~trace.mask(kind)].any()  # type: ignore[arg-type]
        np.testing.assert_allclose(
            weights.sum(axis=-1), np.broadcast_to(dense.any(axis=-1), weights.shape[:-1]), atol=1e-6
        )


def test_a_head_switched_off_is_a_head_whose_columns_of_out_proj_are_zero() -> None:
    model = make_model(3).eval()
    batch = make_batch(model)
    off = watch(model, batch, interventions=[HeadsOff({("decoder.0.cross_attn", 1), ("encoder.1.self_attn", 2)})])
    edited = copy.deepcopy(model)
    with torch.no_grad():
        edited.decoder[0].cross_attn.out_proj.weight[:, 4:8] = 0
        edited.encoder[1].self_attn.out_proj.weight[:, 8:12] = 0
    np.testing.assert_allclose(off.logits, watch(edited, batch).logits, atol=1e-5)
    plain = watch(model, batch)
    assert not np.allclose(off.logits, plain.logits, atol=1e-3)
    assert np.array_equal(off["encoder.0.self_attn"].weights, plain["encoder.0.self_attn"].weights)
    assert not off["decoder.0.cross_attn"].head_output[:, 1].any()
    assert off["decoder.0.cross_attn"].weights[:, 1].any()  # its map is still there to be seen


def test_interventions_act_also_where_nothing_is_recorded() -> None:
    model = make_model(3)
    batch = make_batch(model)
    off = HeadsOff({("decoder.0.self_attn", 0)})
    full, bare = (watch(model, batch, interventions=[off], sites=sites) for sites in (None, []))
    np.testing.assert_allclose(bare.logits, full.logits, atol=2e-5)
    assert bare.sites == ()


def test_temperature_makes_weights_even_or_sharp() -> None:
    model = make_model(3)
    batch, site = make_batch(model), "decoder.1.cross_attn"
    plain = watch(model, batch)[site]
    hot = watch(model, batch, interventions=[Temperature(1e6)])[site]
    visible = hot.mask / hot.mask.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(hot.weights, visible, atol=1e-4)
    cold = watch(model, batch, interventions=[Temperature(1e-4, site, frozenset({2}))])[site]
    best = np.where(plain.mask, plain.scores, -np.inf).argmax(axis=-1)
    assert np.array_equal(cold.weights[:, 2].argmax(axis=-1), best[:, 2])
    assert cold.weights[:, 2].max(axis=-1).min() > 0.95
    np.testing.assert_allclose(cold.weights[:, :2], plain.weights[:, :2], atol=1e-6)


def test_edited_scores_go_through_the_softmax_and_edited_weights_do_not() -> None:
    model = make_model(3)
    batch, site = make_batch(model), "decoder.0.cross_attn"
    plain = watch(model, batch)[site]
    scores = watch(model, batch, interventions=[EditedScores(site, ((1, 2, 3, 100.0),))])[site]
    assert (scores.scores[:, 1, 2, 3] == 100).all()
    np.testing.assert_allclose(scores.weights[:, 1, 2, 3], 1, atol=1e-6)
    np.testing.assert_allclose(scores.row_sums, 1, atol=1e-6)
    weights = watch(model, batch, interventions=[EditedWeights(site, ((1, 2, 3, 0.0),))])[site]
    lost = np.zeros_like(plain.row_sums)
    lost[:, 1, 2] = plain.weights[:, 1, 2, 3]
    np.testing.assert_allclose(weights.row_sums, plain.row_sums - lost, atol=1e-6)


def test_interventions_are_values() -> None:
    assert HeadsOff({("decoder.0.self_attn", 1)}) == HeadsOff([("decoder.0.self_attn", 1)] * 2)
    assert len({Temperature(2.0), Temperature(2.0), Temperature(3.0)}) == 2
    assert EditedScores("encoder.0.self_attn", ((0, 0, 0, 1.0),)) != EditedWeights(
        "encoder.0.self_attn", ((0, 0, 0, 1.0),)
    )


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: HeadsOff({("decoder.0", 1)}), "site is 'decoder.0'"),
        (lambda: HeadsOff({("decoder.0.self_attn", -1)}), "head is -1"),
        (lambda: HeadsOff({("decoder.0.self_attn", 3)}), r"its heads are 0 … 2"),
        (lambda: Temperature(0.0), "temperature is 0.0"),
        (lambda: Temperature(float("nan")), "temperature is nan"),
        (lambda: EditedScores("decoder.0.self_attn", ((0, 0, 5, 1.0),)), "key is 5.*0 … 4"),
        (lambda: EditedScores("decoder.0.self_attn", ((3, 0, 0, 1.0),)), "head is 3.*0 … 2"),
    ],
)
def test_an_impossible_intervention_is_refused_and_named(make: object, says: str) -> None:
    assert callable(make)
    model = make_model(3)
    with pytest.raises(ValueError, match=says):
        watch(model, make_batch(model), interventions=[make()])


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_models_of_other_precision_are_recorded_as_float32(dtype: torch.dtype) -> None:
    model = make_model(3).to(dtype)
    trace = watch(model, make_batch(model))
    assert trace.logits.dtype == trace["encoder.0.self_attn"].weights.dtype == np.float32
    assert trace.logits.shape == (3, 5, VOCAB)


def test_a_batch_without_what_the_model_needs_is_refused() -> None:
    model = make_model(3)
    batch = make_batch(model)
    with pytest.raises(ValueError, match="decoder_input is missing"):
        watch(model, Batch(src=batch.src, decoder_input=None, targets=None))


def test_a_mask_can_be_swapped_in_some_heads_only() -> None:
    model = make_model(3)
    batch, site = make_batch(model), "decoder.1.self_attn"
    own = model.default_masks(batch.src, batch.decoder_input)
    trace = watch(model, batch, masks=own.with_heads(site, [1], masks.sliding_window(1)))
    assert np.array_equal(trace[site].weights[:, 1], np.broadcast_to(np.eye(5, dtype=np.float32), (3, 5, 5)))
    np.testing.assert_allclose(trace[site].weights[:, [0, 2]], watch(model, batch)[site].weights[:, [0, 2]], atol=1e-6)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_weights_made_when_asked_for_are_those_that_were_kept(architecture: str) -> None:
    model = make_model(1, architecture).eval()
    batch = make_batch(model)
    unseen = masks.full() & ~masks.cells([(2, key) for key in range(7)])  # one query sees nothing
    plan = model.default_masks(batch.src, batch.decoder_input)
    for site in model.sites:
        plan = plan.with_site(site, plan.at(site) & unseen)
    kept, unmade = watch(model, batch, masks=plan), watch(model, batch, masks=plan, taps=(), unmade=True)
    np.testing.assert_allclose(unmade.logits, kept.logits, atol=2e-5)
    for site in model.sites:
        record = unmade[site]
        assert isinstance(record, UnmadeRecord)
        assert not record.taps
        np.testing.assert_allclose(record.map(1, 1), kept[site].weights[1, 1], atol=1e-6)
        np.testing.assert_allclose(record.weights, kept[site].weights, atol=1e-6)
        assert np.array_equal(record.map(2, 0), record.weights[2, 0])
        assert np.array_equal(record.mask, kept[site].mask)
        assert not record.weights[:, :, 2].any()


def test_what_acts_on_weights_is_seen_in_them_and_a_head_switched_off_needs_none() -> None:
    model = make_model(1, "decoder-only").eval()
    batch = make_batch(model)
    site = model.sites[0]
    trace = watch(model, batch, taps=(), unmade=True, interventions=[Temperature(2.0)])
    assert not isinstance(trace[site], UnmadeRecord)
    np.testing.assert_allclose(
        trace[site].weights, watch(model, batch, interventions=[Temperature(2.0)])[site].weights, atol=1e-6
    )
    off = watch(model, batch, taps=(), unmade=True, interventions=[HeadsOff([(site, 1)])])
    assert isinstance(off[site], UnmadeRecord)
    np.testing.assert_allclose(off.logits, watch(model, batch, interventions=[HeadsOff([(site, 1)])]).logits, atol=2e-5)
