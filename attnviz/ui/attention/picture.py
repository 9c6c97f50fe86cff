"""What the attention stage shows, as plain values: no torch, no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.language import spoken
from attnviz.ui.text import texts

SINK = "∅"  # the label of a column that is no key: short, so that it always has room
KINDS = ("encoder_self", "decoder_self", "cross")
STATISTICS = ("entropy", "mean_distance", "previous", "first", "same", "induction", "delta_loss")

Head = tuple[str, int]  # (site, head), heads from 0


@dataclass(frozen=True, eq=False)
class TokenChange:
    """What one output token loses without each head, (L, H): nats, and its probability before and after."""

    loss: NDArray[np.float32]
    before: float
    after: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class KindPicture:
    """All layers × heads of one kind of attention on one input.

    A row is a query, a column a key. `mask` is True where the query may attend. `next_labels` says what each decoder
    row predicts. `stats` maps names of `STATISTICS` to (L, H) arrays; NaN stands for "not known yet", an absent name
    for "not shown". `token_change` is empty where it is not known. `sites` names the layers, as in
    "decoder.0.cross_attn". With `sink` the last column is no key: it is what a sink beside the keys takes of each row.
    """

    kind: str
    weights: NDArray[np.float32]  # (L, H, T, S)
    mask: NDArray[np.bool_]  # (L, H, T, S), or (T, S) for all heads
    row_labels: tuple[str, ...]
    column_labels: tuple[str, ...]
    next_labels: tuple[str, ...] = ()
    unknown_rows: tuple[int, ...] = ()
    unknown_columns: tuple[int, ...] = ()
    sites: tuple[str, ...] = ()
    stats: Mapping[str, NDArray[np.floating[Any]]] = field(default_factory=dict)
    estimated: frozenset[Head] = frozenset()  # heads whose delta_loss is an estimate
    token_change: tuple[TokenChange | None, ...] = ()  # by decoder position; None where nothing is scored
    sink: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind {self.kind!r} is not one of {', '.join(KINDS)}")
        if self.weights.ndim != 4 or 0 in self.weights.shape:
            raise ValueError(f"weights have shape {self.weights.shape}, expected (L, H, T, S) without zeros")
        layers, heads, rows, columns = self.weights.shape
        if self.mask.shape not in {self.weights.shape, (rows, columns)}:
            raise ValueError(f"mask has shape {self.mask.shape}, expected {self.weights.shape} or {(rows, columns)}")
        for name, wanted in (("row_labels", {rows}), ("column_labels", {columns}), ("next_labels", {0, rows})):
            if (got := len(getattr(self, name))) not in wanted:
                raise ValueError(f"{name} has {got} labels for weights of shape {self.weights.shape}")
        if len(self.sites) not in {0, layers}:
            raise ValueError(f"sites names {len(self.sites)} layers of {layers}")
        for name, count in (("unknown_rows", rows), ("unknown_columns", columns)):
            if any(not 0 <= position < count for position in getattr(self, name)):
                raise ValueError(f"{name} {getattr(self, name)} does not lie in 0 … {count - 1}")
        for name, values in self.stats.items():
            if name not in STATISTICS:
                raise ValueError(f"statistic {name!r} is not one of {', '.join(STATISTICS)}")
            if values.shape != (layers, heads):
                raise ValueError(f"statistic {name!r} has shape {values.shape}, expected {(layers, heads)}")

    def site(self, layer: int) -> str:
        """The layer's name, made from kind and number where none was given."""
        return self.sites[layer] if self.sites else f"{self.kind}.{layer}"


@dataclass(frozen=True, kw_only=True, eq=False)
class AttentionPicture:
    """Everything the stage needs for one drawing.

    `kind`, `layer`, `head` (from 0) are what is chosen at first; afterwards the browser keeps its own choice, until
    these change, or `again` does: the same head may be asked for anew. `row` is the output token that is chosen at
    first. `heads_off` and `seq` echo what `stage_state` returned, so that the browser knows which edits were answered.
    `scope` names what the switches belong to (a model); switches of another scope are dropped. `name` begins the file
    names of downloads. `mirror_url` writes the choice into the address as kind, layer, head (from 1). `line` is where
    the browser asks directly (frame/direct.py), `sentences` how many it has been told so.
    """

    kinds: tuple[KindPicture, ...]
    kind: str = ""
    layer: int = 0
    head: int = 0
    row: int | None = None
    again: str = ""
    heads_off: tuple[Head, ...] = ()
    seq: int = 0
    scope: str = ""
    name: str = "attention"
    text: Mapping[str, str] = field(default_factory=lambda: MappingProxyType(spoken(texts("attention_stage"), "zh")))
    mirror_url: bool = True
    line: str = ""
    sentences: int = 0

    def __post_init__(self) -> None:
        names = [kind.kind for kind in self.kinds]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"kinds must be one or more, each once, got {names}")
        if self.kind and self.kind not in names:
            raise ValueError(f"kind {self.kind!r} is not one of {', '.join(names)}")
        layers, heads = self.chosen.weights.shape[:2]
        if not (0 <= self.layer < layers and 0 <= self.head < heads):
            raise ValueError(f"layer {self.layer}, head {self.head} do not lie in {layers} layers × {heads} heads")
        if missing := sorted(texts("attention_stage").keys() - self.text.keys()):
            raise ValueError(f"text lacks {', '.join(missing)}")

    @property
    def chosen(self) -> KindPicture:
        """The kind of attention shown first."""
        return next((kind for kind in self.kinds if kind.kind == self.kind), self.kinds[0])
