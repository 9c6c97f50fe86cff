"""Arrays for the browser in one `bytes` object: an outline, then header and blocks, compressed when that pays.

Layout: b"AV02" · outline length (uint32, little endian) · outline (JSON) · body. The outline says where the body's
`blocks` lie (name → [offset, length], offsets multiples of 8), how long the `header` (UTF-8 JSON) at its start is, and
whether the body is `compressed`; its `digest` makes it the payload's identity.
Attention weights travel square-root companded: code = round(√(w / peak) · top), so that small weights keep their
relative precision; the highest code means NaN.
"""

from __future__ import annotations

import hashlib
import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.figures import theme

MAGIC = b"AV02"
ALIGNMENT = 8
FINE_CELLS = 128 * 128  # up to so many cells a head get 16 bits, more get 8
READABLE = frozenset({"bits", "int8", "float16", "float32", "float64"})  # what `payload.js` can make an array of
WORTH_COMPRESSING = 2**16  # bytes: up to here a browser has drawn them before it would have inflated them


@dataclass(frozen=True, eq=False)
class Codes:
    """Quantised weights: `values` uint16 or uint8, any shape; `peak` is the weight of the highest finite code."""

    values: NDArray[np.uint16] | NDArray[np.uint8]
    peak: float

    @property
    def top(self) -> int:
        """The code of `peak`; the one above it is NaN."""
        return int(np.iinfo(self.values.dtype).max) - 1


def quantise(weights: NDArray[np.floating[Any]], *, peak: float | None = None, fine: bool = True) -> Codes:
    """Weights (…, T, S) ≥ 0 as codes; raises ValueError for negative or infinite ones. NaN stays NaN, 0 stays 0.

    `peak` is the largest weight where it is known. Many cells a head get 8 bits, as all get that are not `fine`.
    """
    known = weights.astype(np.float32)  # its own copy: what follows happens in place
    missing = np.isnan(known) if known.size and math.isnan(float(known.max())) else None
    if missing is not None:
        known[missing] = 0
    if known.size and not (float(known.min()) >= 0 and math.isfinite(float(known.max()))):
        raise ValueError(f"weights must be finite and ≥ 0, got {known.min()} … {known.max()}")
    if peak is None:
        peak = max(1.0, float(known.max())) if known.size else 1.0
    cells = weights.shape[-1] * weights.shape[-2] if weights.ndim >= 2 else weights.size
    dtype: type[np.uint16] | type[np.uint8] = np.uint16 if fine and cells <= FINE_CELLS else np.uint8
    top = int(np.iinfo(dtype).max) - 1
    if peak != 1:
        known *= np.float32(1 / peak)
    np.sqrt(known, out=known)
    known *= np.float32(top)
    known += np.float32(0.5)  # and cut off: rounded
    codes: NDArray[Any] = known.astype(dtype)
    np.minimum(codes, dtype(top), out=codes)
    if missing is not None:
        codes[missing] = top + 1
    return Codes(codes, peak)


def dequantise(codes: Codes) -> NDArray[np.float32]:
    """The weights again; |error| ≤ `quantisation_error(codes)` at each weight."""
    roots = codes.values.astype(np.float64) / codes.top
    weights = (roots * roots * codes.peak).astype(np.float32)
    weights[codes.values == codes.top + 1] = np.nan
    return weights


def quantisation_error(weights: NDArray[np.floating[Any]], codes: Codes) -> NDArray[np.float64]:
    """The largest error that rounding can make at each weight: half a step of the square root, squared back.

    The root, its multiple and the sum in `quantise` are float32, which rounds a little, too.
    """
    half = 0.5 / codes.top + 2.0**-22
    roots = np.sqrt(np.nan_to_num(weights.astype(np.float64)) / codes.peak)
    return codes.peak * (2 * roots * half + half * half)


