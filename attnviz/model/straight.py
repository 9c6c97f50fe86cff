"""One new token through the decoder in a straight line: what generating spends its time on.

It computes what `Transformer.decode` computes with a cache, for one column of tokens, unrolled: query, key and value
are one product, a mask that hides nothing from the newest position is not made, one that is made serves all its layers,
and no module is called. A test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from attnviz.masks import Mask, MaskPlan
from attnviz.masks.predicates import Causal, Full
from attnviz.model.attention import MultiHeadAttention, explicit_attention
from attnviz.model.blocks import DecoderBlock, EncoderBlock, FeedForward
from attnviz.model.cache import KVCache
from attnviz.model.positions import TokenEmbedding, rotations, turned
from attnviz.model.probe import BEHIND_THE_HEADS, Probe, heard
from attnviz.model.threads import one_thread
from attnviz.model.transformer import Transformer

WIDEST_FUSED = 1024  # d_model up to which one product of q, k and v pays for a copy of their weights
SMALL = 2**18  # weights of the largest matrix up to which a second thread costs more than it helps

_OWN = (Transformer, TokenEmbedding, EncoderBlock, DecoderBlock, MultiHeadAttention, FeedForward)
_KNOWN = frozenset(
    {*_OWN, nn.ModuleList, nn.Linear, nn.Embedding, nn.LayerNorm, nn.Identity, nn.Dropout, nn.GELU, nn.ReLU}
)

Norm = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class _Attention:
    site: str
    heads: int
    head_dim: int
    scale: float
    rotary: bool
    weight: Tensor  # transposed: of q, k and v side by side, (C, 3C); of cross-attention q's alone, (C, C)
    bias: Tensor
    out_weight: Tensor
    out_bias: Tensor
    norm: Norm


@dataclass(frozen=True)
class _Layer:
    site: str
    self_attn: _Attention
    cross_attn: _Attention | None
    inner_weight: Tensor
    inner_bias: Tensor
    activation: Callable[[Tensor], Tensor]
    outer_weight: Tensor
    outer_bias: Tensor
    norm: Norm


class StraightDecoder:
    """A decoder's weights laid out for single steps, anew when they change; `straight_decoder` makes it."""

    def __init__(self, model: Transformer) -> None:
        self.model = model
        self._copied = [
            p
            for block in model.decoder
            if isinstance(block, DecoderBlock)
            for part in (block.self_attn.q_proj, block.self_attn.k_proj, block.self_attn.v_proj)
            for p in (part.weight, part.bias)
        ]
        self._lay_out()

    def _lay_out(self) -> None:
        model = self.model
        self._versions = [p._version for p in self._copied]
        with torch.no_grad():
            self._layers = [_layer(block) for block in model.decoder if isinstance(block, DecoderBlock)]
        self._pre_norm = model.config.norm == "pre"
        self._last_norm = _norm(model.decoder_norm) if isinstance(model.decoder_norm, nn.LayerNorm) else None
        self._embedding = model.embedding
        weights = [weight for layer in self._layers for weight in (layer.self_attn.weight, layer.inner_weight)]
        on_cpu = model.output.weight.device.type == "cpu"
        self._alone = on_cpu and max(weight.numel() for weight in weights) <= SMALL
        self._masks: MaskPlan | None = None  # of the last step, and by site:
        self._mask_at: dict[str, Mask] = {}
        self._out_weight, self._out_bias = model.output.weight, model.output.bias

    def step(
        self, tokens: Int[Tensor, "B 1"], *, masks: MaskPlan, probe: Probe, cache: KVCache
    ) -> Float[Tensor, "B 1 V"]:
        """Logits after one more column of tokens. Gradients are the caller's.

        Where there is cross-attention, `cache` has seen at least one column and so has its keys.
        """
        if self._versions != [p._version for p in self._copied]:
            self._lay_out()
        if masks is not self._masks:
            sites = (a.site for layer in self._layers for a in (layer.self_attn, layer.cross_attn) if a is not None)
            self._masks, self._mask_at = masks, {site: masks.at(site) for site in sites}
        with one_thread(self._alone):
            return self._step(tokens, probe, cache)

    def _step(self, tokens: Int[Tensor, "B 1"], probe: Probe, cache: KVCache) -> Float[Tensor, "B 1 V"]:
        names = heard(probe)
        position, batch = cache.decoded, tokens.size(0)
        x = self._embedded(tokens, position)
        seen: dict[tuple[int, int], Tensor | None] = {}  # by mask and keys
        turns = rotations(self._layers[0].self_attn.head_dim, position, x) if self._layers[0].self_attn.rotary else None
        for layer in self._layers:
            attention = layer.self_attn
            y = attention.norm(x) if self._pre_norm else x
            heads = self._self_attention(attention, y, turns, seen, probe, cache, batch, position)
            x = self._joined(attention, x, heads, probe, names)
            if layer.cross_attn is not None:
                attention = layer.cross_attn
                y = attention.norm(x) if self._pre_norm else x
                heads = self._cross_attention(attention, y, seen, probe, cache, batch, position)
                x = self._joined(attention, x, heads, probe, names)
            y = layer.norm(x) if self._pre_norm else x
            y = torch.addmm(layer.inner_bias, y, layer.inner_weight)
            x = x + torch.addmm(layer.outer_bias, layer.activation(y), layer.outer_weight)
            if not self._pre_norm:
                x = layer.norm(x)
            if "output" in names and probe.wants(layer.site):
                x = probe.tap(layer.site, "output", x[:, None])[:, 0]
        if self._last_norm is not None:
            x = self._last_norm(x)
        return functional.linear(x, self._out_weight, self._out_bias)[:, None]

    def _embedded(self, tokens: Tensor, position: int) -> Float[Tensor, "B C"]:
        embedding = self._embedding
        embedding.check_length(position + 1)
        x: Tensor = torch.embedding(embedding.tokens.weight, tokens[:, 0]) * embedding.scale
        if embedding.kind == "learned":
            x = x + embedding.learned.weight[position]
        elif embedding.kind == "sinusoidal":
            x = x + embedding.table[position]
        return x

    def _self_attention(
        self,
        attention: _Attention,
        y: Float[Tensor, "B C"],
        turns: tuple[Tensor, Tensor] | None,
        seen: dict[tuple[int, int], Tensor | None],
        probe: Probe,
        cache: KVCache,
        batch: int,
        position: int,
    ) -> Float[Tensor, "B H 1 D"]:
        qkv = torch.addmm(attention.bias, y, attention.weight)
        qkv = qkv.view(batch, 3, attention.heads, 1, attention.head_dim)
        if turns is not None:
            qkv[:, :2] = turned(qkv[:, :2], *turns)
        q, k_new, v_new = qkv.unbind(1)
        k, v = cache.append(attention.site, k_new, v_new)
        mask = self._mask(attention, seen, batch, position, position + 1)
        return _attended(attention, q, k, v, mask, probe)

    def _cross_attention(
        self,
        attention: _Attention,
        y: Float[Tensor, "B C"],
        seen: dict[tuple[int, int], Tensor | None],
        probe: Probe,
        cache: KVCache,
        batch: int,
        position: int,
    ) -> Float[Tensor, "B H 1 D"]:
        q = torch.addmm(attention.bias, y, attention.weight).view(batch, attention.heads, 1, attention.head_dim)
        k, v = cache.keys_values(attention.site)
        mask = self._mask(attention, seen, batch, position, k.size(2))
        return _attended(attention, q, k, v, mask, probe)

    def _joined(
        self,
        attention: _Attention,
        x: Float[Tensor, "B C"],
        heads: Float[Tensor, "B H 1 D"],
        probe: Probe,
        names: frozenset[str],
    ) -> Float[Tensor, "B C"]:
        """The heads through out_proj, added to what there was."""
        y = torch.addmm(attention.out_bias, heads.reshape(x.size()), attention.out_weight)
        if "attn_output" in names and probe.wants(attention.site):
            y = probe.tap(attention.site, "attn_output", y[:, None])[:, 0]
        return x + y if self._pre_norm else attention.norm(x + y)

    def _mask(
        self,
        attention: _Attention,
        seen: dict[tuple[int, int], Tensor | None],
        batch: int,
        position: int,
        keys: int,
    ) -> Bool[Tensor, "b h 1 s"] | None:
        mask = self._mask_at[attention.site]
        if isinstance(mask, Full) or (isinstance(mask, Causal) and keys == position + 1):
            return None
        key = (id(mask), keys)
        if key not in seen:
            seen[key] = mask.broadcast(
                batch=batch,
                heads=attention.heads,
                queries=1,
                keys=keys,
                device=self._out_weight.device,
                first_query=position,
            )
        return seen[key]


