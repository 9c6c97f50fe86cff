"""The parts of the drawing add up to the model."""

from __future__ import annotations

import pytest
from small_models import make_model

from attnviz.model.parts import parts


@pytest.mark.parametrize("architecture", ["encoder-decoder", "decoder-only", "encoder-only"])
@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("positions", ["learned", "sinusoidal", "none"])
@pytest.mark.parametrize("tied", [True, False])
def test_the_parts_add_up(architecture: str, norm: str, positions: str, tied: bool) -> None:
    tied = tied and architecture != "encoder-only"  # which has no decoder embedding to share
    model = make_model(
        0, architecture, norm=norm, positions=positions, tied_embeddings=tied, n_encoder_layers=3, n_decoder_layers=2
    )
    found = parts(model)
    assert sum(part.parameters for part in found) == sum(parameter.numel() for parameter in model.parameters())
    assert len({part.path for part in found}) == len(found)
    assert tuple(part.site for part in found if part.site) == model.sites
    shared = [part.path for part in found if part.shared_with]
    assert shared == (["output"] if tied else [])
    counted = {part.path: part.parameters for part in found}
    for part in found:
        if not part.shared_with:
            assert counted[part.path] == sum(p.numel() for p in model.get_submodule(part.path).parameters())


@pytest.mark.parametrize(("norm", "first"), [("pre", "norm"), ("post", "self_attn")])
def test_a_decoder_block_has_three_sublayers_in_order(norm: str, first: str) -> None:
    block = [part.kind for part in parts(make_model(0, norm=norm)) if part.block == "decoder.0"]
    assert [kind for kind in block if kind != "norm"] == ["self_attn", "cross_attn", "feed_forward"]
    assert block.count("norm") == 3
    assert block[0] == first
