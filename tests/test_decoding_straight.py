"""One token in a straight line gives what calling the model's modules gives, and what a probe sees is the same."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from laws import COSTLY_EXAMPLES, examples
from small_models import VOCAB, make_model, padded_src
from torch import Tensor, nn

from attnviz.decoding import DecoderSession, inference
from attnviz.model import Chain, Transformer
from attnviz.model.lora import add_lora
from attnviz.model.straight import straight_decoder
from attnviz.trace import HeadsOff


class Notes:
    """Keeps all that is tapped."""

    def __init__(self, hears: frozenset[str] | None = None) -> None:
        self.kept: dict[tuple[str, str], Tensor] = {}
        if hears is not None:
            self.hears = hears

    def wants(self, site: str) -> bool:
        return True

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        self.kept[site, name] = value.clone()
        return value


@examples(12, COSTLY_EXAMPLES)
@given(
    seed=st.integers(0, 10_000),
    architecture=st.sampled_from(["encoder-decoder", "decoder-only"]),
    positions=st.sampled_from(["learned", "sinusoidal", "rotary", "none"]),
    norm=st.sampled_from(["pre", "post"]),
    activation=st.sampled_from(["gelu", "relu"]),
    off=st.booleans(),
)
def test_straight_is_module_by_module(
    seed: int, architecture: str, positions: str, norm: str, activation: str, off: bool
) -> None:
    model = make_model(seed, architecture, positions=positions, norm=norm, activation=activation).train()
    src = padded_src(3, 5, seed) if model.has_encoder else None
    tokens = torch.randint(1, VOCAB, (3, 7), generator=torch.Generator().manual_seed(seed))
    plan = model.default_masks(src, None)
    change = [HeadsOff([("decoder.1.self_attn", 1)])] if off else []
    plain, straight = Notes(), Notes()
    session = DecoderSession(model, src, probe=Chain((*change, straight)))
    cache = model.new_cache()
    with inference(model):
        memory = None if src is None else model.encode(src)
        for column in tokens.split(1, dim=1):
            expected = model.decode(column, memory, masks=plan, probe=Chain((*change, plain)), cache=cache)
            torch.testing.assert_close(session.feed(column), expected, atol=1e-5, rtol=0)
    seen = {place for place in straight.kept if place[0].startswith("decoder")}
    assert seen == set(plain.kept)
    for place in seen:
        torch.testing.assert_close(straight.kept[place], plain.kept[place], atol=1e-5, rtol=0)


def test_who_hears_weights_alone_sees_the_same_weights() -> None:
    model = make_model(3, "decoder-only").eval()
    all_of_it, weights = Notes(), Notes(frozenset({"weights"}))
    sessions = [DecoderSession(model, probe=notes) for notes in (all_of_it, weights)]
    for column in torch.randint(1, VOCAB, (2, 7), generator=torch.Generator().manual_seed(3)).split(1, dim=1):
        weights.kept.clear()
        one, other = (session.feed(column) for session in sessions)
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)
    for site in model.sites:
        torch.testing.assert_close(all_of_it.kept[site, "weights"], weights.kept[site, "weights"], atol=1e-6, rtol=0)
    assert (model.sites[0], "scores") not in weights.kept  # what nobody hears is not made


def test_weights_that_change_meanwhile_are_the_ones_used() -> None:
    model = make_model(5, "decoder-only").eval()
    first, other = torch.tensor([[3]]), torch.tensor([[4]])
    session, cache = DecoderSession(model), model.new_cache()
    with inference(model):
        for column in (first, other):
            session.feed(column)
            model.decode(column, cache=cache)
        for parameter in model.parameters():
            parameter.mul_(1.5)
        torch.testing.assert_close(session.feed(first), model.decode(first, cache=cache), atol=1e-5, rtol=0)


@pytest.mark.parametrize("part", ["lora", "hook", "norm"])
def test_what_only_calling_computes_has_no_straight_way(part: str) -> None:
    model = make_model(7, "decoder-only")
    assert straight_decoder(model) is not None
    if part == "lora":
        add_lora(model, rank=2, alpha=2.0)
    elif part == "hook":
        model.decoder[1].register_forward_hook(lambda module, given, found: found)
    else:
        assert isinstance(model, Transformer)
        model.decoder_norm = nn.Sequential(model.decoder_norm)
    assert straight_decoder(model) is None
