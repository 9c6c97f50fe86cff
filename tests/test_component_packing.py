"""Laws of the payload's container: what goes in comes out, within the stated error, and blocked bits stay bits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from attnviz.ui.front.packing import (
    ALIGNMENT,
    dequantise,
    join,
    outline_of,
    pack,
    pack_bits,
    quantisation_error,
    quantise,
    split,
    unpack_bits,
)

shapes = hnp.array_shapes(min_dims=2, max_dims=4, min_side=1, max_side=7)
unit = st.floats(0, 1, width=32)
weights_of_any_shape = shapes.flatmap(lambda shape: hnp.arrays(np.float32, shape, elements=unit))


@given(weights_of_any_shape)
def test_quantisation_stays_within_its_error(weights):
    codes = quantise(weights)
    error = np.abs(dequantise(codes).astype(np.float64) - weights)
    assert (error <= quantisation_error(weights, codes) + 1e-7).all()


@given(st.floats(2**-20, 1, width=32))
def test_small_weights_of_short_texts_keep_their_relative_precision(weight):
    found = dequantise(quantise(np.full((3, 5), weight, np.float32)))[0, 0]
    assert abs(found - weight) <= 1.6e-5 * np.sqrt(weight) + 1e-9


def test_short_texts_get_sixteen_bits_and_long_ones_eight():
    assert quantise(np.zeros((2, 128, 128), np.float32)).values.dtype == np.uint16
    assert quantise(np.zeros((2, 129, 128), np.float32)).values.dtype == np.uint8


def test_a_uniform_row_of_512_does_not_vanish_in_eight_bits():
    codes = quantise(np.full((1, 512, 512), 1 / 512, np.float32))
    assert codes.values.dtype == np.uint8
    np.testing.assert_allclose(dequantise(codes).sum(-1), 1, atol=0.1)


@given(weights_of_any_shape)
def test_zero_stays_zero_and_order_is_kept(weights):
    found = dequantise(quantise(weights))
    assert (found[weights == 0] == 0).all()
    order = np.argsort(weights, axis=None)
    assert (np.diff(found.reshape(-1)[order]) >= 0).all()


@pytest.mark.parametrize("side", [5, 131])
def test_nan_stays_nan_and_nothing_else_becomes_it(side):
    weights = np.full((side, side), 0.25, np.float32)
    weights[1, 2] = np.nan
    weights[3, 4] = 7.5  # weights above 1 widen the scale
    found = dequantise(quantise(weights))
    assert np.isnan(found[1, 2])
    assert np.isnan(found).sum() == 1
    assert found[3, 4] == pytest.approx(7.5)


@pytest.mark.parametrize("wrong", [-0.01, np.inf])
def test_what_is_no_weight_is_refused(wrong):
    weights = np.full((2, 3), 0.5, np.float32)
    weights[1, 1] = wrong
    with pytest.raises(ValueError, match="finite and ≥ 0"):
        quantise(weights)


@given(shapes.flatmap(lambda shape: hnp.arrays(np.bool_, shape)))
def test_bits_round_trip(mask):
    assert (unpack_bits(pack_bits(mask), mask.shape) == mask).all()


blocks_of_any_kind = st.dictionaries(
    st.text(min_size=1, max_size=5),
    st.sampled_from([np.uint8, np.uint16, np.float32]).flatmap(
        lambda dtype: hnp.arrays(dtype, st.integers(0, 1500), elements=st.integers(0, 3))
    ),
    max_size=4,
)


@given(blocks_of_any_kind, st.dictionaries(st.text(max_size=3), st.text(max_size=9), max_size=3))
def test_container_round_trip(blocks, header):
    payload = join(header, blocks)
    found, pieces = split(payload)
    assert found == header
    assert pieces.keys() == blocks.keys()
    for name, block in blocks.items():
        assert outline_of(payload)[0]["blocks"][name][0] % ALIGNMENT == 0
        assert (np.frombuffer(pieces[name], dtype=block.dtype) == block).all()


def test_compression_is_used_when_it_pays_and_only_then():
    noise = np.random.default_rng(0).integers(0, 256, 70_001).astype(np.uint8)
    assert outline_of(join({}, {"a": noise}))[0]["compressed"] is False
    nothing = {"a": np.zeros(70_001, np.uint8)}
    zeros = join({}, nothing)
    assert outline_of(zeros)[0]["compressed"] is True
    assert len(zeros) < 1000
    # A browser on this machine has it before it would have inflated it, and so has any where it is small.
    for plain in (join({}, nothing, near=True), join({}, {"a": np.zeros(20_011, np.uint8)})):
        assert outline_of(plain)[0]["compressed"] is False
        assert not any(split(plain)[1]["a"])


def test_the_digest_tells_bodies_apart():
    one, other = np.arange(11, dtype=np.uint8), np.arange(11, dtype=np.uint8)[::-1].copy()
    digests = {outline_of(join({}, {"a": block}))[0]["digest"] for block in (one, other)}
    assert len(digests) == 2


@pytest.mark.parametrize("broken", [b"", b"PK\x03\x04 something", b"AV01"])
def test_foreign_bytes_are_refused(broken):
    with pytest.raises(ValueError):  # noqa: PT011 (JSON's own error is one)
        split(broken)


def test_a_cut_body_is_refused():
    payload = join({}, {"a": np.arange(97, dtype=np.uint8)})
    with pytest.raises(ValueError, match="bytes"):
        split(payload[:-5])


def test_arrays_travel_with_their_type_and_shape():
    arrays = {
        "bits": np.arange(3 * 7).reshape(3, 7) % 3 == 0,
        "int8": np.arange(-5, 6, dtype=np.int8),
        "float16": np.array([[np.nan, np.inf, 2**-24]], np.float16),
        "float32": np.array([1 / 3], np.float32),
        "float64": np.array([[1 / 3], [-0.0]]),
    }
    header, blocks = split(pack({"seq": 3}, {**arrays, "file": b"a,b"}))
    assert header["seq"] == 3
    assert {"light", "dark", "font", "hatch"} == set(header["theme"])
    assert {name: (one["type"], tuple(one["shape"])) for name, one in header["arrays"].items()} == {
        name: (name, array.shape) for name, array in arrays.items()
    }
    for name in set(arrays) - {"bits"}:
        np.testing.assert_array_equal(np.frombuffer(blocks[name], name).reshape(arrays[name].shape), arrays[name])
    np.testing.assert_array_equal(
        unpack_bits(np.frombuffer(blocks["bits"], np.uint8), arrays["bits"].shape), arrays["bits"]
    )
    assert blocks["file"] == b"a,b"


def test_a_type_that_the_browser_cannot_read_is_refused():
    with pytest.raises(ValueError, match=r"ids.*int64"):
        pack({}, {"ids": np.arange(5)})


def test_the_body_of_a_payload_is_aligned_wherever_its_outline_ends():
    for size in range(1, 19):
        payload = pack({"words": "x" * size}, {"a" * size: np.arange(5, dtype=np.float32)}, near=True)
        assert outline_of(payload)[1] % ALIGNMENT == 0
