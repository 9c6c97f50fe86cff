"""Where a token stands: learned, sinusoidal (Vaswani et al. 2017, 3.5), rotary (Su et al. 2021) or not at all."""

from __future__ import annotations

from functools import lru_cache

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor, nn

from attnviz.config import ModelConfig


def sinusoidal_table(length: int, d_model: int) -> Float[Tensor, "T C"]:
    """PE(pos, 2i) = sin(pos / 10000^(2i/d_model)), PE(pos, 2i+1) = cos of the same."""
    position = torch.arange(length, dtype=torch.float32)[:, None]
    frequency = 10000 ** (-torch.arange(0, d_model, 2, dtype=torch.float32) / d_model)
    table = torch.zeros(length, d_model)
    table[:, 0::2] = torch.sin(position * frequency)
    table[:, 1::2] = torch.cos(position * frequency[: d_model // 2])
    return table


def rotate(x: Float[Tensor, "B H T D"], offset: int = 0, *, back: bool = False) -> Float[Tensor, "B H T D"]:
    """Turn each pair (2i, 2i+1) of a query or key by its position · 10000^(-2i/D); `back` undoes it."""
    length, head_dim = x.size(2), x.size(3)
    if x.dtype == torch.float32 and x.device.type == "cpu":
        turns = _turns(head_dim, offset + length, back)[offset:]
        return torch.view_as_real(torch.view_as_complex(x.unflatten(-1, (-1, 2))) * turns).flatten(-2)
    angle = _angles(head_dim, offset + length, x.device)[offset:]
    return turned_by(x, -angle if back else angle)


def turned_by(x: Float[Tensor, "B H T D"], angle: Float[Tensor, "T d"]) -> Float[Tensor, "B H T D"]:
    """`rotate` spelled out: what a product of complex numbers is, where there are none in these numbers."""
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


def _angles(head_dim: int, length: int, device: torch.device | str = "cpu") -> Float[Tensor, "T d"]:
    return torch.arange(length, dtype=torch.float32, device=device)[:, None] * _frequencies(head_dim, device)


def _frequencies(head_dim: int, device: torch.device | str) -> Float[Tensor, " d"]:
    return 10000 ** (-torch.arange(0, head_dim, 2, dtype=torch.float32, device=device) / head_dim)


def _turns(head_dim: int, length: int, back: bool) -> Complex[Tensor, "T d"]:
    """Each pair's turn at the first `length` positions as a complex number of length 1."""
    return _table(head_dim, max(64, 1 << (length - 1).bit_length()), back)[:length]


@lru_cache(maxsize=64)
def _table(head_dim: int, length: int, back: bool) -> Complex[Tensor, "T d"]:
    angle = _angles(head_dim, length)
    with torch.inference_mode(False), torch.no_grad():
        return torch.polar(torch.ones_like(angle), -angle if back else angle)


class Turning:
    """`rotate` in place, for a room that is filled again and again."""

    def __init__(self, room: Float[Tensor, "N X T D"], *, back: bool = False) -> None:
        self.room, self.back = room, back
        self.pairs: Complex[Tensor, "N X T d"] | None = None
        if room.dtype == torch.float32:  # there are no complex numbers in bfloat16
            self.pairs = torch.view_as_complex(room.unflatten(-1, (-1, 2)))
            self.turns = _turns(room.size(3), room.size(2), back).to(room.device)

    def __call__(self) -> None:
        """Turn everything in the room."""
        if self.pairs is None:
            self.room.copy_(rotate(self.room, back=self.back))
        else:
            self.pairs.mul_(self.turns)


def rotations(head_dim: int, position: int, like: Tensor) -> tuple[Float[Tensor, " D"], Float[Tensor, " D"]]:
    """What `turned` needs to turn a query or key at `position`: once a step, for every layer and head."""
    angle = position * _frequencies(head_dim, like.device)
    cos, sin = angle.cos(), angle.sin()
    return torch.stack((cos, cos), -1).flatten().to(like.dtype), torch.stack((-sin, sin), -1).flatten().to(like.dtype)


def turned(x: Float[Tensor, "*B D"], cos: Float[Tensor, " D"], sin: Float[Tensor, " D"]) -> Float[Tensor, "*B D"]:
    """`rotate` of queries or keys that all stand at one position."""
    pairs_swapped: Tensor = x.unflatten(-1, (-1, 2)).flip(-1).flatten(-2)
    return x * cos + pairs_swapped * sin


class TokenEmbedding(nn.Module):
    """Token embedding · √d_model, plus the position's vector where positions are added, then dropout."""

    table: Tensor

    def __init__(self, vocab_size: int, config: ModelConfig) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocab_size, config.d_model)
        nn.init.normal_(self.tokens.weight, std=config.d_model**-0.5)
        self.scale = config.d_model**0.5
        self.max_len = config.max_len
        self.kind = config.positions
        if config.positions == "learned":
            self.learned = nn.Embedding(config.max_len, config.d_model)
            nn.init.normal_(self.learned.weight, std=0.5)
        elif config.positions == "sinusoidal":
            self.register_buffer("table", sinusoidal_table(config.max_len, config.d_model), persistent=False)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, ids: Int[Tensor, "B T"], offset: int = 0) -> Float[Tensor, "B T C"]:
        """Embed `ids`, whose first column stands at position `offset`. Too long a sequence raises ValueError."""
        end = offset + ids.size(1)
        self.check_length(end)
        x = self.tokens(ids) * self.scale
        if self.kind == "learned":
            x = x + self.learned.weight[offset:end]
        elif self.kind == "sinusoidal":
            x = x + self.table[offset:end]
        dropped: Tensor = self.dropout(x)
        return dropped

    def check_length(self, tokens: int) -> None:
        """Raise ValueError for a sequence that has no positions left."""
        if tokens > self.max_len and self.kind in ("learned", "sinusoidal"):
            raise ValueError(
                f"the sequence has {tokens} tokens; this model's {self.kind} positions hold {self.max_len}"
            )
