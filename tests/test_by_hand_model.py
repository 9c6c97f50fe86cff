"""By hand on a real model: its own numbers at every step, and the model stays as it is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from laws import examples
from small_models import VOCAB, make_model, padded_src

from attnviz import masks
from attnviz.data.batch import Batch
from attnviz.masks import MaskPlan
from attnviz.model import ATTENTION_TAPS, Transformer
from attnviz.trace.walkthrough import Edit, setup_of, walk
from attnviz.trace.watching import watch


def make_batch(model: Transformer, seed: int) -> Batch:
    src = padded_src(3, 7, seed) if model.config.has_encoder else None
    ids = torch.randint(1, VOCAB, (3, 5), generator=torch.Generator().manual_seed(seed))
    labels = tuple(tuple(f"s{i}" for i in range(7 - row)) for row in range(3)) if src is not None else ()
    return Batch(src, ids if model.config.has_decoder else None, None, src_labels=labels)


@examples(30)
@given(
    seed=st.integers(0, 10_000),
    architecture=st.sampled_from(["encoder-decoder", "decoder-only", "encoder-only"]),
    norm=st.sampled_from(["pre", "post"]),
    positions=st.sampled_from(["learned", "sinusoidal", "rotary", "none"]),
    activation=st.sampled_from(["gelu", "relu"]),
    scaled=st.booleans(),
    painted=st.booleans(),
    example=st.integers(0, 2),
    encoder_layers=st.sampled_from([0, 2]),
)
def test_every_number_is_the_models_own(
    seed: int,
    architecture: str,
    norm: str,
    positions: str,
    activation: str,
    scaled: bool,
    painted: bool,
    example: int,
    encoder_layers: int,
) -> None:
    model = make_model(
        seed,
        architecture,
        norm=norm,
        positions=positions,
        activation=activation,
        scale_scores=scaled,
        n_encoder_layers=encoder_layers,
    )
    batch = make_batch(model, seed)
    plan = model.default_masks(batch.src, batch.decoder_input)
    if painted:
        hidden = ~masks.cells([(1, 0), (3, 2), (0, 0)])
        plan = MaskPlan(plan.encoder_self & hidden, plan.decoder_self & hidden, plan.cross & hidden)
    trace = watch(model, batch, masks=plan)
    for site in model.sites:
        done = walk(setup_of(model, batch, site, example=example, masks=plan))
        record = trace[site]
        for name in ATTENTION_TAPS:
            theirs = getattr(record, name)[example]
            np.testing.assert_allclose(done[name].values, theirs, atol=1e-6, rtol=0, err_msg=f"{site} {name}")
        if done.setup.feed_forward is not None:
            block = site.rsplit(".", 1)[0]
            np.testing.assert_allclose(done.output.values, trace.outputs[block][example], atol=1e-6, rtol=0)


def test_the_two_walks_of_a_decoder_block_join() -> None:
    for norm in ("pre", "post"):
        model = make_model(3, norm=norm)
        batch = make_batch(model, 3)
        first = walk(setup_of(model, batch, "decoder.1.self_attn"))
        second = setup_of(model, batch, "decoder.1.cross_attn")
        assert first.setup.feed_forward is None
        np.testing.assert_allclose(first.output.values, second.x, atol=1e-6)


def test_labels_name_the_tokens_of_both_axes() -> None:
    model = make_model(1)
    setup = setup_of(model, make_batch(model, 1), "decoder.0.cross_attn", example=2)
    assert setup.column_labels == ("s0", "s1", "s2", "s3", "s4", "<pad>", "<pad>")
    assert len(setup.row_labels) == 5
    walked = walk(setup)
    assert walked["weights"].columns.labels == setup.column_labels
    assert walked["weights"].rows.labels == setup.row_labels


def test_the_model_is_left_alone() -> None:
    model = make_model(2).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    batch = make_batch(model, 2)
    setup = setup_of(model, batch, "decoder.0.cross_attn")
    edited = setup.edited(Edit("w_q", 0, 0, 9.0), Edit("x", 0, 0, 9.0), Edit("b_v", 0, 1, 9.0))
    edited = dataclasses.replace(edited, x=edited.x + 1)
    assert not np.allclose(walk(edited).output.values, walk(setup).output.values)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    np.testing.assert_array_equal(
        walk(setup_of(model, batch, "decoder.0.cross_attn")).output.values, walk(setup).output.values
    )


class Adapted(torch.nn.Module):
    """A linear layer with something added, as a low-rank adapter does."""

    def __init__(self, base: torch.nn.Linear) -> None:
        super().__init__()
        self.base = base
        self.in_features = base.in_features
        self.down = torch.nn.Parameter(torch.randn(2, base.in_features))
        self.up = torch.nn.Parameter(torch.randn(base.out_features, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.base(x) + x @ self.down.T @ self.up.T
        return y


def test_an_adapted_layer_is_walked_with_what_it_really_computes() -> None:
    model = make_model(4)
    attention = model.get_submodule("decoder.0.cross_attn")
    for name in ("q_proj", "v_proj"):
        setattr(attention, name, Adapted(attention.get_submodule(name)))  # type: ignore[arg-type]
    batch = make_batch(model, 4)
    done = walk(setup_of(model, batch, "decoder.0.cross_attn"))
    record = watch(model, batch)["decoder.0.cross_attn"]
    np.testing.assert_allclose(done["weights"].values, record.weights[0], atol=1e-5)
    np.testing.assert_allclose(done["attn_output"].values, record.attn_output[0], atol=1e-5)


def test_what_the_site_needs_must_be_there() -> None:
    model = make_model(0)
    batch = make_batch(model, 0)
    with pytest.raises(ValueError, match="this model has encoder"):
        setup_of(model, batch, "decoder.7.self_attn")
    without = dataclasses.replace(batch, decoder_input=None)
    with pytest.raises(ValueError, match="no decoder input"):
        setup_of(model, without, "decoder.0.self_attn")
    assert walk(setup_of(model, without, "encoder.1.self_attn")).output.shape == (7, 12)
