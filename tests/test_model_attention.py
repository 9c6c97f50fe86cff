"""Laws of one attention, on the readable and the fused path."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from random_masks import trees
from torch import Tensor, nn
from torch.nn.attention.flex_attention import create_block_mask, flex_attention
from torch.nn.functional import scaled_dot_product_attention

from attnviz import masks
from attnviz.config import ModelConfig
from attnviz.masks import Mask
from attnviz.model import ATTENTION_TAPS, MultiHeadAttention, explicit_attention, merge_heads, split_heads

sizes = st.integers(1, 13)


def qkv(seed: int = 0, b: int = 2, h: int = 3, t: int = 7, s: int = 11, d: int = 5) -> tuple[Tensor, Tensor, Tensor]:
    g = torch.Generator().manual_seed(seed)
    return (
        torch.randn(b, h, t, d, generator=g),
        torch.randn(b, h, s, d, generator=g),
        torch.randn(b, h, s, d, generator=g),
    )


class Keep:
    """A probe that keeps every tap of one site, in order, and changes nothing."""

    def __init__(self, site: str = "") -> None:
        self.site, self.seen = site, {}  # type: ignore[var-annotated]

    def wants(self, site: str) -> bool:
        return site == self.site

    def tap(self, site: str, name: str, value: Tensor) -> Tensor:
        self.seen[name] = value.detach()
        return value


def dense(mask: Mask, q: Tensor, k: Tensor) -> Tensor:
    return mask.dense(batch=q.size(0), heads=q.size(1), queries=q.size(2), keys=k.size(2))


@given(trees(), sizes, sizes, st.integers(0, 99))
def test_weights_are_shares_and_blocked_ones_exactly_0(mask: Mask, t: int, s: int, seed: int) -> None:
    q, k, v = qkv(seed, t=t, s=s)
    visible, probe = dense(mask, q, k), Keep()
    output = explicit_attention(q, k, v, visible, probe=probe)
    weights = probe.seen["weights"]
    seeing = visible.any(dim=-1)
    torch.testing.assert_close(weights.sum(dim=-1), seeing.float(), atol=1e-6, rtol=0)
    assert (weights >= 0).all()
    assert not weights[~visible].any()
    assert not output[~seeing].any()


@given(trees(), sizes, sizes, st.integers(0, 99))
def test_the_readable_path_is_the_fused_one(mask: Mask, t: int, s: int, seed: int) -> None:
    q, k, v = qkv(seed, t=t, s=s)
    visible = dense(mask, q, k)
    ours, fused = explicit_attention(q, k, v, visible), scaled_dot_product_attention(q, k, v, attn_mask=visible)
    torch.testing.assert_close(ours, fused, atol=2e-6, rtol=1e-5)


@given(trees(), st.integers(1, 9), st.integers(1, 9))
@example(masks.random(0.5, 3), 7, 5)
def test_one_object_serves_flex_attention_and_sdpa(mask: Mask, t: int, s: int) -> None:
    q, k, _ = qkv(t=t, s=s)
    block_mask = create_block_mask(mask.mask_mod(), 2, 3, t, s, device="cpu", BLOCK_SIZE=1)
    assert torch.equal(block_mask.to_dense()[:, :, :t, :s].bool(), dense(mask, q, k))


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@pytest.mark.parametrize("spec", ["causal & padding(11,4)", "window(3) | global(0)", "causal & ~cells(0:0,2:1)"])
def test_flex_attention_is_the_dense_one(spec: str) -> None:
    q, k, v = qkv(s=11)
    mask = masks.parse(spec)
    flexible = flex_attention(q, k, v, block_mask=create_block_mask(mask.mask_mod(), 2, 3, 7, 11, device="cpu"))
    fused = scaled_dot_product_attention(q, k, v, attn_mask=dense(mask, q, k))
    torch.testing.assert_close(flexible, fused, atol=2e-6, rtol=1e-5)


@given(sizes, sizes)
def test_all_visible_is_no_mask(t: int, s: int) -> None:
    q, k, v = qkv(t=t, s=s)
    assert torch.equal(explicit_attention(q, k, v, dense(masks.full(), q, k)), explicit_attention(q, k, v))


@given(st.integers(2, 13), st.data())
def test_blocking_a_key_is_removing_it(s: int, data: st.DataObject) -> None:
    q, k, v = qkv(s=s)
    gone = data.draw(st.integers(0, s - 1))
    rest = [key for key in range(s) if key != gone]
    blocked = explicit_attention(q, k, v, dense(~masks.cells((query, gone) for query in range(7)), q, k))
    removed = explicit_attention(q, k[:, :, rest], v[:, :, rest])
    torch.testing.assert_close(blocked, removed, atol=1e-6, rtol=1e-5)


@given(trees(), st.integers(0, 10))
def test_what_a_query_may_not_see_cannot_move_it(mask: Mask, key: int) -> None:
    q, k, v = qkv()
    visible = dense(mask, q, k)
    other_k, other_v = k.clone(), v.clone()
    other_k[:, :, key] += 3
    other_v[:, :, key] *= -7
    before, after = explicit_attention(q, k, v, visible), explicit_attention(q, other_k, other_v, visible)
    blind = ~visible[..., key]
    assert torch.equal(before[blind], after[blind])


@pytest.mark.parametrize("path", ["explicit", "fused"])
@pytest.mark.parametrize("mask", [masks.cells([]), masks.causal() & ~masks.cells([(0, 0)]), ~masks.full()], ids=str)
def test_a_fully_blocked_row_is_zero_and_its_gradient_finite(path: str, mask: Mask) -> None:
    leaves = [x.requires_grad_() for x in qkv()]
    q, k, v = leaves
    visible = dense(mask, q, k)
    blocked = ~visible.any(dim=-1)
    assert blocked.any()
    attend = explicit_attention if path == "explicit" else scaled_dot_product_attention
    output = attend(q, k, v, visible)
    assert not output[blocked].any()
    (output * torch.arange(output.numel()).view_as(output)).sum().backward()
    assert all(x.grad is not None and x.grad.isfinite().all() for x in leaves)
    assert not q.grad[blocked].any()  # type: ignore[index]


def test_scores_are_divided_by_the_root_of_the_head_width() -> None:
    q, k, v = qkv()
    probe = Keep()
    explicit_attention(q, k, v, probe=probe)
    torch.testing.assert_close(probe.seen["scores"], torch.einsum("bhtd,bhsd->bhts", q, k) / math.sqrt(5))


@given(sizes, sizes, st.integers(1, 5), st.integers(1, 7))
def test_splitting_then_merging_heads_changes_nothing(b: int, t: int, h: int, d: int) -> None:
    x = torch.randn(b, t, h * d)
    assert torch.equal(merge_heads(split_heads(x, h)), x)
    for head in range(h):
        assert torch.equal(split_heads(x, h)[:, head], x[..., head * d : (head + 1) * d])


def attention(*, site: str = "decoder.0.cross_attn", **changes: object) -> MultiHeadAttention:
    torch.manual_seed(1)
    values = {"src_vocab_size": 11, "vocab_size": 13, "d_model": 15, "n_heads": 3, "dropout": 0.0, **changes}
    return MultiHeadAttention(ModelConfig.from_dict(values), site)


@pytest.mark.parametrize("spec", ["full", "causal", "padding(11,4)", "heads(1) & window(2) | ~heads(1)"])
def test_weights_and_output_are_those_of_nn_multihead_attention(spec: str) -> None:
    ours = attention()
    theirs = nn.MultiheadAttention(15, 3, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([ours.q_proj.weight, ours.k_proj.weight, ours.v_proj.weight]))
        theirs.in_proj_bias.copy_(torch.cat([ours.q_proj.bias, ours.k_proj.bias, ours.v_proj.bias]))
        theirs.out_proj.load_state_dict(ours.out_proj.state_dict())
    x, memory, mask, probe = torch.randn(2, 7, 15), torch.randn(2, 11, 15), masks.parse(spec), Keep(ours.site)
    shape = {"batch": 2, "heads": 3, "queries": 7, "keys": 11}
    output = ours(x, memory, mask.dense(**shape), probe=probe)
    expected, weights = theirs(
        x, memory, memory, attn_mask=mask.for_multihead_attention(**shape), average_attn_weights=False
    )
    torch.testing.assert_close(probe.seen["weights"], weights, atol=1e-6, rtol=0)
    torch.testing.assert_close(output, expected, atol=1e-6, rtol=0)


def test_taps_come_in_their_order_and_shape() -> None:
    ours = attention()
    probe = Keep(ours.site)
    output = ours(torch.randn(2, 7, 15), torch.randn(2, 11, 15), probe=probe)
    assert tuple(probe.seen) == ATTENTION_TAPS
    expected = {"q": (2, 3, 7, 5), "k": (2, 3, 11, 5), "v": (2, 3, 11, 5), "head_output": (2, 3, 7, 5)}
    expected |= dict.fromkeys(("scores", "masked_scores", "weights"), (2, 3, 7, 11))
    for name, shape in expected.items():
        assert probe.seen[name].shape == shape
    assert torch.equal(probe.seen["attn_output"], output)


def test_dropout_falls_on_weights_in_training_only() -> None:
    ours = attention(dropout=0.5)
    x, memory = torch.randn(2, 7, 15), torch.randn(2, 11, 15)
    probe = Keep(ours.site)
    assert not torch.equal(ours(x, memory), ours(x, memory))
    assert not torch.equal(ours(x, memory, probe=probe), ours(x, memory, probe=probe))
    torch.testing.assert_close(probe.seen["weights"].sum(dim=-1), torch.ones(2, 3, 7))  # watched before dropout
    ours.eval()
    assert torch.equal(ours(x, memory), ours(x, memory))
    torch.testing.assert_close(ours(x, memory, probe=probe), ours(x, memory), atol=1e-6, rtol=1e-5)
