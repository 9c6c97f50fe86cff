"""A mask as code to take away: short programs for torch's three attentions, complete and runnable.

Each defines `output`, and `mask` (True = may attend) or the `mask_mod` that FlexAttention asks for. Names with a
closed form stay one; painted cells and random masks are written out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import torch

from attnviz.masks.celltext import rectangles
from attnviz.masks.mask import And, Mask, Not, Or
from attnviz.masks.predicates import (
    Causal,
    Dilated,
    Documents,
    Full,
    GlobalTokens,
    Heads,
    KeyPadding,
    Pads,
    Prefix,
    SlidingWindow,
)

Api = Literal["sdpa", "flex", "mha"]
APIS: tuple[Api, ...] = get_args(Api)
_MANY = 40  # rectangles above which a matrix is written as digits
# How tightly Python binds, so that no bracket is written that is not needed.
_ANYTHING, _COMPARISON, _OR, _AND, _NAME = range(5)


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """The sizes written into a snippet."""

    batch: int = 1
    heads: int = 1
    queries: int
    keys: int
    head_dim: int = 16

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise ValueError(f"{name} is {value}; it must be at least 1")


def snippet(mask: Mask, api: Api, sizes: Sizes) -> str:
    """A program that attends with random inputs under `mask`, by one of torch's APIs: sdpa, flex or mha."""
    if api not in APIS:
        raise ValueError(f"api is {api!r}; allowed: {', '.join(APIS)}")
    code = _Code(sizes)
    expression = code.expression(mask)
    blocked = _blocked_rows(mask, sizes)
    return "\n".join(_WRITERS[api](mask, sizes, code.tables, expression, blocked)) + "\n"


def _sdpa(mask: Mask, sizes: Sizes, tables: list[str], expression: str, blocked: list[int]) -> list[str]:
    return [
        "import torch",
        "from torch.nn.functional import scaled_dot_product_attention",
        "",
        *_inputs(sizes),
        "",
        *_dense(mask, tables, expression),
        *_blocked_remark(blocked, "it gets zeros here"),
        "output = scaled_dot_product_attention(query, key, value, attn_mask=mask)",
    ]


def _flex(mask: Mask, sizes: Sizes, tables: list[str], expression: str, blocked: list[int]) -> list[str]:
    return [
        "import torch",
        "from torch.nn.attention.flex_attention import create_block_mask, flex_attention",
        "",
        *_inputs(sizes),
        "",
        *tables,
        *[""] * bool(tables),
        "",
        f"# {mask.formula}; True = may attend",
        "def mask_mod(b, h, q, k):",
        f"    return {expression}",
        "",
        "",
        "block_mask = create_block_mask(mask_mod, batch, heads, queries, keys, device=query.device)",
        *_blocked_remark(blocked, "it gets zeros here"),
        "# on a GPU, once: flex_attention = torch.compile(flex_attention)",
        "output = flex_attention(query, key, value, block_mask=block_mask)",
    ]


def _mha(mask: Mask, sizes: Sizes, tables: list[str], expression: str, blocked: list[int]) -> list[str]:
    return [
        "import torch",
        "from torch import nn",
        "",
        f"batch, heads, queries, keys, head_dim = {_listed(sizes)}",
        "attention = nn.MultiheadAttention(heads * head_dim, heads, batch_first=True).eval()",
        "x = torch.randn(batch, queries, heads * head_dim)",
        "memory = torch.randn(batch, keys, heads * head_dim)" if sizes.queries != sizes.keys else "memory = x",
        "",
        *_dense(mask, tables, expression),
        "# nn.MultiheadAttention means the opposite by True: may NOT attend",
        "attn_mask = ~mask.expand(batch, heads, queries, keys).reshape(batch * heads, queries, keys)",
        *_blocked_remark(blocked, "it gets NaN here, unlike in scaled_dot_product_attention"),
        "output, weights = attention(x, memory, memory, attn_mask=attn_mask, average_attn_weights=False)",
    ]


_Writer = Callable[[Mask, Sizes, list[str], str, list[int]], list[str]]
_WRITERS: Mapping[Api, _Writer] = {"sdpa": _sdpa, "flex": _flex, "mha": _mha}


def _listed(sizes: Sizes) -> str:
    return ", ".join(str(value) for value in vars(sizes).values())


def _inputs(sizes: Sizes) -> list[str]:
    return [
        f"batch, heads, queries, keys, head_dim = {_listed(sizes)}",
        "query = torch.randn(batch, heads, queries, head_dim)",
        "key = torch.randn(batch, heads, keys, head_dim)",
        "value = torch.randn(batch, heads, keys, head_dim)",
    ]


def _dense(mask: Mask, tables: list[str], expression: str) -> list[str]:
    axes = ["q = torch.arange(queries)[:, None]", "k = torch.arange(keys)"]
    if "[b]" in expression or "[b, " in expression:
        axes.insert(0, "b = torch.arange(batch)[:, None, None, None]")
    if "[h]" in expression:
        axes.insert(0, "h = torch.arange(heads)[:, None, None]")
    return [*tables, *axes, f"# {mask.formula}; True = may attend", f"mask = {expression}"]


