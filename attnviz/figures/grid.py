"""All layers × heads at once, as small multiples in one heat map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from attnviz.figures import checks
from attnviz.figures.matrix import Drawing
from attnviz.figures.scales import Scale, exponent, largest
from attnviz.figures.text import escape, word
from attnviz.figures.theme import FONT_SIZE, palette
from attnviz.figures.tiles import Tiles
from attnviz.language import Language

KINDS = {
    "cross": ("cross",),
    "cross_attn": ("cross",),
    "cross_attention": ("cross",),
    "encoder_self": ("encoder_self",),
    "encoder_self_attn": ("encoder_self",),
    "decoder_self": ("decoder_self",),
    "decoder_self_attn": ("decoder_self",),
    "self": ("decoder_self", "encoder_self"),
    "self_attn": ("decoder_self", "encoder_self"),
}
MAX_CELLS = 1_000_000  # of one picture; longer sequences are pooled
GRID_WIDTH = 880  # pixels that all heads of a layer take
TILE_SIZES = (64, 220)  # pixels


@runtime_checkable
class WatchedHeads(Protocol):
    """What a recorded forward pass offers: every head's weights and mask, and the tokens they stand for."""

    def weights(self, kind: str) -> NDArray[np.floating]:
        """(L, B, H, T, S)."""

    def mask(self, kind: str) -> NDArray[np.bool_]:
        """True = may attend; (L, B, H, T, S) or what broadcasts to it."""

    def labels(self, kind: str, example: int = 0) -> tuple[Sequence[str], Sequence[str]]:
        """Row labels (queries) and column labels (keys) of one example of the batch."""


@dataclass(frozen=True)
class Heads:
    """One example's heads: values (L, H, T, S), which cells are visible, and the tokens."""

    values: NDArray[np.floating]
    visible: NDArray[np.bool_]
    rows: list[str]
    columns: list[str]


def attention_grid(
    source: WatchedHeads | ArrayLike,
    kind: str = "cross",
    *,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    mask: ArrayLike | None = None,
    item: int = 0,
    notes: Sequence[Sequence[str]] | None = None,
    title: str | None = None,
    scale: Literal["linear", "sqrt"] = "linear",
    maximum: float | None = 1.0,
    language: Language = "en",
    dark: bool = False,
) -> go.Figure:
    """Every head's weights, layers going down and heads going right.

    `source` is a recorded pass, whose attention of a `kind` ('cross', 'encoder_self', 'decoder_self'; also
    'cross_attn', 'self_attn') is shown for one `item` of the batch, or an array (L, H, T, S) with `rows`, `columns`
    and `mask` of your own; also (L, B, H, T, S), or the tuple of tensors that Hugging Face calls attentions. `notes`
    (L × H strings) are printed beside the heads' names. Beyond a million cells one cell shows the largest of several.
    ValueError for shapes and kinds that do not fit.
    """
    heads = find_heads(source, kind, rows=rows, columns=columns, mask=mask, item=item)
    top = largest(heads.values) if maximum is None else float(maximum)
    stops = palette(dark).weights
    colours = Scale(stops=stops, low=0.0, high=top, title=word("weight", language), power=exponent(scale))
    return draw_grid(heads, colours, notes=notes, title=title, language=language, dark=dark)


def find_heads(
    source: WatchedHeads | ArrayLike,
    kind: str,
    *,
    rows: Sequence[str] | None,
    columns: Sequence[str] | None,
    mask: ArrayLike | None,
    item: int,
) -> Heads:
    """One example's heads out of a recorded pass or an array; padding beyond the labels is cut off."""
    if not isinstance(source, WatchedHeads):
        values = checks.array("weights", source, 4, 5)
        if values.ndim == 5:  # with a batch, as Hugging Face hands them out
            checks.index("item", item, values.shape[1])
            given = None if mask is None else checks.plain("mask", mask)
            mask = given[:, item] if given is not None and given.ndim == 5 else given
            values = values[:, item]
        return Heads(
            values,
            checks.mask("mask", mask, values.shape),
            checks.labels("rows", rows, values.shape[2]),
            checks.labels("columns", columns, values.shape[3]),
        )
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; allowed: {', '.join(map(repr, KINDS))}")
    found, weights = _first(source, KINDS[kind])
    values = checks.array(f"weights of {found}", weights, 5, letters="(L, B, H, T, S)")
    checks.index("item", item, values.shape[1])
    visible = checks.mask("mask", source.mask(found) if mask is None else mask, values.shape)
    own_rows, own_columns = source.labels(found, item)
    row_labels = list(own_rows if rows is None else rows)[: values.shape[3]]
    column_labels = list(own_columns if columns is None else columns)[: values.shape[4]]
    if not row_labels or not column_labels:
        raise ValueError(
            f"{found} has {len(row_labels)} row and {len(column_labels)} column labels; allowed: 1 or more"
        )
    cut = np.s_[:, item, :, : len(row_labels), : len(column_labels)]
    return Heads(values[cut], visible[cut], row_labels, column_labels)


