"""A stage too large to be sent at once: thumbnails first, heads when they are looked at, nothing twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_attention import causal_kind, kind_picture

from attnviz.ui.attention import payload
from attnviz.ui.attention.payload import THUMB, Wanted, pack, read_wanted, unpack_kind
from attnviz.ui.attention.picture import AttentionPicture, KindPicture
from attnviz.ui.front.packing import quantisation_error, quantise, split

BERTVIZ = {128: 67e6}  # bytes of its model view, 12 layers × 12 heads
NAME = "decoder_self"


@pytest.fixture(scope="module")
def kind() -> KindPicture:
    return causal_kind(5, 3, 151)


def picture_of(kind: KindPicture, **changes: object) -> AttentionPicture:
    return AttentionPicture(**{"kinds": (kind,), "layer": 1, "head": 2, **changes})  # type: ignore[arg-type]


def heads_in(data: bytes) -> list[int]:
    return [one["head"] for one in split(data)[0]["kinds"][0]["whole"]]


def test_at_first_come_thumbnails_of_all_heads_and_the_chosen_one(kind: KindPicture) -> None:
    data = pack(picture_of(kind))
    header, blocks = split(data)
    rows, columns = header["kinds"][0]["thumbs"]
    assert rows <= THUMB
    assert columns <= THUMB
    assert len(blocks[f"{NAME}/thumbs"]) == 5 * 3 * rows * columns
    assert heads_in(data) == [1 * 3 + 2]
    weights, mask = unpack_kind(data, NAME)
    assert np.isnan(weights[0, 0]).all()
    assert (mask == kind.mask).all()
    codes = quantise(kind.weights[1, 2])
    error = np.abs(weights[1, 2] - kind.weights[1, 2])
    assert (error <= quantisation_error(kind.weights[1, 2], codes) + 1e-6).all()


def test_what_the_browser_chose_last_comes_at_once_too(kind: KindPicture) -> None:
    assert heads_in(pack(picture_of(kind), chosen=(NAME, 4, 0))) == [5, 12]


def test_an_answer_brings_what_was_asked_for_and_nothing_else(kind: KindPicture) -> None:
    first = pack(picture_of(kind))
    identity = split(first)[0]["identity"]
    further = pack(
        picture_of(kind), wanted=Wanted(identity, ((NAME, 0, 1), (NAME, 4, 2), (NAME, 9, 9), ("cross", 0, 0)), 7)
    )
    header, blocks = split(further)
    assert header["identity"] == identity
    assert header["asked"] == 7
    assert heads_in(further) == [1, 14]
    assert set(blocks) == {f"{NAME}/1", f"{NAME}/14"}


def test_another_picture_is_sent_whole_whatever_was_asked(kind: KindPicture) -> None:
    identity = split(pack(picture_of(kind)))[0]["identity"]
    moved = kind.weights.copy()
    moved[3, 1, 77, 5] += 1e-6  # nothing that a thumbnail shows
    other = pack(picture_of(replace(kind, weights=moved)), wanted=Wanted(identity, ((NAME, 0, 1),), 7))
    assert split(other)[0]["identity"] != identity
    assert f"{NAME}/thumbs" in split(other)[1]
    assert heads_in(other) == [5]


def test_a_thumbnail_shows_the_largest_weight_of_its_block(kind: KindPicture) -> None:
    header, blocks = split(pack(picture_of(kind)))
    rows, columns = header["kinds"][0]["thumbs"]
    codes = np.frombuffer(blocks[f"{NAME}/thumbs"], np.uint8).reshape(5, 3, rows, columns)
    block = -(-151 // THUMB)
    for layer, head, q, k in [(0, 0, 0, 0), (1, 2, 17, 4), (4, 1, rows - 1, columns - 1), (2, 0, 9, 20)]:
        part = kind.weights[layer, head, q * block : (q + 1) * block, k * block : (k + 1) * block]
        found = (codes[layer, head, q, k] / 254) ** 2
        assert abs(np.sqrt(found) - np.sqrt(part.max())) <= 8.5 / 254
        assert (found > 0) == (part.max() > 0)


def test_nan_survives_in_thumbnails_and_in_heads(kind: KindPicture) -> None:
    broken = kind.weights.copy()
    broken[1, 2, 90, 3] = np.nan
    data = pack(picture_of(replace(kind, weights=broken)))
    assert 255 in np.frombuffer(split(data)[1][f"{NAME}/thumbs"], np.uint8)
    assert np.argwhere(np.isnan(unpack_kind(data, NAME)[0][1, 2])).tolist() == [[90, 3]]


def test_the_blocked_half_stays_at_home_unless_something_leaks(kind: KindPicture) -> None:
    assert split(pack(picture_of(kind)))[0]["kinds"][0]["whole"] == [{"head": 5, "half": True}]
    leaking = kind.weights.copy()
    leaking[1, 2, 3, 140] = 0.25
    data = pack(picture_of(replace(kind, weights=leaking)))
    assert split(data)[0]["kinds"][0]["whole"] == [{"head": 5, "half": False}]
    assert unpack_kind(data, NAME)[0][1, 2, 3, 140] == pytest.approx(0.25, abs=0.01)


def test_masks_that_differ_by_head_travel_with_their_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payload, "AT_ONCE", 10)
    kind = kind_picture(2, 3, 5, 7, per_head=True)
    data = pack(AttentionPicture(kinds=(kind,)), chosen=("cross", 1, 1))
    weights, mask = unpack_kind(data, "cross")
    assert (mask[1, 1] == kind.mask[1, 1]).all()
    np.testing.assert_allclose(weights[1, 1], kind.weights[1, 1], atol=2e-5)


def test_a_head_of_thousands_of_tokens_is_first_sent_as_large_as_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payload, "AT_ONCE", 1000)
    monkeypatch.setattr(payload, "HUGE", 150**2)
    monkeypatch.setattr(payload, "SCREEN", 80)
    kind = causal_kind(1, 1, 151)
    first = pack(AttentionPicture(kinds=(kind,)))
    header = split(first)[0]
    assert header["kinds"][0]["thumbs"] == [76, 76]
    assert heads_in(first) == []
    wanted = Wanted(header["identity"], ((NAME, 0, 0),), 1)
    assert heads_in(pack(AttentionPicture(kinds=(kind,)), wanted=wanted)) == [0]


def test_the_first_view_is_a_seven_hundredth_of_bertviz() -> None:
    kind = causal_kind(12, 12, 128)
    assert len(pack(AttentionPicture(kinds=(kind,)))) <= BERTVIZ[128] / 700


places = st.tuples(st.text(max_size=3), st.integers(0, 99), st.integers(0, 99))


@given(st.lists(places, max_size=5), st.text(max_size=5), st.integers(0, 9))
def test_a_question_is_read_as_it_was_asked(heads: list[tuple[str, int, int]], identity: str, seq: int) -> None:
    sent = {"identity": identity, "seq": seq, "heads": [list(place) for place in heads]}
    assert read_wanted(sent) == Wanted(identity, tuple(heads), seq)


nonsense = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["heads", "seq", "x"]), inner),
    max_leaves=6,
)


@given(nonsense, nonsense)
def test_nonsense_asks_for_nothing(value: object, heads: object) -> None:
    assert read_wanted(value).identity == ""
    wanted = read_wanted({"identity": value, "heads": heads, "seq": value})
    assert all(isinstance(kind, str) and layer >= 0 and head >= 0 for kind, layer, head in wanted.heads)
    assert wanted.seq >= 0


@given(rows=st.integers(1, 71), columns=st.integers(1, 71), side=st.integers(1, 40), seed=st.integers(0, 99))
def test_a_thumbnail_keeps_the_largest_of_each_block(rows: int, columns: int, side: int, seed: int) -> None:
    cells = np.random.default_rng(seed).random((2, 3, rows, columns), dtype=np.float32)
    cells[1, 2, seed % rows, seed % columns] = np.nan
    high, wide = -(-rows // side), -(-columns // side)
    found = payload._pooled(cells, side)
    for (q, k), _ in np.ndenumerate(found[0, 0]):
        block = cells[..., q * high : (q + 1) * high, k * wide : (k + 1) * wide]
        np.testing.assert_array_equal(found[..., q, k], block.max(axis=(-2, -1)))
