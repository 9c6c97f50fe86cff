"""Encoder block (2 sublayers) and decoder block (3), pre-norm or post-norm (Xiong et al. 2020)."""

from __future__ import annotations

from collections.abc import Callable

from jaxtyping import Bool, Float
from torch import Tensor, nn

from attnviz.config import ModelConfig
from attnviz.model.adapter import projection
from attnviz.model.attention import MultiHeadAttention
from attnviz.model.cache import KVCache
from attnviz.model.probe import SILENT, Probe


class FeedForward(nn.Module):
    """The same two-layer network at every position: d_model → d_ff → d_model."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.inner = nn.Linear(config.d_model, config.d_ff)
        self.activation = nn.GELU() if config.activation == "gelu" else nn.ReLU()
        self.outer = projection(config.d_ff, config.d_model, config.adapter_size)

    def forward(self, x: Float[Tensor, "B T C"]) -> Float[Tensor, "B T C"]:
        y: Tensor = self.outer(self.activation(self.inner(x)))
        return y


class _Block(nn.Module):
    """Residual connection and LayerNorm around each sublayer."""

    def __init__(self, config: ModelConfig, site: str) -> None:
        super().__init__()
        self.site = site
        self.pre_norm = config.norm == "pre"
        self.dropout = nn.Dropout(config.dropout)

    def _sublayer(self, x: Tensor, norm: nn.Module, sublayer: Callable[[Tensor], Tensor]) -> Tensor:
        if self.pre_norm:
            found: Tensor = x + self.dropout(sublayer(norm(x)))
            return found
        y: Tensor = norm(x + self.dropout(sublayer(x)))
        return y

    def _output(self, x: Tensor, probe: Probe) -> Tensor:
        return probe.tap(self.site, "output", x) if probe.wants(self.site) else x


class EncoderBlock(_Block):
    """Self-attention, then feed-forward."""

    def __init__(self, config: ModelConfig, site: str) -> None:
        super().__init__(config, site)
        self.self_attn = MultiHeadAttention(config, f"{site}.self_attn")
        self.feed_forward = FeedForward(config)
        self.norm_self_attn = nn.LayerNorm(config.d_model)
        self.norm_feed_forward = nn.LayerNorm(config.d_model)

    def forward(
        self, x: Float[Tensor, "B S C"], mask: Bool[Tensor, "b h t s"] | None, *, probe: Probe = SILENT
    ) -> Float[Tensor, "B S C"]:
        x = self._sublayer(x, self.norm_self_attn, lambda y: self.self_attn(y, mask=mask, probe=probe))
        x = self._sublayer(x, self.norm_feed_forward, self.feed_forward)
        return self._output(x, probe)


class DecoderBlock(_Block):
    """Self-attention, cross-attention where there is an encoder, then feed-forward."""

    def __init__(self, config: ModelConfig, site: str) -> None:
        super().__init__(config, site)
        self.self_attn = MultiHeadAttention(config, f"{site}.self_attn")
        self.norm_self_attn = nn.LayerNorm(config.d_model)
        if config.has_encoder:
            self.cross_attn = MultiHeadAttention(config, f"{site}.cross_attn")
            self.norm_cross_attn = nn.LayerNorm(config.d_model)
        self.feed_forward = FeedForward(config)
        self.norm_feed_forward = nn.LayerNorm(config.d_model)

    def forward(
        self,
        x: Float[Tensor, "B T C"],
        memory: Float[Tensor, "B S C"] | None,
        self_mask: Bool[Tensor, "b h t t2"] | None,
        cross_mask: Bool[Tensor, "b2 h2 t s"] | None,
        *,
        probe: Probe = SILENT,
        cache: KVCache | None = None,
    ) -> Float[Tensor, "B T C"]:
        x = self._sublayer(
            x, self.norm_self_attn, lambda y: self.self_attn(y, mask=self_mask, probe=probe, cache=cache)
        )
        if memory is not None:
            x = self._sublayer(
                x, self.norm_cross_attn, lambda y: self.cross_attn(y, memory, cross_mask, probe=probe, cache=cache)
            )
        x = self._sublayer(x, self.norm_feed_forward, self.feed_forward)
        return self._output(x, probe)
