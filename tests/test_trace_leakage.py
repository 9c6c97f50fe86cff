"""Who can influence whom: what is followed through the masks is what moves when inputs are replaced."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_masks import trees
from small_models import make_model
from test_trace_watch import make_batch

from attnviz import masks
from attnviz.data.batch import Batch
from attnviz.masks import Mask, MaskPlan
from attnviz.trace import (
    APPLICATIONS,
    MaskApplication,
    influence,
    influences,
    leakage,
    moved,
    reach,
    receptive_field,
    verdict,
    watch,
)

POSITIONS = ("learned", "sinusoidal", "rotary", "none")


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("architecture", ["encoder-decoder", "decoder-only"])
def test_a_causal_models_leak_matrix_is_lower_triangular(architecture: str, positions: str) -> None:
    model = make_model(1, architecture, positions=positions)
    batch = make_batch(model, batch=1, length=7)
    amount = influence(model, batch, "decoder")
    assert not np.triu(amount, 1).any()
    assert (amount[np.tril_indices(7)] > 1e-3).all()
    assert np.array_equal(reach(model, batch).of_outputs("decoder"), np.tril(np.ones((7, 7), dtype=bool)))
    assert verdict(moved(amount, watch(model, batch).logits), amount).leaks is False


@given(trees(), trees(), trees(), st.integers(0, 2), st.integers(0, 2))
def test_what_moves_is_what_the_masks_let_through(
    encoder: Mask, decoder: Mask, cross: Mask, layers: int, example: int
) -> None:
    model = make_model(2, n_encoder_layers=layers)
    batch, plan = make_batch(model), MaskPlan(encoder, decoder, cross)
    logits = watch(model, batch, masks=plan, sites=[]).logits
    followed = reach(model, batch, masks=plan, example=example)
    for side in ("decoder", "source"):
        amount = influence(model, batch, side, masks=plan, example=example)  # type: ignore[arg-type]
        possible = followed.of_outputs(side)  # type: ignore[arg-type]
        assert not amount[~possible].any()  # nothing at all moves that may not
        # One key that is the only visible one has weight 1 whatever it holds; such a path may carry little.
        assert (moved(amount, logits) == possible).mean() > 0.9


@pytest.mark.parametrize("how", [how for how in APPLICATIONS if how != "-inf"])
def test_the_way_of_applying_decides_what_leaks(how: str) -> None:
    model = make_model(3, "decoder-only")
    batch = make_batch(model, batch=1, length=7)
    amount = influence(model, batch, "decoder", interventions=[MaskApplication(how)])  # type: ignore[arg-type]
    found = moved(amount, watch(model, batch).logits)
    assert np.array_equal(found, reach(model, batch, how=how).of_outputs("decoder"))  # type: ignore[arg-type]
    assert verdict(found, amount).leaks == (how in ("after", "none"))


def test_a_row_that_is_zeroed_as_a_whole_sees_nothing() -> None:
    model = make_model(3, "decoder-only", n_decoder_layers=1)
    batch = make_batch(model, batch=1, length=7)
    plan = MaskPlan(decoder_self=masks.causal() & ~masks.cells([(3, key) for key in range(4)]))
    amount = influence(model, batch, "decoder", masks=plan, interventions=[MaskApplication("after")])
    found = moved(amount, watch(model, batch).logits)
    followed = reach(model, batch, masks=plan, how="after").of_outputs("decoder")
    assert np.array_equal(found, followed)
    assert followed[3].tolist() == [False, False, False, True, False, False, False]  # itself, by the residual
    assert followed[2].all()  # the denominator of any other row has read every key


def test_a_row_blocked_by_minus_1e9_sees_everything() -> None:
    model = make_model(3, "decoder-only", n_decoder_layers=1)
    batch = make_batch(model, batch=1, length=7)
    plan = MaskPlan(decoder_self=masks.causal() & ~masks.cells([(3, key) for key in range(4)]))
    added = [MaskApplication("-1e9")]
    amount = influence(model, batch, "decoder", masks=plan, interventions=added)
    found = verdict(moved(amount, watch(model, batch).logits), amount)
    assert found.rows == (3,)
    assert (found.first.row, found.first.token) == (3, 4)  # type: ignore[union-attr]
    followed = reach(model, batch, masks=plan, how="-1e9").of_outputs("decoder")
    assert np.array_equal(moved(amount, watch(model, batch).logits), followed)
    assert not verdict(reach(model, batch, masks=plan).of_outputs("decoder")).leaks


def test_one_hole_in_the_mask_leaks_further_with_every_layer() -> None:
    hole = MaskPlan(decoder_self=masks.causal() | masks.cells([(2, 5)]))
    for layers, rows in ((1, (2,)), (2, (2, 3, 4))):
        model = make_model(4, "decoder-only", n_decoder_layers=layers)
        batch = make_batch(model, batch=1, length=7)
        amount = influence(model, batch, "decoder", masks=hole)
        found = verdict(moved(amount, watch(model, batch).logits), amount)
        assert found.rows == rows == verdict(reach(model, batch, masks=hole).of_outputs("decoder")).rows
        assert found.first is not None
        assert found.worst is not None
        assert (found.first.row, found.first.token) == (2, 3 if layers == 2 else 5)
        future = np.triu(amount, 1)
        assert found.worst.amount == pytest.approx(future.max())
        assert future[found.worst.row, found.worst.token] == future.max()


def test_a_window_grows_by_its_width_with_every_layer() -> None:
    model = make_model(5, "encoder-only", n_encoder_layers=3)
    batch = make_batch(model, batch=1, src=17)
    layers = reach(model, batch, masks=MaskPlan(encoder_self=masks.sliding_window(3))).encoder
    assert layers is not None
    assert receptive_field(layers)[:, 8].tolist() == [5, 9, 13]
    assert receptive_field(layers)[:, 0].tolist() == [3, 5, 7]
    prefix = make_model(5, "decoder-only", n_decoder_layers=3)
    batch = make_batch(prefix, batch=1, length=11)
    seen = reach(prefix, batch, masks=MaskPlan(decoder_self=masks.prefix(4))).decoder
    assert seen is not None
    assert receptive_field(seen)[-1].tolist() == [4, 4, 4, 4, 5, 6, 7, 8, 9, 10, 11]


def test_padding_influences_nothing_and_is_masked_as_it_stood() -> None:
    model = make_model(6)
    batch = make_batch(model)
    for example, real in ((0, 7), (1, 6), (2, 5)):
        amount = influence(model, batch, "source", example=example)
        assert not amount[:, real:].any()
        assert (amount[:, :real] > 1e-4).all()
    unmasked = influence(model, batch, "source", masks=MaskPlan(decoder_self=masks.causal()), example=2)
    assert unmasked[:, 5:].all()


def test_chosen_inputs_are_columns_of_the_whole_and_come_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model(6)
    batch = make_batch(model)
    whole = influence(model, batch, "source")
    assert whole.shape == (5, 7)
    np.testing.assert_allclose(influence(model, batch, "source", inputs=[4, 1]), whole[:, [4, 1]], atol=1e-6)
    monkeypatch.setattr(leakage, "ELEMENTS_AT_ONCE", 1)
    parts = list(influences(model, batch, "source"))
    assert [part.inputs for part in parts] == [(column,) for column in range(7)]
    np.testing.assert_allclose(np.concatenate([part.amounts for part in parts], axis=1), whole, atol=1e-6)
    for part in parts:
        np.testing.assert_allclose(part.logits, watch(model, batch).logits[0], atol=1e-5)


def test_an_encoder_only_model_has_sources_for_inputs_and_outputs() -> None:
    model = make_model(6, "encoder-only")
    batch = make_batch(model, batch=1)
    amount = influence(model, batch, "source")
    assert amount.shape == (7, 7)
    assert np.array_equal(moved(amount, watch(model, batch).logits), reach(model, batch).of_outputs("source"))
    with pytest.raises(ValueError, match="no decoder input"):
        influence(model, batch, "decoder")
    with pytest.raises(ValueError, match="no decoder input"):
        reach(model, batch).of_outputs("decoder")


def test_nan_is_a_movement_and_the_worst_one() -> None:
    amount = np.array([[1, 0, 0], [1, 1, 2], [1, 1, np.nan]], dtype=np.float32)
    amount[0, 1] = np.nan
    found = verdict(moved(amount, np.ones((1, 3, 3), dtype=np.float32)), amount)
    assert found.rows == (0, 1)
    assert (found.worst.row, found.worst.token) == (0, 1)  # type: ignore[union-attr]
    assert np.isnan(found.worst.amount)  # type: ignore[union-attr,arg-type]


def test_a_tiny_vocabulary_can_still_be_perturbed_and_a_single_word_cannot() -> None:
    batch = Batch(src=None, decoder_input=torch.tensor([[1, 1, 1]]), targets=None)
    tiny = make_model(7, "decoder-only", vocab_size=3)
    assert influence(tiny, batch, "decoder").shape == (3, 3)
    with pytest.raises(ValueError, match="nothing can be replaced"):
        influence(make_model(7, "decoder-only", vocab_size=2), batch, "decoder")


def test_impossible_inputs_are_refused() -> None:
    model = make_model(6)
    batch = make_batch(model)
    with pytest.raises(ValueError, match="input is 7; allowed: 0 … 6"):
        influence(model, batch, "source", inputs=[7])
    with pytest.raises(ValueError, match="replacements is 0"):
        next(influences(model, batch, "source", replacements=0))
