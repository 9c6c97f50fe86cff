"""Padding is hidden wherever it stands: at the end, between tokens, and before them, as other batches have it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_models import make_model

import attnviz as av
from attnviz import masks
from attnviz.data import PAD, Batch
from attnviz.model import Transformer
from attnviz.trace import Trace, watch


def model(positions: str, architecture: str = "encoder-decoder") -> Transformer:
    return make_model(7, architecture, positions=positions, dropout=0.0, n_encoder_layers=1).eval()


ROWS = st.lists(st.lists(st.integers(0, 10), min_size=1, max_size=7), min_size=1, max_size=3)


def wide(rows: list[list[int]], left: bool = False) -> torch.Tensor:
    width = max(map(len, rows))
    filled = [[PAD] * (width - len(row)) + row if left else row + [PAD] * (width - len(row)) for row in rows]
    return torch.tensor(filled)


@given(ROWS, ROWS)
def test_no_weight_falls_on_padding(sources: list[list[int]], targets: list[list[int]]) -> None:
    rows = min(len(sources), len(targets))
    src, decoder_input = wide(sources[:rows]), wide(targets[:rows], left=True)
    trace = watch(model("learned"), Batch(src=src, decoder_input=decoder_input, targets=None))
    for site in ("encoder.0.self_attn", "decoder.0.cross_attn", "decoder.1.cross_attn"):
        assert not weights_on(trace, site, src == PAD, torch.ones_like(decoder_input if "cross" in site else src) == 1)
    for site in ("decoder.0.self_attn", "decoder.1.self_attn"):
        assert not weights_on(trace, site, decoder_input == PAD, decoder_input != PAD)


def weights_on(trace: Trace, site: str, keys: torch.Tensor, queries: torch.Tensor) -> bool:
    """Whether any of these queries, (B, T), attends to any of these keys, (B, S)."""
    weights = torch.from_numpy(trace[site].weights)
    return bool((weights * queries[:, None, :, None] * keys[:, None, None, :]).any())


@given(st.lists(st.integers(1, 10), min_size=1, max_size=7), st.integers(1, 5))
def test_padding_before_a_text_changes_nothing_where_positions_are_relative(text: list[int], pads: int) -> None:
    net = model("rotary", "decoder-only")
    alone = net(None, torch.tensor([text]))
    both = net(None, wide([text, [3] * (len(text) + pads)], left=True))
    torch.testing.assert_close(both[0, pads:], alone[0], atol=1e-5, rtol=1e-4)


@given(st.lists(st.integers(1, 10), min_size=1, max_size=7), st.integers(1, 5), st.booleans())
def test_padding_around_a_source_changes_nothing_without_positions(source: list[int], pads: int, left: bool) -> None:
    net = model("none")
    target = torch.tensor([[1, 5, 2]])
    alone = net(torch.tensor([source]), target)
    padded = [PAD] * pads + source if left else source[:1] + [PAD] * pads + source[1:]
    torch.testing.assert_close(net(torch.tensor([padded]), target), alone, atol=1e-5, rtol=1e-4)


def test_padding_at_the_end_is_still_said_by_lengths() -> None:
    plan = model("learned").default_masks(torch.tensor([[5, 6, PAD], [7, 8, 9]]), torch.tensor([[1, PAD], [1, 2]]))
    assert plan.cross == masks.key_padding([2, 3])
    assert plan.decoder_self == masks.causal()
    plan = model("learned").default_masks(torch.tensor([[PAD, 5, 6], [7, 8, 9]]), torch.tensor([[PAD, 1], [1, 2]]))
    assert plan.cross == masks.pads([(0, 0)])
    assert plan.decoder_self == masks.causal() & masks.pads([(0, 0)])
    assert masks.parse(plan.decoder_self.spec) == plan.decoder_self


def test_a_batch_that_is_padded_on_the_left_is_watched_with_its_padding_hidden() -> None:
    shipped, task = av.load("numbers-zh")
    batch = task.collate(task.split("test")[:5])
    assert batch.src is not None
    moved = torch.cat([torch.full((5, 3), PAD), batch.src], dim=1)
    with pytest.warns(UserWarning, match="pad at the end of rows"):
        trace = av.watch(shipped, replace(batch, src=moved))
    assert not trace["decoder.0.cross_attn"].weights[..., :3].any()
