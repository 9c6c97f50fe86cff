"""A mask leaves as a file and comes back the same; a file that is no mask is refused whole, with the reason."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from attnviz.masks import MaskError
from attnviz.masks.files import MAX_BYTES, MAX_SIDE, from_csv, from_npy, painted, to_csv, to_npy

matrices = arrays.arrays(np.bool_, st.tuples(st.integers(1, 13), st.integers(1, 11)))


def npy(array: np.ndarray, *, allow_pickle: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=allow_pickle)
    return buffer.getvalue()


@given(matrices)
def test_both_files_read_back_as_written(matrix: np.ndarray) -> None:
    for written, read in ((to_csv, from_csv), (to_npy, from_npy)):
        back = read(written(matrix), matrix.shape)  # type: ignore[operator]
        assert back.dtype == np.bool_
        assert np.array_equal(back, matrix)


@given(matrices)
def test_a_matrix_becomes_the_mask_that_looks_like_it(matrix: np.ndarray) -> None:
    rows, columns = matrix.shape
    dense = painted(matrix).dense(batch=1, heads=1, queries=rows + 2, keys=columns + 3)[0, 0].numpy()
    assert np.array_equal(dense[:rows, :columns], matrix)
    assert not dense[rows:].any()
    assert not dense[:, columns:].any()


@pytest.mark.parametrize(
    "text",
    ["1,0,1\n0,1,1\n", "1;0;1\r\n0;1;1", "\ufeff1\t0\t1\n0\t1\t1\n", "1 0 1\n\n0 1 1\n", '"1", 0.0,TRUE\nfalse,1,1.0'],
)
def test_spreadsheets_write_csv_in_many_ways(text: str) -> None:
    assert from_csv(text.encode()).tolist() == [[True, False, True], [False, True, True]]


def saved(array: np.ndarray, **how: str) -> bytes:
    """What np.savetxt writes."""
    stream = io.BytesIO()
    np.savetxt(stream, array, **how)
    return stream.getvalue()


@given(matrices)
def test_what_numpy_writes_as_text_is_read(matrix: np.ndarray) -> None:
    for how in ({}, {"delimiter": ","}, {"fmt": "%d"}, {"fmt": "%.1f", "delimiter": "\t"}, {"header": "query, key"}):
        assert np.array_equal(from_csv(saved(matrix, **how)), matrix)


@given(matrices, st.sampled_from([-np.inf, -1e9, -1e4, np.finfo(np.float32).min, -65504.0]))
def test_a_mask_that_is_added_to_the_scores_is_read(matrix: np.ndarray, hidden: float) -> None:
    matrix[0, 0] = False  # without a blocked cell it is all zeros, which 0 and 1 may be as well
    added = np.where(matrix, 0.0, hidden)
    assert np.array_equal(from_csv(saved(added)), matrix)
    for dtype in ("float16", "float32", "float64"):
        with np.errstate(over="ignore"):
            assert np.array_equal(from_npy(npy(added.astype(dtype))), matrix)


@given(matrices, st.sampled_from([(1,), (3,), (1, 1), (2, 3)]))
def test_a_mask_for_every_head_and_sentence_is_read_where_all_are_alike(
    matrix: np.ndarray, more: tuple[int, ...]
) -> None:
    for one in (matrix, np.where(matrix, 0.0, -np.inf), np.asfortranarray(matrix.astype(np.float32))):
        if one.dtype == bool or not matrix.all():
            assert np.array_equal(from_npy(npy(np.broadcast_to(one, (*more, *matrix.shape)))), matrix)


def test_masks_that_differ_say_how_one_of_them_is_saved() -> None:
    many = np.ones((2, 3, 5, 5), dtype=bool)
    many[1, 2, 4, 0] = False
    with pytest.raises(MaskError, match=r"mask\[1, 2\] is not mask\[0, 0\].*np\.save\('mask\.npy', mask\[0, 0\]\)"):
        from_npy(npy(many))


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", ">i4", "int64", "float16", "float64"])
def test_numbers_that_are_0_or_1_are_read_from_npy(dtype: str) -> None:
    matrix = np.arange(15).reshape(3, 5) % 2
    assert np.array_equal(from_npy(npy(np.asfortranarray(matrix.astype(dtype)))), matrix.astype(bool))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "mask_file_empty"),
        (b"\n \n", "mask_file_empty"),
        (b"1,0\n1\n", "mask_file_ragged"),
        (b"1,2\n", "mask_file_value"),
        (b"1,nan\n", "mask_file_value"),
        (b"1,\n", "mask_file_value"),
        (b"0,1\n<script>,1\n", "mask_file_value"),
        (b"\xff\xfe1\x00", "mask_file_encoding"),
        (b"\x93NUMPY\x01\x00", "mask_file_encoding"),
        (b"1,0,1\n" * 2, "mask_file_shape"),
        (b"0," * MAX_SIDE + b"0\n", "mask_file_limit"),
        (b"0,1\n" * (MAX_SIDE + 1), "mask_file_limit"),
        (b"1" * (MAX_BYTES + 1), "mask_file_size"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_csv_that_is_no_mask_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(MaskError) as caught:
        from_csv(data, (3, 3))
    assert caught.value.code == code
    assert len(str(caught.value)) < 240


def test_the_wrong_value_is_pointed_at() -> None:
    with pytest.raises(MaskError, match="Row 2, column 3 holds 7"):
        from_csv(b"1,0,1\n\n0,1,7\n")
    with pytest.raises(MaskError, match=r"Row 2, column 1 holds 0\.5"):
        from_npy(npy(np.array([[1, 0], [0.5, 1]])))


class Trap:
    """Unpickling this would fail the test run at once."""

    def __reduce__(self) -> tuple[object, ...]:
        return pytest.exit, ("a pickle was executed",)


def _claiming(shape: tuple[int, ...]) -> bytes:
    whole = npy(np.zeros((7, 7), dtype=bool))
    return whole.replace(b"(7, 7)", repr(shape).encode().ljust(6))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "mask_file_empty"),
        (b"not an array", "mask_file_npy"),
        (pickle.dumps(Trap()), "mask_file_npy"),
        (npy(np.array([[Trap()]], dtype=object), allow_pickle=True), "mask_file_type"),
        (npy(np.array([["1", "0"]])), "mask_file_type"),
        (npy(np.zeros((2, 2), dtype=[("a", "i4")])), "mask_file_type"),
        (npy(np.zeros((2, 2), dtype=complex)), "mask_file_type"),
        (npy(np.zeros(5, dtype=bool)), "mask_file_shape"),
        (npy(np.array(1)), "mask_file_shape"),
        (npy(np.zeros((0, 5), dtype=bool)), "mask_file_shape"),
        (npy(np.zeros((1, 1, 1, 5, 5), dtype=bool)), "mask_file_shape"),
        (npy(np.zeros((3, 5, 7), dtype=bool)), "mask_file_shape"),
        (npy(np.arange(75).reshape(3, 5, 5) > 31), "mask_file_heads"),
        (npy(np.arange(150).reshape(2, 3, 5, 5) > 31), "mask_file_heads"),
        (npy(np.where(np.eye(5), 0, -np.inf) + 2), "mask_file_added"),
        (npy(np.where(np.eye(5), np.nan, -np.inf)), "mask_file_added"),
        (npy(np.where(np.eye(5), 0, np.inf)), "mask_file_value"),
        (npy(np.full((3, 5, 5), np.nan)), "mask_file_value"),
        (npy(np.zeros((5, 3), dtype=bool)), "mask_file_shape"),
        (npy(np.zeros((5, 5)) + np.nan), "mask_file_value"),
        (npy(np.zeros((5, 5)) - 1), "mask_file_value"),
        (npy(np.zeros((MAX_SIDE + 1, 1), dtype=bool)), "mask_file_limit"),
        (npy(np.zeros((5, 5), dtype=bool))[:-1], "mask_file_npy"),
        (npy(np.zeros((5, 5), dtype=bool))[:30], "mask_file_npy"),
        (npy(np.zeros((5, 5), dtype=bool)) + b"more", "mask_file_npy"),
        (_claiming((999, 999)), "mask_file_npy"),
        (_claiming((10**9, 10**9)), "mask_file_limit"),
        (_claiming((-7, -7)), "mask_file_npy"),
        (bytes(MAX_BYTES + 1), "mask_file_size"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_npy_that_is_no_mask_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(MaskError) as caught:
        from_npy(data, (5, 5))
    assert caught.value.code == code
    assert len(str(caught.value)) < 240


@given(st.binary(max_size=80), st.integers(0, 200))
def test_any_bytes_are_a_mask_or_a_mask_error(noise: bytes, cut: int) -> None:
    good = npy(np.ones((5, 5), dtype=bool))
    for data in (noise, good[:cut] + noise, good[: cut // 2] + noise + good[cut // 2 + len(noise) :]):
        for read in (from_csv, from_npy):
            try:
                found = read(data)
            except MaskError as error:
                found = str(error)  # type: ignore[assignment]
            assert isinstance(found, str | np.ndarray)
