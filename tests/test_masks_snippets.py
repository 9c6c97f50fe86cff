"""The code handed to people does what the page shows: every snippet is executed and compared with the readable path."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from laws import examples
from random_masks import trees

from attnviz import masks
from attnviz.masks import Mask
from attnviz.masks.snippets import APIS, Sizes, snippet
from attnviz.model import explicit_attention, split_heads

pytestmark = pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")

SIZES = Sizes(batch=3, heads=2, queries=7, keys=11, head_dim=5)
SQUARE = Sizes(batch=3, heads=2, queries=13, keys=13, head_dim=5)

CHOSEN = (
    masks.full(),
    masks.causal() & masks.key_padding([11, 4, 7]),
    masks.causal() & ~masks.cells([(0, 0), (2, 1)]),
    masks.causal() & masks.pads([(0, 0), (0, 1), (1, 5), (2, 12)]),
    masks.sliding_window(2) | masks.global_tokens([0, 99]),
    masks.prefix(3) & ~masks.dilated(3, 2),
    masks.documents([0, 0, 1, 1, 1, 2]),
    masks.random(0.4, 5) & masks.heads([1]) | masks.random(0.6, 7) & ~masks.heads([1]),
    masks.graph([(0, 3), (3, 5)], 9),
    masks.cells([]),
    ~(masks.causal() | ~masks.prefix(2)),
)


def run(mask: Mask, api: str, sizes: Sizes) -> dict[str, Any]:
    torch.manual_seed(5)
    names: dict[str, Any] = {}
    exec(compile(snippet(mask, api, sizes), f"<{api}>", "exec"), names)  # type: ignore[arg-type]
    return names


def dense(mask: Mask, sizes: Sizes) -> torch.Tensor:
    return mask.dense(batch=sizes.batch, heads=sizes.heads, queries=sizes.queries, keys=sizes.keys)


@pytest.mark.parametrize("api", ["sdpa", "flex"])
@pytest.mark.parametrize("mask", CHOSEN, ids=str)
def test_sdpa_and_flex_snippets_give_our_output(mask: Mask, api: str) -> None:
    for sizes in (SIZES, SQUARE):
        names = run(mask, api, sizes)
        ours = explicit_attention(names["query"], names["key"], names["value"], dense(mask, sizes))
        torch.testing.assert_close(names["output"], ours, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("mask", CHOSEN, ids=str)
def test_the_multihead_snippet_inverts_and_gives_our_output(mask: Mask) -> None:
    for sizes in (SIZES, SQUARE):
        names = run(mask, "mha", sizes)
        attention, visible = names["attention"], dense(mask, sizes)
        weight, bias = attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3)
        inputs = (names["x"], names["memory"], names["memory"])
        q, k, v = (split_heads(x @ w.T + b, sizes.heads) for x, w, b in zip(inputs, weight, bias, strict=True))
        ours = attention.out_proj(explicit_attention(q, k, v, visible).transpose(1, 2).flatten(2))
        seeing = visible.any(dim=-1).all(dim=1)  # torch gives NaN where a head sees nothing
        torch.testing.assert_close(names["output"][seeing], ours[seeing], atol=1e-6, rtol=1e-5)
        assert names["output"][~seeing].isnan().all()
        assert ("gets NaN here" in snippet(mask, "mha", sizes)) == (not seeing.all())
        if mask is not CHOSEN[0]:
            blocked = names["weights"].masked_select(~visible & seeing[:, None, :, None])
            assert not blocked.any()


@examples(25)
@given(trees(), st.integers(1, 17), st.integers(1, 17))
def test_any_mask_is_written_as_what_it_is(mask: Mask, queries: int, keys: int) -> None:
    sizes = Sizes(batch=3, heads=2, queries=queries, keys=keys, head_dim=3)
    written = run(mask, "sdpa", sizes)["mask"].expand(3, 2, queries, keys)
    assert torch.equal(written, dense(mask, sizes))


def test_a_closed_form_stays_one_and_cells_are_written_out() -> None:
    sizes = Sizes(queries=64, keys=64)
    assert "mask = k <= q\n" in snippet(masks.causal(), "sdpa", sizes)
    assert "return (q - k).abs() < 3\n" in snippet(masks.sliding_window(3), "flex", sizes)
    assert "painted[2, 1] = True\n" in snippet(~masks.cells([(2, 1)]), "mha", sizes)
    assert snippet(masks.random(0.5), "sdpa", sizes).count('\n    "') == 64


def test_unknown_api_and_sizes_are_refused() -> None:
    assert APIS == ("sdpa", "flex", "mha")
    with pytest.raises(ValueError, match="keys is 0"):
        Sizes(queries=1, keys=0)
