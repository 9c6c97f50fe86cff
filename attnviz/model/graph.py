"""A Graph Transformer (Dwivedi & Bresson 2021): nodes are positions, and the adjacency matrix is the mask.

The input is the table of who may see whom, (B, S, S): position 0 is CLS, which sees every node; a node sees itself and
its neighbours. A place without a node sees nothing and is seen by nobody.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from attnviz.config import ModelConfig
from attnviz.masks import Mask, MaskMod, MaskPlan
from attnviz.model.fields import FieldTransformer, with_cls


@dataclass(frozen=True)
class Adjacent(Mask):
    """Query i of example b sees the keys j with `rows[b][i][j]`."""

    rows: tuple[tuple[tuple[bool, ...], ...], ...]

    def mask_mod(self, device: torch.device | str = "cpu") -> MaskMod:
        table = torch.tensor(self.rows, dtype=torch.bool, device=device)
        return lambda b, h, q, k: table[b, q, k]

    @property
    def formula(self) -> str:
        return "adjacency"

    @property
    def spec(self) -> str:
        return f"adjacency({hashlib.blake2b(repr(self.rows).encode(), digest_size=8).hexdigest()})"


def adjacent(table: Tensor) -> Mask:
    """The mask of a table (B, S, S): True, or above 0, = may attend."""
    return Adjacent(tuple(tuple(map(tuple, rows)) for rows in (table > 0).tolist()))


class NodeEmbedding(nn.Module):
    """A learned vector for each place: nodes have no other features."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.learned = nn.Embedding(config.max_len, config.d_model)
        nn.init.normal_(self.learned.weight, std=0.5)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, table: Float[Tensor, "B S S"]) -> Float[Tensor, "B S C"]:
        batch, length = table.size(0), table.size(1)
        nothing = self.learned.weight.new_zeros(batch, length - 1, self.learned.embedding_dim)
        embedded: Tensor = self.dropout(with_cls(nothing, self.learned.weight[:length]))
        return embedded


class GraphTransformer(FieldTransformer):
    """Logits at every position: CLS speaks for the graph, a node for itself."""

    def embedding_of(self, config: ModelConfig) -> nn.Module:
        return NodeEmbedding(config)

    def default_masks(self, src: Tensor | None, decoder_input: Tensor | None) -> MaskPlan:
        """The adjacency matrix."""
        return MaskPlan() if src is None else MaskPlan(encoder_self=adjacent(src))

    def check_field(self, src: Tensor) -> None:
        if src.dim() != 3 or src.size(1) != src.size(2) or not 1 < src.size(1) <= self.config.max_len:
            most = self.config.max_len
            raise ValueError(f"src has shape {tuple(src.size())}; it must be (batch, n, n), n from 2 to {most}")
