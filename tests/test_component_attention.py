"""The attention stage's payload and state, without a browser."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from random_attention import kind_picture

from attnviz.ui.attention.payload import pack, unpack_kind
from attnviz.ui.attention.picture import AttentionPicture
from attnviz.ui.attention.stage import read_state
from attnviz.ui.front.packing import quantisation_error, quantise, split
from attnviz.ui.text import texts

sizes = st.integers(1, 6)


@given(sizes, sizes, sizes, sizes, st.booleans(), st.integers(0, 9))
@example(5, 5, 5, 3, True, 5)
def test_round_trip_within_the_quantisation_error(layers, heads, rows, columns, per_head, seed):
    kind = kind_picture(layers, heads, rows, columns, seed=seed, per_head=per_head)
    weights, mask = unpack_kind(pack(AttentionPicture(kinds=(kind,))), "cross")
    assert weights.shape == mask.shape == kind.weights.shape
    assert (mask == np.broadcast_to(kind.mask, mask.shape)).all()
    bound = quantisation_error(kind.weights, quantise(kind.weights))
    assert (np.abs(weights - kind.weights.astype(np.float64)) <= bound + 1e-7).all()
    assert (weights[~mask] == 0).all(), "blocked stays blocked"


@given(st.integers(0, 20))
def test_a_mask_that_all_heads_share_travels_once(seed):
    shared = kind_picture(3, 5, 7, 11, seed=seed)
    spread = np.broadcast_to(shared.mask, shared.weights.shape).copy()
    per_head = kind_picture(3, 5, 7, 11, seed=seed, mask=spread)
    assert pack(AttentionPicture(kinds=(shared,))) == pack(AttentionPicture(kinds=(per_head,)))
    spread[1, 2, 3, 4] ^= True
    differing = kind_picture(3, 5, 7, 11, seed=seed, mask=spread)
    assert (unpack_kind(pack(AttentionPicture(kinds=(differing,))), "cross")[1] == spread).all()


def test_several_kinds_keep_apart():
    kinds = (kind_picture(2, 2, 5, 5, kind="encoder_self", seed=1), kind_picture(3, 2, 7, 5, seed=2))
    payload = pack(AttentionPicture(kinds=kinds, kind="cross", layer=2, head=1, row=4))
    for kind in kinds:
        np.testing.assert_allclose(unpack_kind(payload, kind.kind)[0], kind.weights, atol=2e-5)
    header = split(payload)[0]
    assert header["chosen"] == {"kind": "cross", "layer": 2, "head": 1, "row": 4, "again": ""}
    with pytest.raises(ValueError, match="decoder_self"):
        unpack_kind(payload, "decoder_self")


def test_long_texts_stay_small_on_the_wire():
    i = np.arange(257)
    mask = i[None] <= i[:, None]
    weights = np.where(mask, 1 / (i[:, None] + 1), 0).astype(np.float32)
    kind = kind_picture(
        1, 2, 257, 257, kind="decoder_self", weights=np.stack([weights, weights])[None].copy(), mask=mask
    )
    assert len(pack(AttentionPicture(kinds=(kind,)))) < 2 * 257 * 257 // 4


def test_unknown_statistics_become_null_and_absent_ones_stay_absent():
    delta = np.array([[0.5, np.nan, -0.25], [np.inf, 0, 1 / 3]])
    header = split(pack(AttentionPicture(kinds=(kind_picture(stats={"delta_loss": delta}),))))[0]
    stats = header["kinds"][0]["stats"]
    assert stats == {"delta_loss": [[0.5, None, -0.25], [None, 0, 0.333333]]}


@given(st.lists(st.text(max_size=9), min_size=5, max_size=5))
def test_labels_travel_as_they_are(labels):
    header = split(pack(AttentionPicture(kinds=(kind_picture(row_labels=tuple(labels)),))))[0]
    assert header["kinds"][0]["rows"] == labels


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"kind": "sideways"}, "sideways"),
        ({"row_labels": ("a",)}, "row_labels"),
        ({"next_labels": ("a", "b")}, "next_labels"),
        ({"mask": np.ones((7, 5), bool)}, "mask"),
        ({"unknown_columns": (7,)}, "unknown_columns"),
        ({"sites": ("only.one",)}, "sites"),
        ({"stats": {"beauty": np.zeros((2, 3))}}, "beauty"),
        ({"stats": {"entropy": np.zeros((3, 2))}}, "entropy"),
        ({"weights": np.zeros((3, 5, 7), np.float32)}, "shape"),
    ],
)
def test_a_wrong_kind_is_refused_by_name(changes, named):
    with pytest.raises(ValueError, match=named):
        kind_picture(**changes)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"kinds": ()}, "kinds"),
        ({"kind": "encoder_self"}, "encoder_self"),
        ({"layer": 2}, "layer 2"),
        ({"head": -1}, "head -1"),
        ({"text": {"stage": "only this"}}, "grid_title"),
    ],
)
def test_a_wrong_picture_is_refused_by_name(changes, named):
    with pytest.raises(ValueError, match=named):
        AttentionPicture(**{"kinds": (kind_picture(),), **changes})


def test_a_blocked_cell_is_called_as_everywhere():
    assert texts("attention_stage")["blocked"]["zh"] == "■ 屏蔽 blocked"
    assert texts("attention_stage")["visible"]["zh"] == "□ 可见 visible"


@given(
    st.lists(st.tuples(st.sampled_from(["decoder.0.cross_attn", "encoder.1.self_attn"]), st.integers(0, 9))),
    st.integers(0, 99),
)
def test_what_the_browser_sends_is_read_back(heads, seq):
    sent = {"heads_off": {"seq": seq, "scope": "model", "heads": [list(pair) for pair in heads]}}
    state = read_state(sent, "model")
    assert set(state.heads_off) == set(heads)
    assert state.seq == seq
    elsewhere = read_state(sent, "another model")
    assert elsewhere.heads_off == ()
    assert elsewhere.seq == seq


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(json_like, json_like)
def test_nonsense_from_the_browser_is_no_switch(value, heads):
    assert read_state(value, "model").heads_off == ()
    state = read_state({"heads_off": {"seq": value, "scope": "model", "heads": heads}}, "model")
    assert all(isinstance(site, str) and isinstance(head, int) for site, head in state.heads_off)
    assert state.seq >= 0


@pytest.mark.parametrize("head", [float("nan"), float("inf"), 1.5, True, "1", None, [1], -1])
def test_a_head_is_a_whole_number(head):
    sent = {"heads_off": {"seq": 3, "scope": "", "heads": [["decoder.0.cross_attn", head], "xy", ["a"]]}}
    assert read_state(sent, "").heads_off == ()
