"""Laws of the elementary masks: who sees whom, written out independently of the predicates."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_masks import leaves, trees

from attnviz import masks
from attnviz.masks import Mask, MaskPlan

INDICES = tuple(torch.arange(3) for _ in range(4))
SIZES = {"batch": 3, "heads": 5, "queries": 7, "keys": 11}


def seen(mask: Mask, queries: int = 7, keys: int = 11, batch: int = 0, head: int = 0) -> set[tuple[int, int]]:
    dense = mask.dense(batch=batch + 1, heads=head + 1, queries=queries, keys=keys)
    assert dense.dtype == torch.bool
    return {(q, k) for q, k in torch.nonzero(dense[batch, head]).tolist()}


def cells_where(rule: object, queries: int = 7, keys: int = 11) -> set[tuple[int, int]]:
    assert callable(rule)
    return {(q, k) for q in range(queries) for k in range(keys) if rule(q, k)}


@given(decoder=trees(), other=trees(), batch=st.integers(1, 3), heads=st.integers(1, 3))
def test_what_is_laid_out_once_is_the_plan(decoder: Mask, other: Mask, batch: int, heads: int) -> None:
    plan = MaskPlan(decoder_self=decoder, by_site={"decoder.1.self_attn": other, "decoder.2.self_attn": other})
    kept = masks.once(plan)
    sizes = {"batch": batch, "heads": heads, "queries": 7, "keys": 11}
    for site in ("decoder.0.self_attn", "decoder.1.self_attn", "encoder.0.self_attn"):
        assert kept.at(site).spec == plan.at(site).spec
        first = kept.at(site).broadcast(**sizes)
        assert torch.equal(first, plan.at(site).broadcast(**sizes))
    assert kept.at("decoder.1.self_attn") is kept.at("decoder.2.self_attn")
    assert torch.equal(kept.at("decoder.1.self_attn")(*INDICES), other(*INDICES))


def test_a_mask_is_asked_once_for_each_size(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    causal = masks.causal()
    laid_out = type(causal).broadcast
    monkeypatch.setattr(type(causal), "broadcast", lambda mask, **sizes: asked.append(sizes) or laid_out(mask, **sizes))
    kept = masks.once(MaskPlan(decoder_self=causal))
    for layer in range(5):
        kept.at(f"decoder.{layer}.self_attn").dense(batch=1, heads=3, queries=7, keys=7)
    kept.at("decoder.0.self_attn").dense(batch=1, heads=3, queries=7, keys=5)
    assert [sizes["keys"] for sizes in asked] == [7, 5]


@pytest.mark.parametrize(
    ("mask", "rule"),
    [
        (masks.full(), lambda q, k: True),
        (masks.causal(), lambda q, k: k in range(q + 1)),
        (masks.sliding_window(3), lambda q, k: k in (q - 2, q - 1, q, q + 1, q + 2)),
        (masks.sliding_window(1), lambda q, k: k == q),
        (masks.prefix(2), lambda q, k: k in (0, 1) or k in range(q + 1)),
        (masks.prefix(0), lambda q, k: k in range(q + 1)),
        (masks.global_tokens([4, 1]), lambda q, k: q in (1, 4) or k in (1, 4)),
        (masks.global_tokens([]), lambda q, k: False),
        (masks.dilated(3, 2), lambda q, k: k in (q - 4, q - 2, q, q + 2, q + 4)),
        (masks.documents([0, 0, 5, 5, 0]), lambda q, k: max(q, k) < 5 and (q in (2, 3)) == (k in (2, 3))),
        (masks.cells([(2, 1), (0, 10), (99, 0)]), lambda q, k: (q, k) in ((2, 1), (0, 10))),
        (masks.cells([]), lambda q, k: False),
        (
            masks.graph([(0, 2), (2, 5)], 6),
            lambda q, k: (q, k) in ((0, 2), (2, 0), (2, 5), (5, 2)) or (q == k and q < 6),
        ),
    ],
    ids=lambda value: value.spec if isinstance(value, Mask) else "",
)
def test_each_mask_shows_exactly_what_its_docstring_says(mask: Mask, rule: object) -> None:
    assert seen(mask) == cells_where(rule)


def test_padding_hides_keys_by_example_and_heads_choose_heads() -> None:
    padding = masks.key_padding([11, 0, 4])
    assert [len(seen(padding, batch=b)) for b in range(3)] == [7 * 11, 0, 7 * 4]
    two = masks.heads([2, 4])
    assert [len(seen(two, head=h)) for h in range(6)] == [0, 0, 77, 0, 77, 0]


@given(st.floats(0, 1), st.integers(0, 2**31 - 1), st.integers(1, 17), st.integers(1, 19))
def test_a_random_mask_of_a_shorter_sequence_is_the_corner_of_a_longer_one(
    share: float, seed: int, queries: int, keys: int
) -> None:
    mask = masks.random(share, seed)
    long = mask.dense(batch=1, heads=1, queries=23, keys=29)
    assert torch.equal(mask.dense(batch=1, heads=1, queries=queries, keys=keys), long[:, :, :queries, :keys])


def test_a_random_mask_keeps_its_share_and_seeds_differ() -> None:
    dense = [masks.random(0.3, seed).dense(batch=1, heads=1, queries=211, keys=223) for seed in range(4)]
    for one in dense:
        assert abs(one.float().mean() - 0.3) < 0.01
        assert (one.float().mean(dim=-1) - 0.3).abs().max() < 0.2  # no row is special
        assert (one.float().mean(dim=-2) - 0.3).abs().max() < 0.2
    agreement = (dense[0] == dense[1]).float().mean()
    assert abs(agreement - (0.3**2 + 0.7**2)) < 0.02


@given(leaves())
def test_what_is_dense_is_the_broadcast_form_spread_out(mask: Mask) -> None:
    small = mask.broadcast(**SIZES)
    assert all(size in (1, full) for size, full in zip(small.shape, SIZES.values(), strict=True))
    assert torch.equal(mask.dense(**SIZES), small.expand(3, 5, 7, 11))


@given(trees())
def test_the_rows_of_a_cached_step_are_the_last_rows_of_the_whole(mask: Mask) -> None:
    step = mask.broadcast(batch=3, heads=5, queries=2, keys=7, first_query=5).expand(3, 5, 2, 7)
    assert torch.equal(step, mask.dense(batch=3, heads=5, queries=7, keys=7)[:, :, 5:])


@pytest.mark.parametrize("axis", list(SIZES))
def test_an_empty_axis_is_refused_by_name(axis: str) -> None:
    with pytest.raises(ValueError, match=f"{axis} is 0"):
        masks.causal().dense(**{**SIZES, axis: 0})


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: masks.key_padding([]), "lengths"),
        (lambda: masks.key_padding([3, -1]), "lengths"),
        (lambda: masks.sliding_window(0), "window is 0"),
        (lambda: masks.prefix(-1), "length is -1"),
        (lambda: masks.global_tokens([-2]), "positions"),
        (lambda: masks.dilated(1, 0), "step is 0"),
        (lambda: masks.random(1.5), "share is 1.5"),
        (lambda: masks.random(0.5, -1), "seed is -1"),
        (lambda: masks.documents([]), "ids"),
        (lambda: masks.cells([(0, -1)]), "cells"),
        (lambda: masks.heads([-1]), "heads"),
        (lambda: masks.graph([(0, 3)], 3), "edge"),
    ],
)
def test_an_impossible_argument_is_refused_and_named(make: object, says: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=says):
        make()


@given(trees(), trees())
def test_a_plan_changes_only_the_chosen_heads_of_the_chosen_site(own: Mask, other: Mask) -> None:
    plan = MaskPlan(decoder_self=own).with_heads("decoder.1.self_attn", [0, 3], other)
    there = plan.at("decoder.1.self_attn").dense(**SIZES)
    for head in range(5):
        expected = (other if head in (0, 3) else own).dense(**SIZES)[:, head]
        assert torch.equal(there[:, head], expected)
    assert plan.at("decoder.0.self_attn") == own
    assert plan.at("decoder.1.cross_attn") == masks.full()


@pytest.mark.parametrize("site", ["decoder", "decoder.x.self_attn", "encoder.0.cross_attn", "encoder.0.feed_forward"])
def test_a_site_that_cannot_be_is_refused(site: str) -> None:
    with pytest.raises(ValueError, match="site is"):
        MaskPlan().with_site(site, masks.causal())
