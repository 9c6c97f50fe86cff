"""The elementary masks. Each says in its docstring which key a query may see; True = may attend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from attnviz.masks.celltext import cell_matrix, write_cells
from attnviz.masks.mask import Mask, MaskMod


class _Leaf(Mask):
    """A mask with a name and arguments; the name alone is its formula unless the arguments are short."""

    name: str

    def arguments(self) -> str:
        return ""

    @property
    def formula(self) -> str:
        arguments = self.arguments() if self.short else ""
        return f"{self.name}({arguments})" if arguments and len(arguments) <= 8 else self.name

    short = True  # False: the formula never shows the arguments

    @property
    def spec(self) -> str:
        return f"{self.name}({self.arguments()})" if fields(self) else self.name  # type: ignore[arg-type]


@dataclass(frozen=True)
class Full(_Leaf):
    """Every query sees every key."""

    name = "full"

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        return lambda b, h, q, k: (q >= 0) & (k >= 0)


@dataclass(frozen=True)
class Causal(_Leaf):
    """Query i sees keys 0 … i (look-ahead mask)."""

    name = "causal"

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        return lambda b, h, q, k: k <= q


@dataclass(frozen=True)
class KeyPadding(_Leaf):
    """In example b every query sees the first `lengths[b]` keys; the rest is padding."""

    lengths: tuple[int, ...]
    name = "padding"
    short = False

    def __post_init__(self) -> None:
        if not self.lengths or min(self.lengths) < 0:
            raise ValueError(f"lengths is {self.lengths!r}; it must hold at least one length, none below 0")

    def arguments(self) -> str:
        """The lengths of the sequences."""
        return ",".join(map(str, self.lengths))

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        lengths = torch.tensor(self.lengths, device=device)
        return lambda b, h, q, k: (k < lengths[b]) & (q >= 0)


@dataclass(frozen=True)
class SlidingWindow(_Leaf):
    """Query i sees keys at most `window` − 1 positions away, on both sides; combine with causal for one side."""

    window: int
    name = "window"

    def __post_init__(self) -> None:
        if self.window < 1:
            raise ValueError(f"window is {self.window}; it must be at least 1 (the token itself)")

    def arguments(self) -> str:
        """The window: |query − key| < w."""
        return str(self.window)

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        window = self.window
        return lambda b, h, q, k: (q - k < window) & (k - q < window)


@dataclass(frozen=True)
class Prefix(_Leaf):
    """Every query sees the first `length` keys; the others see causally (prefix language model)."""

    length: int
    name = "prefix"

    def __post_init__(self) -> None:
        if self.length < 0:
            raise ValueError(f"length is {self.length}; a prefix holds at least 0 tokens")

    def arguments(self) -> str:
        """How many first keys everybody sees."""
        return str(self.length)

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        length = self.length
        return lambda b, h, q, k: (k < length) | (k <= q)


@dataclass(frozen=True)
class GlobalTokens(_Leaf):
    """The tokens at `positions` see every key and are seen by every query; nothing else is visible."""

    positions: tuple[int, ...]
    name = "global"

    def __post_init__(self) -> None:
        if any(position < 0 for position in self.positions):
            raise ValueError(f"positions is {self.positions!r}; positions count from 0")

    def arguments(self) -> str:
        """The positions that see all and are seen by all."""
        return ",".join(map(str, self.positions))

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        chosen = torch.tensor(sorted(set(self.positions)), dtype=torch.long, device=device)
        table = torch.zeros(int(chosen.max()) + 2 if len(chosen) else 1, dtype=torch.bool, device=device)
        table[chosen] = True
        last = len(table) - 1
        return lambda b, h, q, k: table[q.clamp(max=last)] | table[k.clamp(max=last)]


@dataclass(frozen=True)
class Dilated(_Leaf):
    """Query i sees keys i, i ± step, i ± 2·step …: `window` of them on each side, itself included."""

    window: int
    step: int
    name = "dilated"

    def __post_init__(self) -> None:
        for field in ("window", "step"):
            if getattr(self, field) < 1:
                raise ValueError(f"{field} is {getattr(self, field)}; it must be at least 1")

    def arguments(self) -> str:
        """The stride, and the window in strides."""
        return f"{self.window},{self.step}"

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        window, step = self.window, self.step
        return lambda b, h, q, k: ((q - k).abs() < window * step) & ((q - k) % step == 0)


@dataclass(frozen=True)
class Random(_Leaf):
    """Each (query, key) is visible with probability `share`, the same for every batch and head; fixed by `seed`.

    A hash of the two positions decides, so that the mask of a shorter sequence is a corner of that of a longer one.
    """

    share: float
    seed: int = 0
    name = "random"

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError(f"share is {self.share}; it must lie between 0 and 1")
        if not 0 <= self.seed < 2**31:
            raise ValueError(f"seed is {self.seed}; it must lie between 0 and {2**31 - 1}")

    def arguments(self) -> str:
        """The share of visible cells and the seed."""
        share = f"{self.share:g}"
        return f"{share if float(share) == self.share else repr(float(self.share))},{self.seed}"

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        offset, limit = (self.seed * 0x9E3779B1) & 0x7FFFFFFF, round(self.share * 2**24)
        # A lambda, as everywhere here: FlexAttention counts parameters, which the wrapper of a checked function hides.
        return lambda b, h, q, k: _mixed(q, k, offset) < limit


def _mixed(q: Tensor, k: Tensor, offset: int) -> Tensor:
    """24 pseudo-random bits of each pair: 31-bit multiply-xor mixing; products stay below 2**63."""
    mixed = (q.long() * 0x27D4EB2F + k.long() * 0x165667B1 + offset) & 0x7FFFFFFF
    for factor in (0x2C1B3C6D, 0x297A2D39):
        mixed = ((mixed ^ (mixed >> 15)) * factor) & 0x7FFFFFFF
    return (mixed ^ (mixed >> 13)) & 0xFFFFFF


@dataclass(frozen=True)
class Documents(_Leaf):
    """A query sees the keys of its own document: `ids[i]` is the document of position i; beyond the end, none."""

    ids: tuple[int, ...]
    name = "documents"
    short = False

    def __post_init__(self) -> None:
        if not self.ids or min(self.ids) < 0:
            raise ValueError(f"ids is {self.ids!r}; it must hold at least one document number, none below 0")

    def arguments(self) -> str:
        """Which document each position belongs to."""
        return ",".join(map(str, self.ids))

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        ids = torch.tensor((*self.ids, -1), device=device)
        last = len(self.ids)
        return lambda b, h, q, k: (ids[q.clamp(max=last)] == ids[k.clamp(max=last)]) & (q < last) & (k < last)


@dataclass(frozen=True)
class Heads(_Leaf):
    """In the `chosen` heads everything is visible, in the others nothing: `heads([2]) & a | ~heads([2]) & b`."""

    chosen: tuple[int, ...]
    name = "heads"

    def __post_init__(self) -> None:
        if any(head < 0 for head in self.chosen):
            raise ValueError(f"heads is {self.chosen!r}; heads count from 0")

    def arguments(self) -> str:
        """The heads that the inner mask holds for."""
        return ",".join(map(str, self.chosen))

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        last = max(self.chosen, default=0) + 1  # the extra entry: all heads beyond
        table = torch.zeros(last + 1, dtype=torch.bool)
        table[list(self.chosen)] = True
        table = table.to(device)
        return lambda b, h, q, k: table[h.clamp(max=last)] & (q >= 0) & (k >= 0)


@dataclass(frozen=True)
class Cells(_Leaf):
    """Exactly the given (query, key) cells are visible, in every batch and head."""

    visible: tuple[tuple[int, int], ...]
    name = "cells"
    short = False

    def __post_init__(self) -> None:
        if any(query < 0 or key < 0 for query, key in self.visible):
            raise ValueError(f"cells is {self.visible!r}; positions count from 0")

    def arguments(self) -> str:
        """The cells, (query, key)."""
        return self._written

    @cached_property
    def _written(self) -> str:
        return write_cells(self.visible)

    @cached_property
    def _table(self) -> Tensor:
        # The extra row and column stand for everything beyond.
        return functional.pad(torch.from_numpy(cell_matrix(self.visible)), (0, 1, 0, 1))

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        table = self._table.to(device)
        rows, columns = table.size(0) - 1, table.size(1) - 1
        return lambda b, h, q, k: table[q.clamp(max=rows), k.clamp(max=columns)]

    def __getstate__(self) -> dict[str, Any]:
        return {"visible": self.visible}  # what is cached can be made again


@dataclass(frozen=True)
class Graph(Cells):
    """A node sees itself and its neighbours; `visible` is the adjacency as (query, key) pairs, both directions."""

    name = "graph"


@dataclass(frozen=True)
class Pads(Cells):
    """Padding wherever it stands: `visible` lists (example, key) pairs, each hidden from all queries of its example."""

    name = "pads"

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        table = self._table.to(device)
        rows, columns = table.size(0) - 1, table.size(1) - 1
        return lambda b, h, q, k: ~table[b.clamp(max=rows), k.clamp(max=columns)] & (q >= 0)


def full() -> Mask:
    """Every query sees every key."""
    return Full()


def causal() -> Mask:
    """Query i sees keys 0 … i."""
    return Causal()


def key_padding(lengths: Iterable[int] | Tensor) -> Mask:
    """Example b has `lengths[b]` real keys; the padding after them is blocked for every query."""
    return KeyPadding(tuple(int(length) for length in lengths))


def pads(places: Iterable[tuple[int, int]]) -> Mask:
    """The given (example, key) are padding, blocked for every query: also before tokens and between them."""
    return Pads(tuple(sorted({(int(example), int(key)) for example, key in places})))


def sliding_window(window: int) -> Mask:
    """Keys less than `window` tokens away, on both sides."""
    return SlidingWindow(window)


def prefix(length: int) -> Mask:
    """The first `length` keys for everybody, the rest causally."""
    return Prefix(length)


def global_tokens(positions: Iterable[int]) -> Mask:
    """Rows and columns of `positions`; combine with `|`: `sliding_window(3) | global_tokens([0])`."""
    return GlobalTokens(tuple(sorted({int(position) for position in positions})))


def dilated(window: int, step: int) -> Mask:
    """Every `step`-th key, `window` of them on each side, the token itself included."""
    return Dilated(window, step)


def random(share: float, seed: int = 0) -> Mask:
    """Each cell visible with probability `share`, repeatable from `seed`."""
    return Random(share, seed)


def documents(ids: Sequence[int]) -> Mask:
    """Several documents packed into one sequence: nobody looks into another document."""
    return Documents(tuple(int(document) for document in ids))


def heads(chosen: Iterable[int]) -> Mask:
    """Everything in these heads, nothing in the others."""
    return Heads(tuple(sorted({int(head) for head in chosen})))


def cells(visible: Iterable[tuple[int, int]]) -> Mask:
    """Exactly these (query, key) cells."""
    return Cells(tuple(sorted({(int(query), int(key)) for query, key in visible})))


def graph(edges: Iterable[tuple[int, int]], nodes: int) -> Mask:
    """Adjacency of an undirected graph with `nodes` nodes, self-loops included."""
    both = {(i, i) for i in range(nodes)}
    for a, b in edges:
        if not (0 <= a < nodes and 0 <= b < nodes):
            raise ValueError(f"edge {(a, b)} leaves the graph; its nodes are 0 … {nodes - 1}")
        both |= {(a, b), (b, a)}
    return Graph(tuple(sorted(both)))
