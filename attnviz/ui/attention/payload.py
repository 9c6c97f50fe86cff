"""An `AttentionPicture` as bytes for the browser, and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.ui.attention.picture import STATISTICS, AttentionPicture, KindPicture
from attnviz.ui.front.packing import Codes, colours, dequantise, join, pack_bits, quantise, split, unpack_bits


def pack(picture: AttentionPicture, height: int | None = None) -> bytes:
    """The picture as one payload; equal pictures give equal bytes. `height` in pixels, None follows the window."""
    blocks: dict[str, NDArray[Any]] = {}
    header = {
        "kinds": [_pack_kind(kind, blocks) for kind in picture.kinds],
        "chosen": {"kind": picture.chosen.kind, "layer": picture.layer, "head": picture.head, "row": picture.row},
        "heads_off": sorted([site, head] for site, head in picture.heads_off),
        "seq": picture.seq,
        "scope": picture.scope,
        "name": picture.name,
        "height": height,
        "mirror_url": picture.mirror_url,
        "text": dict(picture.text),
        "theme": colours(),
    }
    return join(header, blocks)


def _pack_kind(kind: KindPicture, blocks: dict[str, NDArray[Any]]) -> dict[str, Any]:
    codes = quantise(kind.weights)
    mask = kind.mask
    if mask.ndim == 4 and bool((mask == mask[:1, :1]).all()):
        mask = mask[0, 0]
    blocks[f"{kind.kind}/weights"] = codes.values
    blocks[f"{kind.kind}/mask"] = pack_bits(mask)
    layers = kind.weights.shape[0]
    return {
        "kind": kind.kind,
        "shape": list(kind.weights.shape),
        "bits": codes.values.dtype.itemsize * 8,
        "peak": codes.peak,
        "mask_per_head": mask.ndim == 4,
        "rows": list(kind.row_labels),
        "columns": list(kind.column_labels),
        "next": list(kind.next_labels),
        "unknown_rows": sorted(kind.unknown_rows),
        "unknown_columns": sorted(kind.unknown_columns),
        "sites": [kind.site(layer) for layer in range(layers)],
        "stats": {name: _numbers(kind.stats[name]) for name in STATISTICS if name in kind.stats},
    }


def _numbers(values: NDArray[np.floating[Any]]) -> list[list[float | None]]:
    """Six significant digits; NaN and infinities become null."""
    return [[float(f"{v:.6g}") if math.isfinite(v) else None for v in row] for row in values.tolist()]


def unpack_kind(payload: bytes, kind: str) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Weights and mask, both (L, H, T, S), as the browser reads them; raises ValueError when the kind is not there."""
    header, blocks = split(payload)
    described = next((one for one in header["kinds"] if one["kind"] == kind), None)
    if described is None:
        raise ValueError(f"the payload holds {[one['kind'] for one in header['kinds']]}, not {kind!r}")
    shape = tuple(described["shape"])
    dtype = np.dtype("<u2") if described["bits"] == 16 else np.dtype("u1")
    codes = np.frombuffer(blocks[f"{kind}/weights"], dtype=dtype).reshape(shape)
    packed = np.frombuffer(blocks[f"{kind}/mask"], dtype=np.uint8)
    mask = unpack_bits(packed, shape if described["mask_per_head"] else shape[2:])
    return dequantise(Codes(codes, described["peak"])), np.broadcast_to(mask, shape)
