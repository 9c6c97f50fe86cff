"""An `AttentionPicture` as bytes for the browser, and back.

A small stage sends every head whole. Of a large one go thumbnails of all heads (the largest weight of a block of cells,
8 bits), the chosen head, and the heads that the browser asks for; an answer to such a question about a picture that
the browser has brings those heads and nothing else. A head of thousands of tokens comes when zoomed or pointed at.
Where a query sees itself and what came before, only that half of the cells travels.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.ui.attention.picture import STATISTICS, AttentionPicture, KindPicture
from attnviz.ui.front.packing import Codes, colours, dequantise, join, pack_bits, quantise, split, unpack_bits

AT_ONCE = 2**18  # cells of all heads together up to which a stage is small
THUMB = 32  # cells a side of a thumbnail, at most
HUGE = 2**21  # cells of one head beyond which even the chosen one is first sent small, though large enough for a screen
SCREEN = 1024  # cells a side of such a head
MOST_WORTH = 2**14  # tokens × heads whose worth to each other travels
MOST_ASKED = 4096  # heads that one message may ask for

Place = tuple[str, int, int]  # kind, layer, head, both from 0


@dataclass(frozen=True)
class Wanted:
    """What the browser asks for: further heads of the picture called `identity`, or of a new one, what is chosen."""

    identity: str = ""
    heads: tuple[Place, ...] = ()
    seq: int = 0


def read_wanted(sent: object) -> Wanted:
    """What the browser sent under "wanted", checked: anything that is no question is ignored."""
    if not isinstance(sent, Mapping):
        return Wanted()
    seq, identity, heads = sent.get("seq"), sent.get("identity"), sent.get("heads")
    return Wanted(
        identity if isinstance(identity, str) else "",
        tuple(read_places(heads if isinstance(heads, Sequence) else ())),
        seq if isinstance(seq, int) and seq >= 0 else 0,
    )


def read_places(sent: Sequence[object]) -> Iterator[Place]:
    """Those of a list that are [kind, layer, head]."""
    for one in sent[:MOST_ASKED]:
        match one:
            case [str(kind), int(layer), int(head)] if layer >= 0 and head >= 0:
                yield kind, int(layer), int(head)


def pack(
    picture: AttentionPicture,
    height: int | None = None,
    wanted: Wanted | None = None,
    chosen: Place | None = None,
) -> bytes:
    """The picture as one payload; equal pictures give equal bytes. `height` in pixels, None follows the window.

    `chosen` is what the browser last chose itself, where it said so.
    """
    wanted = wanted or Wanted()
    small = sum(kind.weights.size for kind in picture.kinds) <= AT_ONCE
    packed = [_Packed(kind, small) for kind in picture.kinds]
    identity = "" if small else _identity(packed)
    further = bool(identity) and wanted.identity == identity
    shown = [(picture.chosen.kind, picture.layer, picture.head), *([chosen] if chosen else [])]
    asked = set(wanted.heads) if further else {place for place in shown if picture.chosen.weights[0, 0].size <= HUGE}
    blocks: dict[str, NDArray[Any]] = {}
    header = {
        "kinds": [one.into(blocks, asked, further) for one in packed],
        "chosen": {
            "kind": picture.chosen.kind,
            "layer": picture.layer,
            "head": picture.head,
            "row": picture.row,
            "again": picture.again,
        },
        "heads_off": sorted([site, head] for site, head in picture.heads_off),
        "seq": picture.seq,
        "scope": picture.scope,
        "name": picture.name,
        "height": height,
        "mirror_url": picture.mirror_url,
        "line": picture.line,
        "sentences": picture.sentences,
        "text": dict(picture.text),
        "theme": colours(),
        "identity": identity,
        "asked": wanted.seq,
    }
    return join(header, blocks, broken=picture.text["broken"])


def _identity(packed: Sequence[_Packed]) -> str:
    """Tells pictures apart without reading every number twice: thumbnails, and the sum of each head's bit patterns."""
    digest = hashlib.blake2b(digest_size=12)
    for one in packed:
        weights = one.kind.weights
        digest.update(repr((one.kind.kind, weights.shape, one.kind.row_labels, one.kind.column_labels)).encode())
        digest.update(one.thumbs.tobytes())
        bits = np.ascontiguousarray(weights, dtype=np.float32).view(np.uint32)
        digest.update(bits.sum(axis=(-1, -2), dtype=np.uint64).tobytes())
    return digest.hexdigest()