def straight_decoder(model: object) -> StraightDecoder | None:
    """The straight way through a model's decoder; None where it has parts that only calling them computes."""
    if type(model) is not Transformer or not model.has_decoder or model.config.d_model > WIDEST_FUSED:
        return None
    for part in model.modules():
        if type(part) not in _KNOWN or part._forward_hooks or part._forward_pre_hooks:  # LoRA, an adapter, a guest
            return None
    return StraightDecoder(model) if len(model.decoder) else None


def _attended(
    attention: _Attention,
    q: Float[Tensor, "B H 1 D"],
    k: Float[Tensor, "B H S D"],
    v: Float[Tensor, "B H S D"],
    mask: Bool[Tensor, "b h 1 s"] | None,
    probe: Probe,
) -> Float[Tensor, "B H 1 D"]:
    site, names = attention.site, heard(probe)
    wanted = bool(names) and probe.wants(site)
    if wanted and not names <= BEHIND_THE_HEADS:
        if mask is None and names <= {"weights"}:
            return _weighed(attention, q, k, v, probe)
        q, k, v = (probe.tap(site, name, value) for name, value in (("q", q), ("k", k), ("v", v)))
        return explicit_attention(q, k, v, mask, scale=attention.scale, site=site, probe=probe)
    heads = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=attention.scale)
    return probe.tap(site, "head_output", heads) if wanted else heads


