"""A mask as a file and back: CSV and NumPy's NPY. 1 = visible (may attend), 0 = blocked.

An additive mask is read too, as PyTorch adds it to the scores: 0 = visible, −inf (or −10 000 and below) = blocked. Of
a mask with axes for heads, (H, T, S), or for sentences and heads, (B, H, T, S), all must be alike: one mask is read.
"""

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
LONGEST_NUMBER = 80  # characters
HIDES = -10_000.0  # what is added to a score hides it from here on
_WORDS = {"true": 1.0, "false": 0.0}


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
    """The mask in a text file of numbers, as spreadsheets and np.savetxt write them; , ; tab or blanks between cells.

    `shape` (rows, columns), if given, must be the file's. Raises MaskError for whatever is not such a mask.
    """
    _check_size(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MaskError("mask_file_encoding") from None
    rows: list[list[float]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
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
    return _of_shape(_visible(np.array(rows, dtype=np.float64)), shape)


def from_npy(data: bytes, shape: tuple[int, int] | None = None) -> Bool[np.ndarray, "T S"]:
    """The mask in an NPY file: bool, 0 and 1, or additive. Nothing in the file is executed.

    `shape` (rows, columns), if given, must be the file's. Raises MaskError for whatever is not such a mask.
    """
    _check_size(data)
    found, dtype, body = _header(data)
    if dtype.kind not in "biuf":
        raise MaskError("mask_file_type", given=str(dtype)[:40])
    if not 2 <= len(found) <= 4 or 0 in found:
        raise MaskError("mask_file_shape", given=_size(*found), expected=_size(*(shape or ("T", "S"))))
    if max(found[-2:]) > MAX_SIDE:
        raise MaskError("mask_file_limit", given=_size(*found), limit=MAX_SIDE)
    if body != math.prod(found) * dtype.itemsize:
        raise MaskError("mask_file_npy")
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError):
        raise MaskError("mask_file_npy") from None
    masks = array.reshape(-1, *found[-2:])
    differ = np.flatnonzero((masks != masks[0]).any(axis=(1, 2)))
    if len(differ) and not np.isnan(masks[0].astype(np.float64)).any():
        place = ", ".join(str(int(one)) for one in np.unravel_index(differ[0], found[:-2]))
        first = ", ".join("0" for _ in found[:-2])
        raise MaskError("mask_file_heads", given=_size(*found), place=f"mask[{place}]", first=f"mask[{first}]")
    return _of_shape(_visible(masks[0]), shape)


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


def _cell(text: str, row: int, column: int) -> float:
    written = text.strip("\"'").lower()
    try:
        return _WORDS[written] if written in _WORDS else float(written[:LONGEST_NUMBER].replace("\u2212", "-"))
    except ValueError:
        raise MaskError("mask_file_value", row=row + 1, column=column + 1, value=repr(text[:20])) from None


def _visible(matrix: np.ndarray) -> np.ndarray:
    """True where a mask of numbers lets attend: it is of 0 and 1, or added to the scores."""
    if matrix.dtype == bool:
        return matrix
    numbers = matrix.astype(np.float64)
    hidden = numbers <= HIDES
    if hidden.any():  # added to the scores
        wrong, visible = ~hidden & (numbers != 0), numbers == 0
    else:
        wrong, visible = (numbers != 0) & (numbers != 1), numbers == 1
    if wrong.any():
        row, column = np.argwhere(wrong)[0].tolist()
        code = "mask_file_added" if hidden.any() else "mask_file_value"
        raise MaskError(code, row=row + 1, column=column + 1, value=f"{numbers[row, column]:g}")
    found: np.ndarray = visible
    return found


def _of_shape(matrix: np.ndarray, shape: tuple[int, int] | None) -> np.ndarray:
    if shape is not None and matrix.shape != shape:
        raise MaskError("mask_file_shape", given=_size(*matrix.shape), expected=_size(*shape))
    return matrix


def _size(*sides: object) -> str:
    return " × ".join(map(str, sides)) if sides else "a single number"
