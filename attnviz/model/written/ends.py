"""Where a model begins and ends: numbers of tokens to features, and features to logits."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from attnviz.model.positions import TokenEmbedding
from attnviz.model.written.parts import Dropout, Place

_embedding_backward = torch.ops.aten.embedding_dense_backward.default


class Embedding:
    """Token embedding, position and dropout of (B, T) tokens, as B·T rows."""

    def __init__(self, module: TokenEmbedding, place: Place, batch: int, length: int) -> None:
        flat, table = place.flat, module.tokens.weight
        self.kind, self.scale, self.share = module.kind, module.scale, module.dropout.p
        self.shape, self.length, self.entries = (batch, length, table.size(1)), length, table.size(0)
        # The residual stream's numbers: a copy of the weights in bfloat16, or the weights.
        whole = flat.stream == flat.dtype
        self.table = flat.view(table).weight if whole else table.detach()
        self.gradient = flat.view(table).gradient
        self.places: Tensor | None = None
        if module.kind == "learned":
            learned = module.learned.weight
            self.places = (flat.view(learned).weight if whole else learned.detach())[:length]
            self.g_places = flat.view(learned).gradient
        elif module.kind == "sinusoidal":
            self.places = module.table[:length].to(flat.stream)
        self.out = place.rooms.take(f"{place.name} out", (batch * length, table.size(1)), flat.stream)
        self.kept: Any = None

    def forward(self, ids: Int[Tensor, "B T"]) -> Float[Tensor, "N C"]:
        x = torch.index_select(self.table, 0, ids.reshape(-1), out=self.out).mul_(self.scale)
        if self.places is not None:
            x.view(self.shape).add_(self.places)
        x, dropped = Dropout.apply(x, self.share)
        self.kept = ids, dropped
        return x

    def backward(self, gradient: Float[Tensor, "N C"], *, add: bool) -> None:
        """Write the gradients, or `add` to that of the tokens where the output layer has written into it."""
        (ids, dropped), self.kept = self.kept, None
        g = Dropout.back(gradient, self.share, dropped).float().view(self.shape)
        if self.kind == "learned":
            self.g_places[self.length :] = 0
            torch.sum(g, 0, out=self.g_places[: self.length])
        found = _embedding_backward(g, ids, self.entries, -1, False).mul_(self.scale)
        self.gradient.add_(found) if add else self.gradient.copy_(found)