def _blocked_rows(mask: Mask, sizes: Sizes) -> list[int]:
    visible = mask.broadcast(batch=sizes.batch, heads=sizes.heads, queries=sizes.queries, keys=sizes.keys)
    seeing = visible.any(dim=-1).expand(-1, -1, sizes.queries)
    return sorted(set(torch.nonzero(~seeing)[:, 2].tolist()))


def _blocked_remark(blocked: list[int], what: str) -> list[str]:
    if not blocked:
        return []
    return [f"# query {blocked[0]} sees nothing in at least one head: {what}"]


@dataclass
class _Code:
    """Writes a mask as one expression over the index tensors b, h, q, k, and the tables that it needs."""

    sizes: Sizes
    tables: list[str] = field(default_factory=list)
    names: dict[Mask, str] = field(default_factory=dict)

    def expression(self, mask: Mask, around: int = _ANYTHING) -> str:
        """The predicate, bracketed where what stands `around` it binds tighter."""
        text, binding = self._written(mask)
        return f"({text})" if binding < around else text

    def _written(self, mask: Mask) -> tuple[str, int]:
        match mask:
            case And():
                return f"{self.expression(mask.left, _AND)} & {self.expression(mask.right, _AND)}", _AND
            case Or():
                return f"{self.expression(mask.left, _OR)} | {self.expression(mask.right, _OR)}", _OR
            case Not():
                return f"~{self.expression(mask.operand, _NAME)}", _NAME
            case Full():
                return "(q >= 0) & (k >= 0)", _AND
            case Causal():
                return "k <= q", _COMPARISON
            case SlidingWindow():
                return f"(q - k).abs() < {mask.window}", _COMPARISON
            case Prefix():
                return f"(k < {mask.length}) | (k <= q)", _OR
            case Dilated():
                return f"((q - k).abs() < {mask.window * mask.step}) & ((q - k) % {mask.step} == 0)", _AND
            case KeyPadding():
                return f"(k < {self._table(mask, 'lengths', self._lengths(mask))}[b]) & (q >= 0)", _AND
            case Pads():
                return f"~{self._table(mask, 'is_pad', self._pads(mask))}[b, k] & (q >= 0)", _AND
            case Documents():
                name = self._table(mask, "document", self._documents(mask))
                return f"({name}[q] == {name}[k]) & ({name}[q] >= 0)", _AND
            case GlobalTokens():
                flags = self._flags(mask.positions, max(self.sizes.queries, self.sizes.keys))
                name = self._table(mask, "is_global", flags)
                return f"{name}[q] | {name}[k]", _OR
            case Heads():
                name = self._table(mask, "in_head", self._flags(mask.chosen, self.sizes.heads))
                return f"{name}[h] & (q >= 0) & (k >= 0)", _AND
            case _:  # painted cells, graphs, random masks
                return f"{self._table(mask, 'painted', self._painted(mask))}[q, k]", _NAME

    def _table(self, mask: Mask, name: str, lines: list[str]) -> str:
        """The name of a table made by `lines`, which say NAME for it; equal masks share one."""
        if mask not in self.names:
            taken = sum(known.startswith(name) for known in self.names.values())
            name = self.names[mask] = name if not taken else f"{name}_{taken + 1}"
            self.tables += [line.replace("NAME", name) for line in lines]
        return self.names[mask]

    def _lengths(self, mask: KeyPadding) -> list[str]:
        return [f"NAME = torch.tensor({list(mask.lengths)})"]

    def _pads(self, mask: Pads) -> list[str]:
        hidden = ~mask.dense(batch=self.sizes.batch, heads=1, queries=1, keys=self.sizes.keys)[:, 0, 0]
        return [f"NAME = torch.tensor({hidden.int().tolist()}).bool()"]

    def _documents(self, mask: Documents) -> list[str]:
        longest = max(self.sizes.queries, self.sizes.keys)
        ids = [*mask.ids, *[-1] * (longest - len(mask.ids))][:longest]
        return [f"NAME = torch.tensor({ids})  # −1: no document"]

    def _flags(self, chosen: tuple[int, ...], size: int) -> list[str]:
        inside = [index for index in chosen if index < size]
        setting = [f"NAME[{inside}] = True"] if inside else []
        return [f"NAME = torch.zeros({size}, dtype=torch.bool)", *setting]

    def _painted(self, mask: Mask) -> list[str]:
        queries, keys = self.sizes.queries, self.sizes.keys
        # Whatever is not known above looks at query and key only, so one batch and head stand for all.
        matrix = mask.dense(batch=1, heads=1, queries=queries, keys=keys)[0, 0]
        found = rectangles(matrix.numpy())
        if len(found) <= _MANY:
            setting = [f"NAME[{_slice(r[0], r[1])}, {_slice(r[2], r[3])}] = True" for r in found]
            return ["NAME = torch.zeros(queries, keys, dtype=torch.bool)", *setting]
        digits = ["".join(map(str, row)) for row in matrix.int().tolist()]
        rows = [f'    "{row}",' for row in digits]
        return ["rows = (", *rows, ")", 'NAME = torch.tensor([[cell == "1" for cell in row] for row in rows])']


def _slice(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}:{last + 1}"
