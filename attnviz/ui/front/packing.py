"""Arrays for the browser in one `bytes` object: a JSON header, then the blocks, compressed when that pays.

Layout: b"AV01" · header length (uint32, little endian) · header (UTF-8 JSON) · body. The header gains `blocks`
(name → [offset, length] in the body, offsets multiples of 8) and `body` ({compressed, length, digest}).
Attention weights travel square-root companded: code = round(√(w / peak) · top), so that small weights keep their
relative precision; the highest code means NaN.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.figures import theme

MAGIC = b"AV01"
ALIGNMENT = 8
FINE_CELLS = 128 * 128  # up to so many cells a head get 16 bits, more get 8
READABLE = frozenset({"bits", "int8", "float16", "float32", "float64"})  # what `payload.js` can make an array of
WORTH_COMPRESSING = 4096  # bytes


@dataclass(frozen=True, eq=False)
class Codes:
    """Quantised weights: `values` uint16 or uint8, any shape; `peak` is the weight of the highest finite code."""

    values: NDArray[np.uint16] | NDArray[np.uint8]
    peak: float

    @property
    def top(self) -> int:
        """The code of `peak`; the one above it is NaN."""
        return int(np.iinfo(self.values.dtype).max) - 1


def quantise(weights: NDArray[np.floating[Any]]) -> Codes:
    """Weights (…, T, S) ≥ 0 as codes; raises ValueError for negative or infinite ones. NaN stays NaN, 0 stays 0."""
    missing = np.isnan(weights)
    known = np.where(missing, 0.0, weights).astype(np.float64)
    if known.size and (float(known.min()) < 0 or not np.isfinite(known).all()):
        raise ValueError(f"weights must be finite and ≥ 0, got {known.min()} … {known.max()}")
    peak = max(1.0, float(known.max())) if known.size else 1.0
    cells = weights.shape[-1] * weights.shape[-2] if weights.ndim >= 2 else weights.size
    dtype = np.uint16 if cells <= FINE_CELLS else np.uint8
    top = int(np.iinfo(dtype).max) - 1
    codes = np.rint(np.sqrt(known / peak) * top).astype(dtype)
    codes[missing] = top + 1
    return Codes(codes, peak)


def dequantise(codes: Codes) -> NDArray[np.float32]:
    """The weights again; |error| ≤ `quantisation_error(codes)` at each weight."""
    roots = codes.values.astype(np.float64) / codes.top
    weights = (roots * roots * codes.peak).astype(np.float32)
    weights[codes.values == codes.top + 1] = np.nan
    return weights


def quantisation_error(weights: NDArray[np.floating[Any]], codes: Codes) -> NDArray[np.float64]:
    """The largest error that rounding can make at each weight: half a step of the square root, squared back."""
    half = 0.5 / codes.top
    roots = np.sqrt(np.nan_to_num(weights.astype(np.float64)) / codes.peak)
    return codes.peak * (2 * roots * half + half * half)


def pack_bits(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """One bit a cell, the first cell in the lowest bit."""
    return np.packbits(mask.reshape(-1), bitorder="little")


def unpack_bits(packed: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The mask again."""
    count = int(np.prod(shape))
    return np.unpackbits(packed, count=count, bitorder="little").astype(np.bool_).reshape(shape)


def join(header: Mapping[str, Any], blocks: Mapping[str, NDArray[Any]]) -> bytes:
    """One `bytes` object; header values must be JSON without NaN, blocks are sent little-endian in the order given."""
    places: dict[str, list[int]] = {}
    body = bytearray()
    for name, block in blocks.items():
        data = np.ascontiguousarray(block, dtype=block.dtype.newbyteorder("<")).tobytes()
        places[name] = [len(body), len(data)]
        body += data
        body += b"\0" * (-len(body) % ALIGNMENT)
    raw = bytes(body)
    packed = zlib.compress(raw, 1) if len(raw) >= WORTH_COMPRESSING else raw
    compressed = len(packed) < 0.9 * len(raw)
    described = {
        **header,
        "blocks": places,
        "body": {
            "compressed": compressed,
            "length": len(raw),
            "digest": hashlib.blake2b(raw, digest_size=8).hexdigest(),
        },
    }
    text = json.dumps(described, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    return MAGIC + len(text).to_bytes(4, "little") + text + (packed if compressed else raw)


def colours() -> dict[str, Any]:
    """Both palettes, the font and the hatching: what `theme.js` chooses from."""
    return {
        "light": theme.LIGHT.to_dict(),
        "dark": theme.DARK.to_dict(),
        "font": theme.FONT_FAMILY,
        "hatch": theme.HATCH_SIZE,
    }


def pack(values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any] | bytes]) -> bytes:
    """Values (JSON without NaN), arrays and the colours as one payload, which `payload.js` reads.

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
    return join({**values, "arrays": described, "theme": colours()}, blocks)


def split(payload: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Header and blocks of what `join` made; raises ValueError for anything else."""
    if payload[:4] != MAGIC:
        raise ValueError(f"not a packed picture: starts with {payload[:4]!r}, expected {MAGIC!r}")
    length = int.from_bytes(payload[4:8], "little")
    header = json.loads(payload[8 : 8 + length].decode("utf-8"))
    body = payload[8 + length :]
    if header["body"]["compressed"]:
        body = zlib.decompress(body)
    if len(body) != header["body"]["length"]:
        raise ValueError(f"the body has {len(body)} bytes, the header says {header['body']['length']}")
    return header, {name: body[start : start + size] for name, (start, size) in header["blocks"].items()}
