"""Keys and values kept: one token at a time gives what the whole sequence gives, whatever the model and its masks."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from laws import COSTLY_EXAMPLES, examples
from small_models import VOCAB, make_model, padded_src

from attnviz import masks
from attnviz.decoding import DecoderSession, cacheable, inference, sees_only_the_past
from attnviz.masks import Mask, MaskPlan
from attnviz.model import KVCache, Transformer

PAST = {
    "causal": masks.causal(),
    "window": masks.causal() & masks.sliding_window(3),
    "painted": masks.causal() & ~masks.cells([(2, 1), (4, 0), (0, 0)]),
    "dilated": masks.dilated(3, 2) & masks.causal(),
    "either": (masks.causal() & masks.random(0.7, 3)) | masks.cells([(3, 0), (5, 5)]),
}
FUTURE = {
    "full": masks.full(),
    "prefix": masks.prefix(3),
    "painted": masks.causal() | masks.cells([(1, 4)]),
    "window": masks.sliding_window(2),
    "not": ~masks.causal(),
}


def inputs(
    model: Transformer, batch: int, length: int, target: int, seed: int
) -> tuple[torch.Tensor | None, torch.Tensor]:
    src = padded_src(batch, length, seed) if model.config.has_encoder else None
    return src, torch.randint(1, VOCAB, (batch, target), generator=torch.Generator().manual_seed(seed))


@given(
    seed=st.integers(0, 10_000),
    architecture=st.sampled_from(["encoder-decoder", "decoder-only"]),
    positions=st.sampled_from(["learned", "sinusoidal", "rotary", "none"]),
    norm=st.sampled_from(["pre", "post"]),
    mask=st.sampled_from(sorted(PAST)),
    batch=st.sampled_from([1, 3]),
    length=st.sampled_from([2, 5, 7]),
    chunks=st.lists(st.integers(1, 5), min_size=1, max_size=4),
)
def test_stepwise_is_whole_sequence(
    seed: int, architecture: str, positions: str, norm: str, mask: str, batch: int, length: int, chunks: list[int]
) -> None:
    model = make_model(seed, architecture, positions=positions, norm=norm).eval()
    src, tokens = inputs(model, batch, length, sum(chunks), seed)
    default = model.default_masks(src, None)
    plan = MaskPlan(default.encoder_self, PAST[mask], default.cross & ~masks.cells([(1, 1)]))
    with inference(model):
        whole = model(src, tokens, masks=plan)
    for use_cache in (True, False):
        session = DecoderSession(model, src, masks=plan, use_cache=use_cache)
        assert session.cached is use_cache
        steps = torch.cat([session.feed(chunk) for chunk in tokens.split(chunks, dim=1)], dim=1)
        torch.testing.assert_close(steps, whole, atol=1e-5, rtol=0)
        assert torch.equal(session.fed, tokens)


@examples(15, COSTLY_EXAMPLES)
@given(seed=st.integers(0, 10_000), back=st.integers(0, 6), cached=st.booleans())
def test_after_a_rewind_it_is_as_if_nothing_had_been_fed(seed: int, back: int, cached: bool) -> None:
    model = make_model(seed, positions="rotary")
    src, tokens = inputs(model, 3, 5, 7, seed)
    _, others = inputs(model, 3, 5, 7, seed + 1)
    straight, winding = (DecoderSession(model, src, use_cache=cached) for _ in range(2))
    expected = torch.cat([straight.feed(column) for column in torch.cat((tokens[:, :back], others), 1).split(1, 1)], 1)
    winding.feed(tokens)
    winding.rewind(back)
    assert winding.length == back
    got = winding.feed(others)
    torch.testing.assert_close(got, expected[:, back:], atol=1e-5, rtol=0)


@examples(15, COSTLY_EXAMPLES)
@given(seed=st.integers(0, 10_000), rows=st.lists(st.integers(0, 4), min_size=1, max_size=7), cached=st.booleans())
def test_selected_rows_go_on_as_they_were(seed: int, rows: list[int], cached: bool) -> None:
    model = make_model(seed)
    src, tokens = inputs(model, 5, 7, 3, seed)
    session = DecoderSession(model, src, use_cache=cached)
    session.feed(tokens)
    session.select(rows)
    session.select(list(range(len(rows)))[::-1])
    logits = session.feed(torch.full((len(rows), 1), 5))
    for place, row in enumerate(reversed(rows)):
        alone = DecoderSession(model, src[row : row + 1][:, : int((src[row] != 0).sum())])
        alone.feed(tokens[row : row + 1])
        torch.testing.assert_close(logits[place], alone.feed(torch.tensor([[5]]))[0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("mask", [*PAST.values()], ids=[*PAST])
def test_masks_of_the_past_are_recognised(mask: Mask) -> None:
    assert sees_only_the_past(mask)
    assert not mask.dense(batch=1, heads=1, queries=11, keys=11).triu(1).any()


@examples(10, COSTLY_EXAMPLES)
@given(seed=st.integers(0, 1000), name=st.sampled_from(sorted(FUTURE)))
def test_a_mask_that_shows_the_future_turns_the_cache_off(seed: int, name: str) -> None:
    model = make_model(seed, "decoder-only")
    plan = MaskPlan(decoder_self=FUTURE[name])
    assert not cacheable(model, plan)
    _, tokens = inputs(model, 3, 5, 7, seed)
    session = DecoderSession(model, masks=plan, use_cache=True)
    assert not session.cached
    last = [session.feed(column) for column in tokens.split(1, dim=1)][-1]
    with inference(model):
        torch.testing.assert_close(last, model(None, tokens, masks=plan)[:, -1:], atol=1e-5, rtol=0)


@given(lengths=st.lists(st.integers(1, 41), min_size=1, max_size=4), seed=st.integers(0, 100))
def test_the_cache_gives_back_what_was_put_in(lengths: list[int], seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    k, v = (torch.randn(2, 3, sum(lengths), 5, generator=generator) for _ in range(2))
    memory = torch.randn(2, 3, 7, 5, generator=generator)
    cache = KVCache()
    cache.keep("decoder.0.cross_attn", memory, -memory)
    for new_k, new_v in zip(k.split(lengths, 2), v.split(lengths, 2), strict=True):
        got_k, got_v = cache.append("decoder.0.self_attn", new_k, new_v)
    assert torch.equal(got_k, k)
    assert torch.equal(got_v, v)
    assert cache.decoded == sum(lengths)
    rows = torch.tensor([1, 1, 0])
    cache.select(rows)
    cache.rewind(lengths[0])
    assert torch.equal(cache.keys_values("decoder.0.self_attn")[0], k[rows, :, : lengths[0]])
    assert torch.equal(cache.keys_values("decoder.0.cross_attn")[1], -memory[rows])
    with pytest.raises(ValueError, match="holds"):
        cache.rewind(lengths[0] + 1)