def pack_bits(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """One bit a cell, the first cell in the lowest bit."""
    return np.packbits(mask.reshape(-1), bitorder="little")


def unpack_bits(packed: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The mask again."""
    count = int(np.prod(shape))
    return np.unpackbits(packed, count=count, bitorder="little").astype(np.bool_).reshape(shape)


def join(
    header: Mapping[str, Any], blocks: Mapping[str, NDArray[Any]], *, broken: str = "", near: bool = False
) -> bytes:
    """One `bytes` object; header values must be JSON without NaN, blocks are sent little-endian in the order given.

    `broken` is what is said where the body cannot be read. `near`: the browser is on this machine, where bytes cost
    less than the time in which they are deflated and inflated.
    """
    places: dict[str, list[int]] = {}
    said = json.dumps(header, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    body = bytearray(said)
    body += b"\0" * (-len(body) % ALIGNMENT)
    for name, block in blocks.items():
        data = np.ascontiguousarray(block, dtype=block.dtype.newbyteorder("<")).tobytes()
        places[name] = [len(body), len(data)]
        body += data
        body += b"\0" * (-len(body) % ALIGNMENT)
    raw = bytes(body)
    packed = _deflated(raw[: len(said)], raw[len(said) :]) if len(raw) >= WORTH_COMPRESSING and not near else raw
    compressed = len(packed) < 0.9 * len(raw)
    outline = {
        "header": len(said),
        "blocks": places,
        "compressed": compressed,
        "length": len(raw),
        "digest": hashlib.blake2b(raw, digest_size=8).hexdigest(),
        "broken": broken,
    }
    text = json.dumps(outline, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    text += b" " * (-(len(MAGIC) + 4 + len(text)) % ALIGNMENT)  # so that the body is aligned, too
    return MAGIC + len(text).to_bytes(4, "little") + text + (packed if compressed else raw)


def _deflated(words: bytes, numbers: bytes) -> bytes:
    """Words as usual; numbers by how often a byte comes and by runs of one, since they repeat little else."""
    streams = []
    for part, strategy in ((words, zlib.Z_DEFAULT_STRATEGY), (numbers, zlib.Z_RLE)):
        packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS, 9, strategy)
        flush = zlib.Z_SYNC_FLUSH if part is words else zlib.Z_FINISH
        streams.append(packer.compress(part) + packer.flush(flush))
    check = zlib.adler32(numbers, zlib.adler32(words))
    return b"\x78\x01" + b"".join(streams) + check.to_bytes(4, "big")


@cache
def colours() -> dict[str, Any]:
    """Both palettes, the font and the hatching: what `theme.js` chooses from. Nobody may write into it."""
    return {
        "light": theme.LIGHT.to_dict(),
        "dark": theme.DARK.to_dict(),
        "font": theme.FONT_FAMILY,
        "hatch": theme.HATCH_SIZE,
    }


def pack(values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any] | bytes], *, near: bool = False) -> bytes:
    """Values (JSON without NaN), arrays and the colours as one payload, which `payload.js` reads; `near` as in `join`.

    Floats of 16, 32 or 64 bits and int8 travel as they are, booleans as bits, bytes as a file; raises ValueError for
    other types.
    """
    blocks: dict[str, NDArray[Any]] = {}
    described: dict[str, dict[str, Any]] = {}
    for name, array in arrays.items():
        if isinstance(array, bytes):
            blocks[name] = np.frombuffer(array, dtype=np.uint8)
            continue
        kind = "bits" if array.dtype == np.bool_ else str(array.dtype)
        if kind not in READABLE:
            raise ValueError(f"{name}: the browser reads {sorted(READABLE)}, not {kind}")
        blocks[name] = pack_bits(array) if kind == "bits" else array
        described[name] = {"type": kind, "shape": list(array.shape)}
    return join({**values, "arrays": described, "theme": colours()}, blocks, near=near)


def outline_of(payload: bytes) -> tuple[dict[str, Any], int]:
    """The outline and where the body begins; raises ValueError for what `join` did not make."""
    if payload[:4] != MAGIC:
        raise ValueError(f"not a packed picture: starts with {payload[:4]!r}, expected {MAGIC!r}")
    length = int.from_bytes(payload[4:8], "little")
    return json.loads(payload[8 : 8 + length].decode("utf-8")), 8 + length


def split(payload: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Header and blocks of what `join` made; raises ValueError for anything else."""
    outline, start = outline_of(payload)
    body = payload[start:]
    if outline["compressed"]:
        try:
            body = zlib.decompress(body)
        except zlib.error as error:
            raise ValueError(f"the body lacks bytes: {error}") from error
    if len(body) != outline["length"]:
        raise ValueError(f"the body has {len(body)} bytes, the outline says {outline['length']}")
    header = json.loads(body[: outline["header"]].decode("utf-8"))
    return header, {name: body[start : start + size] for name, (start, size) in outline["blocks"].items()}
