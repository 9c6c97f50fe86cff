"""Multi-head attention, forward and backward, and the memory that all cross-attentions share.

Every object is made for one shape of batch: see `sublayers`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from attnviz.model.attention import MultiHeadAttention
from attnviz.model.positions import Turning
from attnviz.model.written.flat import FlatParameters
from attnviz.model.written.parts import Dropout, Linear, Place

_SMALL = 48 * 48  # scores of a head up to which bfloat16 gains nothing
_LANES = 16  # float32 numbers that a processor handles at once
_LONG = 64  # from here on, lanes that are not full cost little


@dataclass(frozen=True)
class Bias:
    """A mask as what is added to scores: 0 where attended, −∞ where blocked; rows that see nothing are 0 and dead."""

    values: Float[Tensor, "X T S"] | None  # X is 1 or B·H; T may be 1; None: everything is visible
    alive: Float[Tensor, "X T 1"] | None  # 1, and 0 for rows that see nothing; None: there is none


EVERYTHING = Bias(None, None)


@dataclass(frozen=True)
class Core:
    """In which numbers, and in how much room, scores and weights are computed: (queries, keys) of each head."""

    dtype: torch.dtype
    queries: int
    keys: int

    @classmethod
    def of(cls, flat: FlatParameters, queries: int, keys: int) -> Core:
        """What is fastest for so many queries and keys.

        Small scores on a CPU are float32, whatever the products are, and fill whole vectors: a softmax over 11 numbers
        takes eight times as long as one over 16.
        """
        if flat.weights.device.type != "cpu" or (flat.dtype != torch.float32 and queries * keys > _SMALL):
            return cls(flat.dtype, queries, keys)
        if max(queries, keys) >= _LONG:
            return cls(torch.float32, queries, keys)
        return cls(torch.float32, *(-(-length // _LANES) * _LANES for length in (queries, keys)))


class Heads:
    """Features of P projections side by side as heads, (P, B·H, R, D), and back: T tokens in R rows, the rest 0."""

    def __init__(self, parts: int, batch: int, length: int, module: MultiHeadAttention, room: int) -> None:
        heads, width = module.n_heads, module.q_proj.out_features
        self.length, self.padded = length, room > length
        self.wide = (batch, length, parts, heads, width // heads)
        self.deep = (parts, batch, heads, room, width // heads)
        self.shape = (parts, batch * heads, room, width // heads)
        self.flat = (batch * length, parts * width)

    def split(self, x: Float[Tensor, "N PC"], out: Float[Tensor, "P BH R D"]) -> Move:
        """From x into `out`, in its numbers."""
        rest = out[:, :, self.length :] if self.padded else None
        parted = x.view(self.wide).permute(2, 0, 3, 1, 4)
        return Move(parted, out.view(self.deep)[:, :, :, : self.length], rest)

    def join(self, x: Float[Tensor, "P BH R D"], out: Float[Tensor, "N PC"]) -> Move:
        """The inverse of `split`."""
        return Move(x.view(self.deep)[:, :, :, : self.length].permute(1, 3, 0, 2, 4), out.view(self.wide), None)


class Move:
    """A copy from one place in memory to another, arranged once and made at every pass."""

    def __init__(self, source: Tensor, target: Tensor, rest: Tensor | None) -> None:
        self.source, self.target, self.rest = source, target, rest

    def __call__(self) -> None:
        """Make it; what of the target's room is not filled becomes 0."""
        if self.rest is not None:
            self.rest.zero_()
        self.target.copy_(self.source)


class Memory:
    """Keys and values that all cross-attentions make of the encoder's output: one product for all layers."""

    def __init__(self, modules: list[MultiHeadAttention], place: Place, batch: int, length: int, core: Core) -> None:
        flat = place.flat
        parts = [part for module in modules for part in (module.k_proj, module.v_proj)]
        rows = batch * length
        self.product = Linear(flat.view(*(one.weight for one in parts)), flat.view(*(one.bias for one in parts)), rows)
        self.length = length
        heads = Heads(len(parts), batch, length, modules[0], core.keys)
        self.joined = place.shared("memory joined", *heads.flat)
        self.made = place.own("keys and values", *heads.shape, dtype=core.dtype)
        self.gradient = place.own("gradient", *heads.shape, dtype=core.dtype)
        self.split, self.join = heads.split(self.joined, self.made), heads.join(self.gradient, self.joined)
        self.back = place.own("back", rows, modules[0].k_proj.in_features)
        self.kept: Any = None

    def forward(self, memory: Float[Tensor, "M C"]) -> None:
        self.kept = memory
        self.product.forward(memory, self.joined)
        self.split()

    def backward(self) -> Float[Tensor, "M C"]:
        """d loss / d memory, when every layer has written its part into `gradient`."""
        self.join()
        return self.product.backward(self.joined, self.kept, self.back)