def draw_grid(
    heads: Heads,
    scale: Scale,
    *,
    notes: Sequence[Sequence[str]] | None = None,
    title: str | None = None,
    language: Language = "en",
    dark: bool = False,
) -> go.Figure:
    """Heads on tiles, each with its name."""
    heads, pool = pooled(heads)
    layers, n_heads, t, s = heads.values.shape
    low, high = TILE_SIZES
    side = min(max(GRID_WIDTH / n_heads - 14, low), high)
    cell = side / max(t, s)
    height = max(cell, min(12.0, cell * 3))
    tiles = Tiles(
        layers=layers, heads=n_heads, rows=t, columns=s, cell_width=max(cell, side / 2 / s), cell_height=height
    )
    drawing = Drawing(
        tiles=tiles,
        values=heads.values,
        visible=heads.visible,
        rows=heads.rows,
        columns=heads.columns,
        scale=scale,
        language=language,
        dark=dark,
        title=title,
    )
    figure = drawing.draw()
    _names(figure, tiles, notes, language, dark)
    if pool > 1:
        note = word("pooled", language, n=pool)
        figure.add_annotation(
            text=note, x=1, xref="paper", xanchor="right", y=0, yref="paper", yanchor="top", showarrow=False
        )
        figure.update_layout(margin_b=int(figure.layout.margin.b) + 24, height=int(figure.layout.height) + 24)
    return figure


def pooled(heads: Heads, most: int = MAX_CELLS) -> tuple[Heads, int]:
    """Heads with n × n cells as one, the largest of them, and n: the smallest that leaves at most `most` cells.

    NaN wins over any number, and a cell is blocked where all of its cells are.
    """
    layers, n_heads, t, s = heads.values.shape
    n = 1
    while layers * n_heads * -(-t // n) * -(-s // n) > most:
        n += 1
    if n == 1:
        return heads, 1
    size = (-(-t // n) * n - t, -(-s // n) * n - s)
    pad = ((0, 0), (0, 0), (0, size[0]), (0, size[1]))
    shape = (layers, n_heads, -(-t // n), n, -(-s // n), n)
    values = np.pad(heads.values, pad, constant_values=-np.inf).reshape(shape).max(axis=(3, 5))
    visible = np.asarray(np.pad(heads.visible, pad, constant_values=False).reshape(shape).any(axis=(3, 5)))
    return Heads(values, visible, _spans(heads.rows, n), _spans(heads.columns, n)), n


def _first(source: WatchedHeads, kinds: Sequence[str]) -> tuple[str, NDArray[np.floating]]:
    """The first kind that the source has."""
    for kind in kinds:
        try:
            return kind, source.weights(kind)
        except (KeyError, ValueError):
            continue
    raise ValueError(f"nothing was recorded of {' or '.join(kinds)}")


def _spans(tokens: Sequence[str], n: int) -> list[str]:
    return [tokens[i] if i + 1 == min(i + n, len(tokens)) else f"{tokens[i]}…" for i in range(0, len(tokens), n)]


def _names(
    figure: go.Figure, tiles: Tiles, notes: Sequence[Sequence[str]] | None, language: Language, dark: bool
) -> None:
    """'L1 H3' above each tile, and a note behind it."""
    p = palette(dark)
    font = {"size": FONT_SIZE - 2, "color": p.ink}
    if notes is not None and [len(row) for row in notes] != [tiles.heads] * tiles.layers:
        raise ValueError(f"notes has rows of {[len(row) for row in notes]}; allowed: {tiles.layers} of {tiles.heads}")
    found = []
    for layer in range(tiles.layers):
        for head in range(tiles.heads):
            text = word("head", language, layer=layer + 1, head=head + 1)
            if notes is not None:
                text += f"  <span style='color:{p.muted}'>{escape(str(notes[layer][head]))}</span>"
            x, y = head * tiles.stride_x - 0.5, layer * tiles.stride_y - 0.5
            place = {"x": x, "y": y, "xanchor": "left", "yanchor": "bottom", "xshift": -3}
            found.append({"text": text, **place, "showarrow": False, "font": font})
    figure.update_layout(annotations=found)  # at once: add_annotation copies all of them each time
