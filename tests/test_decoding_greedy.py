"""Greedy decoding: cached = uncached = the definition, row by row; finished rows cost and change nothing."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from laws import COSTLY_EXAMPLES, examples
from small_models import BOS, EOS, VOCAB, make_model, padded_src

from attnviz import masks
from attnviz.decoding import greedy, inference
from attnviz.masks import MaskPlan
from attnviz.model import Transformer


def by_definition(model: Transformer, src: torch.Tensor | None, given: list[int], max_len: int) -> list[int]:
    """One sentence alone, without a cache: the argmax of the last position, again and again."""
    tokens = list(given)
    with inference(model):
        memory = None if src is None else model.encode(src)
        while len(tokens) < max_len and EOS not in tokens[len(given) :]:
            logits = model.decode(torch.tensor([[BOS, *tokens]]), memory)
            tokens.append(int(logits[0, -1].argmax()))
    return tokens


@examples(20, COSTLY_EXAMPLES)
@given(
    seed=st.integers(0, 10_000),
    batch=st.sampled_from([1, 3, 5]),
    length=st.sampled_from([2, 3, 7]),
    positions=st.sampled_from(["learned", "sinusoidal", "rotary", "none"]),
    norm=st.sampled_from(["pre", "post"]),
    encoder_layers=st.sampled_from([0, 1]),
)
def test_greedy_is_the_argmax_of_every_step(
    seed: int, batch: int, length: int, positions: str, norm: str, encoder_layers: int
) -> None:
    model = make_model(seed, positions=positions, norm=norm, n_encoder_layers=encoder_layers)
    src = padded_src(batch, length, seed)
    out = greedy(model, src, bos_id=BOS, eos_id=EOS, max_len=11)
    assert torch.equal(out, greedy(model, src, bos_id=BOS, eos_id=EOS, max_len=11, use_cache=False))
    for row in range(batch):
        real = src[row][src[row] != 0][None]
        expected = by_definition(model, real, [], 11)
        got = out[row].tolist()
        assert got[: len(expected)] == expected
        assert set(got[len(expected) :]) <= {0}


def test_rows_that_finish_early_are_dropped_and_the_others_go_on() -> None:
    for seed in range(40):  # random models end at random steps: the first with three different lengths will do
        model = make_model(seed, d_model=24, n_heads=2)
        src = padded_src(7, 7, seed)
        out = greedy(model, src, bos_id=BOS, eos_id=EOS, max_len=19)
        ends = [row.index(EOS) + 1 if EOS in row else 19 for row in out.tolist()]
        if len(set(ends)) > 2:
            break
    else:
        pytest.fail("no seed made rows of three different lengths; the test shows nothing")
    assert out.size(1) == max(ends)
    for row, end in enumerate(ends):
        assert out[row, :end].tolist() == by_definition(model, src[row][src[row] != 0][None], [], 19)
        assert not out[row, end:].any()


@examples(20, COSTLY_EXAMPLES)
@given(seed=st.integers(0, 1000), prefix=st.integers(0, 5), batch=st.sampled_from([1, 3]))
def test_a_decoder_only_model_continues_its_prefix(seed: int, prefix: int, batch: int) -> None:
    model = make_model(seed, "decoder-only")
    given_ids = torch.randint(3, VOCAB, (batch, prefix), generator=torch.Generator().manual_seed(seed))
    out = greedy(model, None, bos_id=BOS, eos_id=EOS, max_len=11, prefix=given_ids)
    for row in range(batch):
        expected = by_definition(model, None, given_ids[row].tolist(), 11)
        assert out[row, : len(expected)].tolist() == expected


def test_a_forced_prefix_begins_every_row_of_a_translation() -> None:
    model = make_model(3)
    src = padded_src(5, 7, 3)
    forced = torch.full((5, 2), 7)
    out = greedy(model, src, bos_id=BOS, eos_id=EOS, max_len=11, prefix=forced)
    assert (out[:, :2] == 7).all()
    assert out[4].tolist()[: len(by_definition(model, src[4][:3][None], [7, 7], 11))] == by_definition(
        model, src[4][:3][None], [7, 7], 11
    )


def test_the_position_table_ends_a_row_without_an_error() -> None:
    model = make_model(5, "decoder-only", max_len=7)
    out = greedy(model, None, bos_id=BOS, eos_id=None, max_len=100)
    assert out.size() == (1, 7)  # seven inputs fit: BOS and six tokens, and the seventh is read off
    endless = make_model(5, "decoder-only", max_len=7, positions="rotary")
    assert greedy(endless, None, bos_id=BOS, eos_id=None, max_len=29).size() == (1, 29)


@examples(10, COSTLY_EXAMPLES)
@given(seed=st.integers(0, 1000))
def test_masks_follow_their_rows(seed: int) -> None:
    model = make_model(seed)
    src = padded_src(5, 7, seed)
    src[:, 0] = 5
    plan = MaskPlan(
        encoder_self=masks.key_padding([7, 3, 1, 5, 2]),
        decoder_self=masks.causal() & masks.sliding_window(3),
        cross=masks.key_padding([7, 3, 1, 5, 2]) & ~masks.cells([(1, 0)]),
    )
    out = greedy(model, src, bos_id=BOS, eos_id=EOS, max_len=11, masks=plan)
    for row, length in enumerate([7, 3, 1, 5, 2]):
        own = MaskPlan(
            masks.key_padding([length]), plan.decoder_self, masks.key_padding([length]) & ~masks.cells([(1, 0)])
        )
        alone = greedy(model, src[row : row + 1], bos_id=BOS, eos_id=EOS, max_len=11, masks=own)[0].tolist()
        assert out[row, : len(alone)].tolist() == alone


def test_the_model_is_left_as_it_was() -> None:
    model = make_model(0).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first = greedy(model, padded_src(3, 5, 0), bos_id=BOS, eos_id=EOS, max_len=7)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(first, greedy(model.eval(), padded_src(3, 5, 0), bos_id=BOS, eos_id=EOS, max_len=7))
    assert not model.training


@pytest.mark.parametrize(
    ("architecture", "src", "message"),
    [
        ("encoder-only", torch.ones(1, 3, dtype=torch.long), "encoder-only"),
        ("encoder-decoder", None, "src is missing"),
        ("decoder-only", torch.ones(1, 3, dtype=torch.long), "src is given"),
    ],
)
def test_a_wrong_input_is_refused(architecture: str, src: torch.Tensor | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        greedy(make_model(0, architecture), src, bos_id=BOS, eos_id=EOS, max_len=3)
