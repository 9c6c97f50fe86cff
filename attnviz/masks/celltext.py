"""Cells written down briefly enough for a link: rectangles of (query, key), or packed bits where those get long.

`2:1` is one cell, `0-3:5` a piece of a column, `1:0-2` a piece of a row, `0-3:0-2` a rectangle; `64x64.eJy…` is the
whole matrix, row by row one bit a cell, deflated, in URL-safe base64. Equal sets of cells are written equally.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterable, Sequence

import numpy as np

from attnviz.masks.errors import MaskError

MAX_POSITION = 4095  # the last query or key that a written mask may name
MAX_CELLS = 512 * 512
_LONG = 160  # characters of rectangles above which packed bits are tried

_RECTANGLE = re.compile(r"\s*(\d{1,10})(?:-(\d{1,10}))?\s*:\s*(\d{1,10})(?:-(\d{1,10}))?\s*")
_PACKED = re.compile(r"\s*(\d{1,4})x(\d{1,4})\.([A-Za-z0-9_-]+)\s*")

Cell = tuple[int, int]


def write_cells(cells: Iterable[Cell]) -> str:
    """The shortest of the two ways of writing; rectangles while they are short enough to be read by people."""
    unique = sorted(set(cells))
    readable = ",".join(f"{_span(q1, q2)}:{_span(k1, k2)}" for q1, q2, k1, k2 in rectangles(unique))
    if len(readable) <= _LONG:
        return readable
    packed = _packed(unique)
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


def rectangles(cells: Iterable[Cell]) -> list[tuple[int, int, int, int]]:
    """(first query, last query, first key, last key) of blocks that together are `cells`.

    Runs of keys row by row; the same runs in consecutive rows are joined.
    """
    rows: dict[int, list[list[int]]] = {}
    for query, key in sorted(set(cells)):
        runs = rows.setdefault(query, [])
        if runs and runs[-1][1] == key - 1:
            runs[-1][1] = key
        else:
            runs.append([key, key])
    blocks: list[tuple[int, int, list[list[int]]]] = []
    for query, runs in rows.items():
        if blocks and blocks[-1][1] == query - 1 and blocks[-1][2] == runs:
            blocks[-1] = (blocks[-1][0], query, runs)
        else:
            blocks.append((query, query, runs))
    return [(first, last, run[0], run[1]) for first, last, runs in blocks for run in runs]


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _packed(cells: Sequence[Cell]) -> str:
    index = np.array(cells)
    rows, columns = (index.max(axis=0) + 1).tolist()
    matrix = np.zeros((rows, columns), dtype=bool)
    matrix[index[:, 0], index[:, 1]] = True
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
    return [(query, key) for query, key in np.argwhere(bits).tolist()]
