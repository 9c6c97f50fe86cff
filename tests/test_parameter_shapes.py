"""Shapes told from the config are those of the model that the config makes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import examples

from attnviz.config import ModelConfig
from attnviz.model import Transformer
from attnviz.model.parameter_shapes import parameter_shapes


@pytest.mark.parametrize("architecture", ["encoder-decoder", "decoder-only", "encoder-only"])
@examples(15)
@given(
    encoder=st.integers(0, 2),
    decoder=st.integers(1, 3),
    norm=st.sampled_from(["pre", "post"]),
    positions=st.sampled_from(["learned", "sinusoidal", "rotary", "none"]),
    tied=st.booleans(),
    adapter=st.sampled_from([0, 5]),
    labels=st.sampled_from([0, 7]),
)
def test_names_and_shapes_are_the_models(
    architecture: str, encoder: int, decoder: int, norm: str, positions: str, tied: bool, adapter: int, labels: int
) -> None:
    config = ModelConfig.from_dict(
        {
            "architecture": architecture,
            "src_vocab_size": 0 if architecture == "decoder-only" else 11,
            "vocab_size": 13,
            "d_model": 12,
            "n_heads": 3,
            "n_encoder_layers": encoder,
            "n_decoder_layers": decoder,
            "d_ff": 17,
            "max_len": 19,
            "norm": norm,
            "positions": positions,
            "tied_embeddings": tied and architecture != "encoder-only" and not labels,
            "adapter_size": adapter,
            "n_labels": labels if architecture == "decoder-only" else 0,
        }
    )
    made = {name: tuple(p.shape) for name, p in Transformer(config).named_parameters()}
    assert parameter_shapes(config) == made