def _weighed(
    attention: _Attention,
    q: Float[Tensor, "B H 1 D"],
    k: Float[Tensor, "B H S D"],
    v: Float[Tensor, "B H S D"],
    probe: Probe,
) -> Float[Tensor, "B H 1 D"]:
    """Attention that sees everything, its weights told. Heads of all rows side by side: half of the calls."""
    by_head = q.flatten(0, 1)
    scores = torch.baddbmm(q.new_empty(1, 1, 1), by_head, k.flatten(0, 1).mT, beta=0, alpha=attention.scale)
    shape = (*q.shape[:3], k.size(2))
    weights = probe.tap(attention.site, "weights", scores.softmax(dim=-1).view(shape))
    return torch.bmm(weights.flatten(0, 1), v.flatten(0, 1)).view(q.shape)


def _layer(block: DecoderBlock) -> _Layer:
    feed, crossing = block.feed_forward, getattr(block, "cross_attn", None)
    return _Layer(
        site=block.site,
        self_attn=_attention(block.self_attn, block.norm_self_attn),
        cross_attn=None if crossing is None else _attention(crossing, block.norm_cross_attn),
        inner_weight=feed.inner.weight.t(),
        inner_bias=feed.inner.bias,
        activation=functional.gelu if isinstance(feed.activation, nn.GELU) else torch.relu,
        outer_weight=feed.outer.weight.t(),
        outer_bias=feed.outer.bias,
        norm=_norm(block.norm_feed_forward),
    )


def _attention(attention: MultiHeadAttention, norm: nn.LayerNorm) -> _Attention:
    parts = [attention.q_proj] if attention.is_cross else [attention.q_proj, attention.k_proj, attention.v_proj]
    return _Attention(
        site=attention.site,
        heads=attention.n_heads,
        head_dim=attention.q_proj.out_features // attention.n_heads,
        scale=attention.scale,
        rotary=attention.rotary,
        weight=torch.cat([part.weight for part in parts]).t(),
        bias=torch.cat([part.bias for part in parts]),
        out_weight=attention.out_proj.weight.t(),
        out_bias=attention.out_proj.bias,
        norm=_norm(norm),
    )


def _norm(norm: nn.LayerNorm) -> Norm:
    shape, weight, bias, eps = list(norm.normalized_shape), norm.weight, norm.bias, norm.eps
    return lambda x: torch.layer_norm(x, shape, weight, bias, eps)
