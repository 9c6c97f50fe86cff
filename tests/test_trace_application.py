"""What each way of applying a mask does, also to a fully blocked row and in half precision (curriculum E3, E5, E6)."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_masks import trees
from small_models import make_model
from test_trace_watch import make_batch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from attnviz import masks
from attnviz.masks import Mask, MaskPlan
from attnviz.trace import APPLICATIONS, PRECISIONS, EditedScores, HeadsOff, MaskApplication, apply_mask, watch
from attnviz.trace.application import DTYPES

BEFORE = ("own", "-inf", "-1e9")  # applied before the softmax
ONE_BLOCKED = masks.causal() & ~masks.cells([(2, 0), (2, 1), (2, 2)])  # query 2 sees nothing


def scores(seed: int = 0, dtype: torch.dtype = torch.float32, size: tuple[int, ...] = (2, 3, 5, 7)) -> Tensor:
    return (torch.randn(size, generator=torch.Generator().manual_seed(seed)) * 3).to(dtype)


def dense(mask: Mask) -> Tensor:
    return mask.dense(batch=2, heads=3, queries=5, keys=7)


@given(trees(), st.integers(0, 99), st.sampled_from(PRECISIONS), st.sampled_from(BEFORE))
def test_before_the_softmax_blocked_is_exactly_0(mask: Mask, seed: int, precision: str, how: str) -> None:
    visible = dense(mask)
    weights = apply_mask(scores(seed, DTYPES[precision]), visible, how).weights  # type: ignore[arg-type]
    seeing = visible.any(dim=-1, keepdim=True)
    assert not weights[~visible & seeing].any()
    torch.testing.assert_close(
        weights.double().sum(-1)[seeing[..., 0]], torch.ones(int(seeing.sum())).double(), atol=2e-2, rtol=0
    )


@given(st.integers(0, 99))
def test_all_of_them_agree_where_nothing_is_blocked(seed: int) -> None:
    everything = torch.ones((1, 1, 1, 1), dtype=torch.bool)
    expected = scores(seed).softmax(-1)
    for how in APPLICATIONS:
        torch.testing.assert_close(apply_mask(scores(seed), everything, how).weights, expected, atol=3e-7, rtol=0)


@given(trees(), st.integers(0, 99))
def test_renormalised_is_right_and_not_renormalised_is_short(mask: Mask, seed: int) -> None:
    visible, raw = dense(mask), scores(seed)
    right = apply_mask(raw, visible, "own").weights
    after = apply_mask(raw, visible, "after").weights
    seeing = visible.any(dim=-1)
    again = apply_mask(raw, visible, "after-renormalised").weights
    torch.testing.assert_close(again[seeing], right[seeing], atol=1.3e-7, rtol=1e-6)
    assert again[~seeing].isnan().all()  # 0/0
    some_blocked = ~visible.all(dim=-1)
    assert (after.sum(-1)[some_blocked] < 1).all()
    torch.testing.assert_close(after[some_blocked], (raw.softmax(-1) * visible)[some_blocked])


def test_after_the_softmax_a_blocked_key_still_has_a_say() -> None:
    visible, raw = dense(masks.causal()), scores()
    louder = raw.masked_fill(~visible, 9.0)
    assert torch.equal(apply_mask(raw, visible, "own").weights, apply_mask(louder, visible, "own").weights)
    ratio = apply_mask(louder, visible, "after").weights[visible] / apply_mask(raw, visible, "after").weights[visible]
    assert ratio.min() < 0.1


@given(trees(), st.integers(0, 99))
def test_hidden_gives_every_blocked_key_the_weight_of_score_0(mask: Mask, seed: int) -> None:
    visible, raw = dense(mask), scores(seed)
    applied = apply_mask(raw, visible, "hidden")
    total = torch.where(visible, raw.exp(), torch.ones_like(raw)).sum(-1, keepdim=True)
    torch.testing.assert_close(applied.weights[~visible], (1 / total).expand_as(raw)[~visible])
    torch.testing.assert_close(applied.weights.sum(-1), torch.ones(2, 3, 5))
    assert not applied.mixing[~visible].any()
    assert torch.equal(applied.mixing[visible], applied.weights[visible])


@pytest.mark.parametrize(
    ("how", "precision", "row"),
    [
        ("own", "fp32", "zeros"),
        ("own", "fp16", "zeros"),
        ("-inf", "fp32", "nan"),
        ("-1e9", "fp32", "uniform"),
        ("-1e9", "bf16", "uniform"),
        ("-1e9", "fp64", "unmasked"),
        ("-1e9", "fp16", "nan"),
        ("after", "fp32", "zeros"),
        ("after-renormalised", "fp32", "nan"),
        ("hidden", "fp32", "uniform"),
        ("none", "fp32", "unmasked"),
    ],
)
def test_a_fully_blocked_row_shows_what_each_choice_does(how: str, precision: str, row: str) -> None:
    raw, visible = scores(dtype=DTYPES[precision]), dense(ONE_BLOCKED)
    found = apply_mask(raw, visible, how).weights[:, :, 2]  # type: ignore[arg-type]
    expected = {
        "zeros": torch.zeros_like(found),
        "nan": torch.full_like(found, torch.nan),
        "uniform": torch.full_like(found, 1 / 7),
        "unmasked": raw[:, :, 2].softmax(-1),
    }[row]
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0, equal_nan=True)
    assert apply_mask(raw, visible, how).weights[:, :, 3].isfinite().all()  # type: ignore[arg-type]


def test_minus_1e9_overflows_in_half_precision_only() -> None:
    visible = dense(masks.causal())
    for precision, dtype in DTYPES.items():
        masked = apply_mask(scores(dtype=dtype), visible, "-1e9").masked_scores
        assert masked.dtype == dtype
        assert masked[~visible].isinf().all() == (precision == "fp16")


def test_torch_gives_zeros_like_ours() -> None:
    q, k, v = (torch.randn(2, 3, n, 4, generator=torch.Generator().manual_seed(n)) for n in (5, 7, 7))
    fused = scaled_dot_product_attention(q, k, v, attn_mask=dense(ONE_BLOCKED))
    assert not fused[:, :, 2].any()


@pytest.mark.parametrize("architecture", ["encoder-decoder", "decoder-only", "encoder-only"])
def test_the_own_way_as_an_intervention_changes_nothing(architecture: str) -> None:
    model = make_model(1, architecture)
    batch = make_batch(model)
    plain, same = watch(model, batch), watch(model, batch, interventions=[MaskApplication()])
    assert np.array_equal(plain.logits, same.logits)
    for precision, off in (("fp64", 1e-5), ("bf16", 0.2), ("fp16", 0.02)):
        other = watch(model, batch, interventions=[MaskApplication("own", precision)])  # type: ignore[arg-type]
        np.testing.assert_allclose(other.logits, plain.logits, atol=off)
        assert not np.array_equal(other.logits, plain.logits)


def test_a_trace_shows_row_sums_and_the_weight_on_blocked_keys() -> None:
    model = make_model(1)
    batch, site = make_batch(model), "decoder.0.self_attn"
    records = {how: watch(model, batch, interventions=[MaskApplication(how)])[site] for how in APPLICATIONS}
    for how, record in records.items():
        short = how == "after"
        np.testing.assert_allclose(record.row_sums[:, :, -1], 1, atol=1e-6)  # the last query sees all
        assert (record.row_sums[:, :, :-1] < 0.999).all() == short
        assert bool(record.blocked_share[:, :, :-1].all()) == (how in ("hidden", "none"))
    share = records["hidden"].blocked_share[:, :, 0]
    expected = 4 / (4 + np.exp(records["own"].scores[:, :, 0, 0]))  # four blocked keys of e⁰ against the visible one
    np.testing.assert_allclose(share, expected, atol=1e-6)
    assert share.min() > 0.17


def test_hidden_multiplies_the_states_of_blocked_tokens() -> None:
    model = make_model(1, n_encoder_layers=0)
    batch, site = make_batch(model, batch=1), "decoder.0.cross_attn"
    with torch.no_grad():
        for block in model.decoder:
            block.cross_attn.k_proj.bias.zero_()
            block.cross_attn.v_proj.bias.zero_()
    # A mask of whole columns can be carried out on the memory itself.
    blocked = ~masks.cells((query, key) for query in range(5) for key in (1, 4))
    hidden = MaskApplication("hidden", sites=frozenset({site, "decoder.1.cross_attn"}))
    found = watch(model, batch, masks=MaskPlan(decoder_self=masks.causal(), cross=blocked), interventions=[hidden])
    model.eval()
    with torch.no_grad():
        memory = model.encode(batch.src)
        memory[:, [1, 4]] = 0
        expected = model.decode(batch.decoder_input, memory)
    np.testing.assert_allclose(found.logits, expected.numpy(), atol=1e-5)


def test_nan_is_let_through_and_stays_in_what_it_reaches() -> None:
    model = make_model(1, "decoder-only")
    batch = make_batch(model)
    plan = MaskPlan(decoder_self=ONE_BLOCKED)
    broken = watch(model, batch, masks=plan, interventions=[MaskApplication("-inf")])
    assert np.isnan(broken.logits[:, 2:]).all()
    assert np.isnan(broken.loss)  # type: ignore[arg-type]
    # 0 · NaN is NaN: the value of the broken position spoils even queries that give it no weight.
    first = broken["decoder.0.self_attn"]
    assert np.isfinite(first.weights[:, :, :2]).all()
    assert np.isnan(broken["decoder.1.self_attn"].head_output).all()
    assert np.isfinite(watch(model, batch, masks=plan).logits).all()
    entropy = broken.statistics("decoder_self").entropy
    assert np.isfinite(entropy[0]).all()  # the broken row itself is fully blocked and doesn't count
    assert np.isnan(entropy[1, 0]).all()


def test_it_acts_at_its_sites_and_joins_other_interventions() -> None:
    model = make_model(1)
    batch, site = make_batch(model), "decoder.0.cross_attn"
    plain = watch(model, batch)
    only = watch(model, batch, interventions=[MaskApplication("none", sites=frozenset({site}))])
    assert np.array_equal(only["decoder.0.self_attn"].weights, plain["decoder.0.self_attn"].weights)
    assert only[site].blocked_share[1:].all()
    assert not only["decoder.1.cross_attn"].blocked_share.any()
    both = [EditedScores(site, ((0, 0, 2, 50.0),)), MaskApplication("after"), HeadsOff({(site, 1)})]
    found = watch(model, batch, interventions=both)[site]
    np.testing.assert_allclose(found.weights[:, 0, 0, 2], 1, atol=1e-6)
    assert not found.head_output[:, 1].any()


def test_impossible_choices_are_refused_by_name() -> None:
    for make in (
        lambda: MaskApplication("before"),  # type: ignore[arg-type]
        lambda: MaskApplication(precision="float8"),  # type: ignore[arg-type]
        lambda: MaskApplication(sites=frozenset({"decoder.0"})),
    ):
        with pytest.raises((ValueError, TypeError)):
            make()
    assert MaskApplication("after") == MaskApplication("after")
    assert hash(MaskApplication("after", "fp16")) != hash(MaskApplication("after"))