class Attention:
    """Multi-head attention: Q, K and V are one product; in cross-attention K and V are those of `memory`."""

    def __init__(
        self,
        module: MultiHeadAttention,
        place: Place,
        batch: int,
        length: int,
        memory: tuple[Memory, int] | None,
    ) -> None:
        self.batch, self.length = batch, length
        self.keys = length if memory is None else memory[0].length
        core = self.core = Core.of(place.flat, length, self.keys)
        flat, dtype = place.flat, core.dtype
        rows, many, width = batch * length, batch * module.n_heads, module.q_proj.out_features
        parts = [module.q_proj] if memory else [module.q_proj, module.k_proj, module.v_proj]
        self.inputs = Linear(flat.view(*(one.weight for one in parts)), flat.view(*(one.bias for one in parts)), rows)
        self.last = Linear(flat.view(module.out_proj.weight), flat.view(module.out_proj.bias), rows)
        heads, one = (Heads(n, batch, length, module, core.queries) for n in (len(parts), 1))
        self.scale, self.share, self.dtype = module.scale, module.dropout, dtype
        self.bias = EVERYTHING  # set before each pass
        self.made = place.own("made", *heads.shape, dtype=dtype)
        self.gradient = place.shared(f"gradient {len(parts)}", *heads.shape, dtype=dtype)
        self.turn = Turning(self.made[:2]) if module.rotary else None
        self.turn_back = Turning(self.gradient[:2], back=True) if module.rotary else None
        self.q, self.g_q = self.made[0], self.gradient[0]
        if memory is None:
            (_, self.k, self.v), (_, self.g_k, self.g_v) = self.made, self.gradient
        else:
            (whole, at) = memory
            (self.k, self.v), (self.g_k, self.g_v) = (x[2 * at : 2 * at + 2] for x in (whole.made, whole.gradient))
        self.k_t, self.v_t = self.k.transpose(1, 2), self.v.transpose(1, 2)
        scores = (many, core.queries, core.keys)
        self.weights = place.own("weights", *scores, dtype=dtype)
        # In one and the same memory the softmax of the scores stays in the cache; only a CPU's is known to allow it.
        on_cpu = self.weights.device.type == "cpu"
        self.scores = self.weights if on_cpu else place.shared("scores", *scores, dtype=dtype)
        self.g_weights = place.shared("gradient of weights", *scores, dtype=dtype)
        self.g_scores = self.g_weights if on_cpu else self.scores
        self.joined = place.shared(f"joined {len(parts)}", *heads.flat)
        by_head = place.shared("heads", *one.shape, dtype=dtype)
        self.by_head = by_head[0]
        self.merged, self.g_merged = place.own("merged", rows, width), place.shared("gradient of merged", rows, width)
        self.back = place.own("back", rows, width)
        self.split, self.merge = heads.split(self.joined, self.made), one.join(by_head, self.merged)
        self.split_back, self.join_back = one.split(self.g_merged, by_head), heads.join(self.gradient, self.joined)
        self.kept: Any = None

    def forward(self, h: Float[Tensor, "N C"]) -> Float[Tensor, "N C"]:
        """The heads' outputs side by side."""
        self.inputs.forward(h, self.joined)
        self.split()
        if self.turn:
            self.turn()
        values, alive = self.bias.values, self.bias.alive
        if values is None:
            torch.baddbmm(self.scores, self.q, self.k_t, beta=0, alpha=self.scale, out=self.scores)
        else:
            torch.baddbmm(values, self.q, self.k_t, alpha=self.scale, out=self.scores)
        weights = torch._softmax(self.scores, -1, False, out=self.weights)
        if alive is not None:
            weights *= alive
        used, dropped = Dropout.apply(weights, self.share)
        self.kept = h, used, dropped
        torch.bmm(used, self.v, out=self.by_head)
        self.merge()
        return self.merged

    def of(self, example: int) -> Float[Tensor, "H T S"]:
        """The weights of one example of the last pass."""
        every = self.weights.view(self.batch, -1, *self.weights.shape[1:])
        return every[example, :, : self.length, : self.keys]

    def backward(self, gradient: Float[Tensor, "N C"]) -> Float[Tensor, "N C"]:
        """d loss / d h; that of the memory is left in its `gradient`."""
        (h, used, dropped), self.kept = self.kept, None
        self.last.backward(gradient, self.merged, self.g_merged)
        self.split_back()
        g = self.by_head
        torch.bmm(used.transpose(1, 2), g, out=self.g_v)
        g_weights = Dropout.back(torch.bmm(g, self.v_t, out=self.g_weights), self.share, dropped)
        g_scores = torch._softmax_backward_data(g_weights, self.weights, -1, self.dtype, grad_input=self.g_scores)
        torch.baddbmm(self.g_q, g_scores, self.k, beta=0, alpha=self.scale, out=self.g_q)
        torch.baddbmm(self.g_k, g_scores.transpose(1, 2), self.q, beta=0, alpha=self.scale, out=self.g_k)
        if self.turn_back:
            self.turn_back()
        self.join_back()
        return self.inputs.backward(self.joined, h, self.back)


def bias_of(mask: Bool[Tensor, "b h t s"] | None, batch: int, heads: int, core: Core, keys: int) -> Bias:
    """What `mask` adds to the scores of `batch` · `heads` attentions. True = may attend; None: all of the `keys`."""
    if mask is None:
        if keys == core.keys:
            return EVERYTHING
        mask = torch.ones((1, 1, 1, keys), dtype=torch.bool)
    more = core.keys - mask.size(3), core.queries - mask.size(2) if mask.size(2) > 1 else 0
    if max(more):  # rows that are no queries see something: they are nobody's, but they are numbers
        mask = functional.pad(functional.pad(mask, (0, 0, 0, more[1]), value=True), (0, more[0]), value=False)
    seeing = mask.any(dim=-1, keepdim=True)
    # On a GPU, whether a row is dead is not asked, for the answer would have to be waited for.
    dead = mask.device.type != "cpu" or not bool(seeing.all())
    values = torch.zeros(mask.shape, dtype=core.dtype, device=mask.device).masked_fill_(~mask & seeing, -math.inf)
    return Bias(_per_head(values, batch, heads), _per_head(seeing.to(core.dtype), batch, heads) if dead else None)


def _per_head(x: Tensor, batch: int, heads: int) -> Float[Tensor, "X T S"]:
    if x.size(0) == x.size(1) == 1:
        return x[0]
    return x.expand(batch, heads, *x.shape[2:]).reshape(batch * heads, *x.shape[2:])