class _Packed:
    """One kind of attention on its way: thumbnails of all heads, whole heads when they are asked for."""

    def __init__(self, kind: KindPicture, small: bool) -> None:
        self.kind = kind
        self.small = small
        mask = kind.mask
        if mask.ndim == 4 and _same_everywhere(mask):
            mask = mask[0, 0]
        self.mask = mask
        self.causal = mask.ndim == 2 and _is_causal(mask)
        self.peak = 1.0
        self.bits = 16
        layers, heads = kind.weights.shape[:2]
        if not small:
            huge = kind.weights[0, 0].size > HUGE
            self.side = min(SCREEN, max(THUMB, math.isqrt(SCREEN**2 // (layers * heads)))) if huge else THUMB
            codes = quantise(_pooled(kind.weights, self.side), fine=False)
            self.peak, self.thumbs = codes.peak, codes.values if huge else _coarse(codes)

    def into(self, blocks: dict[str, NDArray[Any]], asked: set[Place], further: bool) -> dict[str, Any]:
        """Put what is asked for into the blocks; returns the header's description."""
        kind, mask = self.kind, self.mask
        name = kind.kind
        layers, heads = kind.weights.shape[:2]
        thumbs = None
        if mask.ndim == 2 and not self.causal and not further:
            blocks[f"{name}/mask"] = pack_bits(mask)
        if not self.small and not further:
            thumbs = list(self.thumbs.shape[2:])
            blocks[f"{name}/thumbs"] = self.thumbs
            if mask.ndim == 4:
                blocks[f"{name}/thumb_masks"] = pack_bits(_pooled(mask, self.side))
        if self.small:
            chosen = list(range(layers * heads))
        else:
            wanted = {(layer, head) for of, layer, head in asked if of == name}
            chosen = sorted(layer * heads + head for layer, head in wanted if layer < layers and head < heads)
        worth = None
        if not further and 0 < len(kind.token_change) * layers * heads <= MOST_WORTH:
            blocks[f"{name}/worth"], worth = _worth(kind)
        return {
            "worth": worth,
            "kind": name,
            "shape": list(kind.weights.shape),
            "thumbs": thumbs,
            "whole": [self._head(index, blocks) for index in chosen],
            "bits": self.bits,
            "peak": self.peak,
            "mask": "causal" if self.causal else "heads" if mask.ndim == 4 else "shared",
            "rows": list(kind.row_labels),
            "columns": list(kind.column_labels),
            "sink": kind.sink,
            "next": list(kind.next_labels),
            "unknown_rows": sorted(kind.unknown_rows),
            "unknown_columns": sorted(kind.unknown_columns),
            "sites": [kind.site(layer) for layer in range(layers)],
            "estimated": [[(kind.site(l), h) in kind.estimated for h in range(heads)] for l in range(layers)]
            if kind.estimated
            else None,
            "stats": {one: _numbers(kind.stats[one]) for one in STATISTICS if one in kind.stats},
        }

    def _head(self, index: int, blocks: dict[str, NDArray[Any]]) -> dict[str, Any]:
        heads = self.kind.weights.shape[1]
        layer, head = divmod(index, heads)
        if self.small and index == 0:
            self._codes = quantise(self.kind.weights)  # of all heads at once: one peak for all
            self.peak = self._codes.peak
        values = self._codes.values[layer, head] if self.small else self._one(layer, head)
        self.bits = values.dtype.itemsize * 8
        half = self.causal and not values[~self.mask].any()
        blocks[f"{self.kind.kind}/{index}"] = values[self.mask] if half else values
        if self.mask.ndim == 4:
            blocks[f"{self.kind.kind}/{index}/mask"] = pack_bits(self.mask[layer, head])
        return {"head": index, "half": half}

    def _one(self, layer: int, head: int) -> NDArray[np.uint16] | NDArray[np.uint8]:
        return quantise(self.kind.weights[layer, head], peak=self.peak).values


def _worth(kind: KindPicture) -> tuple[NDArray[np.float32], list[float | None]]:
    """What heads are worth to tokens, (2, T, L, H): change of the loss, probability without; and each one's before."""
    nothing = np.full(kind.weights.shape[:2], np.nan, dtype=np.float32)
    changes = [nothing if one is None else one.loss for one in kind.token_change]
    afters = [nothing if one is None else one.after for one in kind.token_change]
    before = [None if one is None else float(f"{one.before:.6g}") for one in kind.token_change]
    return np.stack([np.stack(changes), np.stack(afters)]).astype(np.float32), before


def _same_everywhere(mask: NDArray[np.bool_]) -> bool:
    """Whether all heads of (L, H, T, S) have one mask."""
    return mask.strides[:2] == (0, 0) or bool((mask == mask[:1, :1]).all())


def _is_causal(mask: NDArray[np.bool_]) -> bool:
    """Whether each query sees itself and what came before, and nothing else."""
    rows, columns = mask.shape
    return rows == columns and bool((mask == (np.arange(columns) <= np.arange(rows)[:, None])).all())


def _pooled(cells: NDArray[Any], side: int) -> NDArray[Any]:
    """The largest of each block of cells (…, T, S), so that at most `side` remain a side; NaN wins."""
    rows, columns = cells.shape[-2:]
    block = math.ceil(rows / side)
    if block > 1:  # first of all, by maxima of whole rows: little is left for the columns then, which take longer
        full = rows // block
        blocks = cells[..., : full * block, :].reshape(*cells.shape[:-2], full, block, columns)
        parts = [blocks.max(axis=-2)]
        if full * block < rows:
            parts.append(cells[..., full * block :, :].max(axis=-2, keepdims=True))
        cells = np.concatenate(parts, axis=-2)
    block = math.ceil(columns / side)
    if block > 1:
        cells = np.maximum.reduceat(cells, np.arange(0, columns, block), axis=-1)
    return np.ascontiguousarray(cells)


def _coarse(codes: Codes) -> NDArray[np.uint8]:
    """32 shades instead of 255: a thumbnail needs no more, and it packs a third smaller.

    What is above 0 stays above 0, and NaN stays NaN.
    """
    values = codes.values.astype(np.uint16)
    shades = np.clip((values + 4) // 8 * 8, np.where(values > 0, 8, 0), codes.top)
    return np.where(values > codes.top, values, shades).astype(np.uint8)


def _numbers(values: NDArray[np.floating[Any]]) -> list[list[float | None]]:
    """Six significant digits; NaN and infinities become null."""
    return [[float(f"{v:.6g}") if math.isfinite(v) else None for v in row] for row in values.tolist()]


def unpack_kind(payload: bytes, kind: str) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Weights and mask, both (L, H, T, S), as the browser reads them; a head that is not there is NaN.

    Raises ValueError when the kind is not there.
    """
    header, blocks = split(payload)
    described = next((one for one in header["kinds"] if one["kind"] == kind), None)
    if described is None:
        raise ValueError(f"the payload holds {[one['kind'] for one in header['kinds']]}, not {kind!r}")
    layers, heads, rows, columns = described["shape"]
    weights = np.full((layers * heads, rows, columns), np.nan, np.float32)
    masks = np.zeros((layers * heads, rows, columns), np.bool_)
    if described["mask"] == "causal":
        masks[:] = np.arange(columns) <= np.arange(rows)[:, None]
    elif described["mask"] == "shared":
        masks[:] = unpack_bits(np.frombuffer(blocks[f"{kind}/mask"], np.uint8), (rows, columns))
    for one in described["whole"]:
        index = one["head"]
        if described["mask"] == "heads":
            packed = np.frombuffer(blocks[f"{kind}/{index}/mask"], np.uint8)
            masks[index] = unpack_bits(packed, (rows, columns))
        sent = np.frombuffer(blocks[f"{kind}/{index}"], "<u2" if described["bits"] == 16 else np.uint8)
        shape = rows, columns
        codes: NDArray[np.uint16] | NDArray[np.uint8]
        codes = np.zeros(shape, np.uint16) if described["bits"] == 16 else np.zeros(shape, np.uint8)
        codes[masks[index] if one["half"] else ...] = sent if one["half"] else sent.reshape(rows, columns)
        weights[index] = dequantise(Codes(codes, described["peak"]))
    whole = (layers, heads, rows, columns)
    return weights.reshape(whole), masks.reshape(whole)
