"""Cells written down briefly enough for a link: rectangles of (query, key), or packed bits where those get long.

`2:1` is one cell, `0-3:5` a piece of a column, `1:0-2` a piece of a row, `0-3:0-2` a rectangle; `64x64.eJy…` is the
whole matrix, row by row one bit a cell, deflated, in URL-safe base64. Equal sets of cells are written equally.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Sequence
from itertools import chain

import numpy as np
from jaxtyping import Bool

from attnviz.errors import MaskError

MAX_POSITION = 4095  # the last query or key that a written mask may name
MAX_CELLS = 512 * 512
_LONG = 160  # characters of rectangles above which packed bits are tried

_RECTANGLE = re.compile(r"\s*(\d{1,10})(?:-(\d{1,10}))?\s*:\s*(\d{1,10})(?:-(\d{1,10}))?\s*")
_PACKED = re.compile(r"\s*(\d{1,4})x(\d{1,4})\.([A-Za-z0-9_-]+)\s*")

Cell = tuple[int, int]


def cell_matrix(cells: Sequence[Cell]) -> Bool[np.ndarray, "T S"]:
    """True at the given cells, just large enough for all of them."""
    flat = np.fromiter(chain.from_iterable(cells), dtype=np.int64, count=2 * len(cells)).reshape(-1, 2)
    matrix = np.zeros(tuple(flat.max(axis=0) + 1) if len(flat) else (0, 0), dtype=bool)
    matrix[flat[:, 0], flat[:, 1]] = True
    return matrix


def write_cells(cells: Sequence[Cell]) -> str:
    """Rectangles while they are short enough to be read by people, else the shorter of the two ways of writing."""
    matrix = cell_matrix(cells)
    found = rectangles(matrix)
    readable = ",".join(f"{_span(q1, q2)}:{_span(k1, k2)}" for q1, q2, k1, k2 in found)
    if len(readable) <= _LONG:
        return readable
    packed = _packed(matrix)
    return packed if len(packed) < len(readable) else readable


def read_cells(text: str, position: int = 1) -> list[Cell]:
    """The cells written as `write_cells` does, sorted; raises MaskError saying at which character (from `position`)."""
    if not text.strip():
        return []
    if packed := _PACKED.fullmatch(text):
        return _unpacked(int(packed[1]), int(packed[2]), packed[3], position)
    found: set[Cell] = set()
    area = 0
    for part in text.split(","):
        match = _RECTANGLE.fullmatch(part)
        if match is None:
            raise MaskError("mask_cells", position=position)
        first_query, last_query, first_key, last_key = (
            int(match[n] if match[n] is not None else match[n - 1]) for n in (1, 2, 3, 4)
        )
        for number in (first_query, last_query, first_key, last_key):
            if number > MAX_POSITION:
                raise MaskError("mask_range", position=position, found=number, name="cells", least=0, most=MAX_POSITION)
        if last_query < first_query or last_key < first_key:
            raise MaskError("mask_cells", position=position)
        area += (last_query - first_query + 1) * (last_key - first_key + 1)
        if area > MAX_CELLS:
            raise MaskError("mask_many_cells", position=position, limit=MAX_CELLS)
        found.update((q, k) for q in range(first_query, last_query + 1) for k in range(first_key, last_key + 1))
        position += len(part) + 1
    return sorted(found)


def rectangles(matrix: Bool[np.ndarray, "T S"]) -> list[tuple[int, int, int, int]]:
    """(first query, last query, first key, last key) of blocks that together are the True cells.

    Runs of keys row by row; rows that look like the row before them are joined to it.
    """
    rows = len(matrix)
    edges = np.diff(np.pad(matrix, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, first_key = np.nonzero(edges == 1)
    last_key = np.nonzero(edges == -1)[1] - 1
    opens = np.ones(rows, dtype=bool)
    opens[1:] = (matrix[1:] != matrix[:-1]).any(axis=1)
    starts = np.flatnonzero(opens)
    last_row = np.zeros(rows, dtype=np.int64)
    last_row[starts] = np.append(starts[1:], rows)[: len(starts)] - 1
    kept = opens[row]
    columns = (row[kept], last_row[row[kept]], first_key[kept], last_key[kept])
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _packed(matrix: np.ndarray) -> str:
    rows, columns = matrix.shape
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = deflate.compress(np.packbits(matrix).tobytes()) + deflate.flush()
    return f"{rows}x{columns}." + base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _unpacked(rows: int, columns: int, text: str, position: int) -> list[Cell]:
    if not (1 <= rows <= MAX_POSITION + 1 and 1 <= columns <= MAX_POSITION + 1):
        raise MaskError("mask_range", position=position, found=max(rows, columns), name="cells", least=1, most=4096)
    size = (rows * columns + 7) // 8
    try:
        inflate = zlib.decompressobj(-15)
        data = inflate.decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), size + 1)
    except (zlib.error, binascii.Error):
        raise MaskError("mask_cells", position=position) from None
    if len(data) != size or not inflate.eof:
        raise MaskError("mask_cells", position=position)
    bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8))[: rows * columns].reshape(rows, columns)
    if bits.sum() > MAX_CELLS:
        raise MaskError("mask_many_cells", position=position, limit=MAX_CELLS)
    queries, keys = np.nonzero(bits)
    return list(zip(queries.tolist(), keys.tolist(), strict=True))
