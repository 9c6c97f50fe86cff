"""A mask as a file and back: CSV of 0 and 1, and NumPy's NPY. 1 = visible (may attend), 0 = blocked."""

from __future__ import annotations

import io
import math

import numpy as np
from jaxtyping import Bool

from attnviz.errors import MaskError
from attnviz.masks.mask import Mask
from attnviz.masks.predicates import Cells

MAX_SIDE = 1024  # rows or columns
MAX_BYTES = 16 * 2**20
_TRUE, _FALSE = ("1", "1.0", "true"), ("0", "0.0", "false")


def to_csv(matrix: Bool[np.ndarray, "T S"]) -> bytes:
    """One line a query, one column a key, 0 and 1 separated by commas."""
    lines = (",".join("1" if visible else "0" for visible in row) for row in matrix.tolist())
    return ("\n".join(lines) + "\n").encode("ascii")


def to_npy(matrix: Bool[np.ndarray, "T S"]) -> bytes:
    """A NumPy file holding a bool array (T, S)."""
    buffer = io.BytesIO()
    np.save(buffer, matrix, allow_pickle=False)
    return buffer.getvalue()


def from_csv(data: bytes, shape: tuple[int, int] | None = None) -> Bool[np.ndarray, "T S"]:
    """The mask in a CSV file of 0 and 1; comma, semicolon, tab or blanks between cells.

    `shape` (rows, columns), if given, must be the file's. Raises MaskError for whatever is not such a mask.
    """
    _check_size(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MaskError("mask_file_encoding") from None
    rows: list[list[bool]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        parts = [part.strip() for part in line.replace(";", ",").replace("\t", ",").split(",")]
        parts = line.split() if len(parts) == 1 else parts
        if rows and len(parts) != len(rows[0]):
            raise MaskError("mask_file_ragged", line=number, given=len(parts), expected=len(rows[0]))
        if len(parts) > MAX_SIDE or len(rows) == MAX_SIDE:
            raise MaskError("mask_file_limit", given=_size(len(rows) + 1, len(parts)), limit=MAX_SIDE)
        rows.append([_cell(part, len(rows), column) for column, part in enumerate(parts)])
    if not rows:
        raise MaskError("mask_file_empty")
    return _of_shape(np.array(rows, dtype=bool), shape)


def from_npy(data: bytes, shape: tuple[int, int] | None = None) -> Bool[np.ndarray, "T S"]:
    """The mask in an NPY file: bool, or numbers that are all 0 or 1. Nothing in the file is executed.

    `shape` (rows, columns), if given, must be the file's. Raises MaskError for whatever is not such a mask.
    """
    _check_size(data)
    found, dtype, body = _header(data)
    if dtype.kind not in "biuf":
        raise MaskError("mask_file_type", given=str(dtype)[:40])
    if len(found) != 2 or 0 in found:
        raise MaskError("mask_file_shape", given=_size(*found), expected=_size(*(shape or ("T", "S"))))
    if max(found) > MAX_SIDE:
        raise MaskError("mask_file_limit", given=_size(*found), limit=MAX_SIDE)
    if body != math.prod(found) * dtype.itemsize:
        raise MaskError("mask_file_npy")
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError):
        raise MaskError("mask_file_npy") from None
    wrong = np.argwhere((array != 0) & (array != 1))
    if len(wrong):
        row, column = wrong[0].tolist()
        raise MaskError("mask_file_value", row=row + 1, column=column + 1, value=str(array[row, column]))
    return _of_shape(array.astype(bool), shape)


def painted(matrix: Bool[np.ndarray, "T S"]) -> Mask:
    """The mask whose visible cells are those of `matrix`; queries and keys beyond it are blocked."""
    queries, keys = np.nonzero(matrix)
    return Cells(tuple(zip(queries.tolist(), keys.tolist(), strict=True)))


def _header(data: bytes) -> tuple[tuple[int, ...], np.dtype, int]:
    """Shape, type and bytes of content, read without making the array: a header may claim any size."""
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
    except Exception:  # NumPy parses the header as Python text and lets that parser's many errors through
        raise MaskError("mask_file_npy") from None
    return shape, dtype, len(data) - stream.tell()


def _check_size(data: bytes) -> None:
    if not data:
        raise MaskError("mask_file_empty")
    if len(data) > MAX_BYTES:
        raise MaskError("mask_file_size", given=len(data), limit=MAX_BYTES)


def _cell(text: str, row: int, column: int) -> bool:
    lowered = text.strip("\"'").lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise MaskError("mask_file_value", row=row + 1, column=column + 1, value=repr(text[:20]))


def _of_shape(matrix: np.ndarray, shape: tuple[int, int] | None) -> np.ndarray:
    if shape is not None and matrix.shape != shape:
        raise MaskError("mask_file_shape", given=_size(*matrix.shape), expected=_size(*shape))
    return matrix


def _size(*sides: object) -> str:
    return " × ".join(map(str, sides)) if sides else "a single number"
