"""Multi-head attention (Vaswani et al. 2017, 3.2), once to be read and once to be fast.

The explicit path names every step and can be watched; the fused path is torch's. A test holds them together.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

from attnviz.config import ModelConfig
from attnviz.model.adapter import projection
from attnviz.model.cache import KVCache
from attnviz.model.positions import rotate
from attnviz.model.probe import BEHIND_THE_HEADS, MAKINGS, MAPS_ONLY, SILENT, Probe, heard


def split_heads(x: Float[Tensor, "B T C"], n_heads: int) -> Float[Tensor, "B H T D"]:
    """Cut the features, not the sequence: head h gets features h·head_dim … (h+1)·head_dim."""
    batch, length, d_model = x.size()
    return x.view(batch, length, n_heads, d_model // n_heads).transpose(1, 2)


def merge_heads(x: Float[Tensor, "B H T D"]) -> Float[Tensor, "B T C"]:
    """Concatenate the heads again: the inverse of `split_heads`."""
    batch, heads, length, head_dim = x.size()
    return x.transpose(1, 2).reshape(batch, length, heads * head_dim)


def attention_weights(
    masked_scores: Float[Tensor, "B H T S"], mask: Bool[Tensor, "b h t s"]
) -> Float[Tensor, "B H T S"]:
    """Softmax over the keys; a row that may see nothing gets zeros, forward and backward, instead of NaN."""
    blocked_row = ~mask.any(dim=-1, keepdim=True)
    if mask.device.type == "cpu" and not blocked_row.any():  # elsewhere the answer would have to be waited for
        return masked_scores.softmax(dim=-1)
    weights = masked_scores.masked_fill(blocked_row, 0.0).softmax(dim=-1)
    return weights.masked_fill(blocked_row, 0.0)


def weights_of(
    q: Float[Tensor, "B H T D"], k: Float[Tensor, "B H S D"], mask: Bool[Tensor, "b h t s"] | None, scale: float
) -> Float[Tensor, "B H T S"]:
    """The weights of `explicit_attention`, for whom the steps before them do not matter; without gradients."""
    scores = (q * scale) @ k.transpose(-2, -1)
    if mask is None:
        return scores.softmax(dim=-1)
    weights = scores.masked_fill_(~mask, -math.inf).softmax(dim=-1)
    blocked_row = ~mask.any(dim=-1, keepdim=True)
    return weights.masked_fill_(blocked_row, 0.0) if blocked_row.any() else weights


def explicit_attention(
    q: Float[Tensor, "B H T D"],
    k: Float[Tensor, "B H S D"],
    v: Float[Tensor, "B H S D"],
    mask: Bool[Tensor, "b h t s"] | None = None,
    *,
    scale: float | None = None,
    dropout: float = 0.0,
    site: str = "",
    probe: Probe = SILENT,
) -> Float[Tensor, "B H T D"]:
    """softmax(QKᵀ·scale, blocked keys at −∞)·V, each step a named tap. `mask`: True = may attend; None = all.

    `scale` defaults to 1/√D. `dropout` is the share of weights set to 0 (the rest is scaled up), for training only.
    """
    if mask is None:
        mask = torch.ones((1, 1, q.size(2), k.size(2)), dtype=torch.bool, device=q.device)
    scale = 1 / math.sqrt(q.size(3)) if scale is None else scale

    return weighted_sum(q @ k.transpose(-2, -1) * scale, v, mask, dropout=dropout, site=site, probe=probe)


def weighted_sum(
    scores: Float[Tensor, "B H T S"],
    v: Float[Tensor, "B H S D"],
    mask: Bool[Tensor, "b h t s"],
    *,
    dropout: float = 0.0,
    site: str = "",
    probe: Probe = SILENT,
) -> Float[Tensor, "B H T D"]:
    """What every attention does with its scores, wherever they come from: mask, softmax, weighted sum."""
    scores = probe.tap(site, "scores", scores)
    mask = probe.tap(site, "mask", mask)
    masked_scores = probe.tap(site, "masked_scores", scores.masked_fill(~mask, -math.inf))
    weights = probe.tap(site, "weights", attention_weights(masked_scores, mask))
    return probe.tap(site, "head_output", functional.dropout(weights, dropout) @ v)


class MultiHeadAttention(nn.Module):
    """Queries from `x`, keys and values from `memory` (or from `x` itself), H heads side by side."""

    def __init__(self, config: ModelConfig, site: str) -> None:
        super().__init__()
        self.site = site
        self.n_heads = config.n_heads
        self.scale = config.head_dim**-0.5 if config.scale_scores else 1.0
        self.dropout = config.dropout
        self.explicit = False  # True: step by step though unwatched, which is faster in bfloat16 on a CPU
        self.is_cross = site.endswith("cross_attn")
        # Positions turn queries and keys of one sequence; between two sequences there is no distance to encode.
        self.rotary = config.positions == "rotary" and not self.is_cross
        self.q_proj = nn.Linear(config.d_model, config.d_model)
        self.k_proj = nn.Linear(config.d_model, config.d_model)
        self.v_proj = nn.Linear(config.d_model, config.d_model)
        self.out_proj = projection(config.d_model, config.d_model, config.adapter_size)

    def forward(
        self,
        x: Float[Tensor, "B T C"],
        memory: Float[Tensor, "B S C"] | None = None,
        mask: Bool[Tensor, "b h t s"] | None = None,
        *,
        probe: Probe = SILENT,
        cache: KVCache | None = None,
    ) -> Float[Tensor, "B T C"]:
        """Attend; `mask` broadcasts to (B, H, T, S), True = may attend. With a `cache`, `x` is the new tokens only."""
        watched = probe.wants(self.site)
        q = split_heads(self.q_proj(x), self.n_heads)
        if self.rotary:
            q = rotate(q, cache.length(self.site) if cache else 0)
        k, v = self._keys_values(x if memory is None else memory, cache)
        dropout = self.dropout if self.training else 0.0
        names = heard(probe, self.site) if watched else BEHIND_THE_HEADS
        if watched and not names <= BEHIND_THE_HEADS:
            q, k, v = (probe.tap(self.site, name, value) for name, value in (("q", q), ("k", k), ("v", v)))
            if names <= MAPS_ONLY and not torch.is_grad_enabled():
                every = q.new_ones((1, 1, q.size(2), k.size(2)), dtype=torch.bool) if mask is None else mask
                seen = probe.tap(self.site, "mask", every)
                mask = None if mask is None and seen is every else seen
                if names <= MAKINGS:
                    heads = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=self.scale)
                else:
                    heads = probe.tap(self.site, "weights", weights_of(q, k, mask, self.scale)) @ v
                heads = probe.tap(self.site, "head_output", heads)
            else:
                heads = explicit_attention(
                    q, k, v, mask, scale=self.scale, dropout=dropout, site=self.site, probe=probe
                )
        elif self.explicit and not watched:
            heads = explicit_attention(q, k, v, mask, scale=self.scale, dropout=dropout)
        else:
            heads = functional.scaled_dot_product_attention(
                q, k, v, attn_mask=mask, dropout_p=dropout, scale=self.scale
            )
            heads = probe.tap(self.site, "head_output", heads) if watched else heads
        attn_output: Tensor = self.out_proj(merge_heads(heads))
        return probe.tap(self.site, "attn_output", attn_output) if watched else attn_output

    def _keys_values(self, source: Float[Tensor, "B S C"], cache: KVCache | None) -> tuple[Tensor, Tensor]:
        if cache is not None and self.is_cross and cache.length(self.site):
            return cache.keys_values(self.site)
        k = split_heads(self.k_proj(source), self.n_heads)
        v = split_heads(self.v_proj(source), self.n_heads)
        if self.rotary:
            k = rotate(k, cache.length(self.site) if cache else 0)
        if cache is None:
            return k, v
        if self.is_cross:
            cache.keep(self.site, k, v)
            return k, v
        return cache.append(self.site, k, v)
