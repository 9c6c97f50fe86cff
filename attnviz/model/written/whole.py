"""A whole Transformer, written out: logits, and from their gradient the gradient of every weight."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attnviz.masks import Mask, MaskPlan, causal
from attnviz.masks.predicates import Full
from attnviz.model.attention import MultiHeadAttention
from attnviz.model.blocks import FeedForward
from attnviz.model.positions import TokenEmbedding
from attnviz.model.transformer import Transformer
from attnviz.model.written.flat import FlatParameters
from attnviz.model.written.sublayers import Attention, Bias, Dropout, FeedForwardPass, Linear, Norm, bias_of

_MOST_BIASES = 8  # masks whose tensors are kept from one step to the next


def can_be_written(model: nn.Module) -> bool:
    """Whether these passes are this model's: every weight trains, in float32, and no layer has a detour."""
    if type(model) is not Transformer or model.config.adapter_size:
        return False
    plain = {"q_proj", "k_proj", "v_proj", "out_proj", "inner", "outer", "output"}
    if any(path.rpartition(".")[2] in plain and type(one) is not nn.Linear for path, one in model.named_modules()):
        return False
    return all(p.requires_grad and p.dtype == torch.float32 for p in model.parameters())


class WrittenTransformer:
    """The passes of `model` over `flat`, in training mode. Call it for logits; `.backward()` of what is made of them
    leaves the gradients in `flat`."""

    def __init__(self, model: Transformer, flat: FlatParameters) -> None:
        if not can_be_written(model):
            raise ValueError("this model has parts that the written passes do not know")
        self.model, self.flat = model, flat
        self.config = model.config
        blocks = [*getattr(model, "encoder", ()), *getattr(model, "decoder", ())]
        self._passes = {id(module): _pass_of(module, flat) for block in blocks for module in block.modules()}
        for name in ("encoder_norm", "decoder_norm"):
            if isinstance(norm := getattr(model, name, None), nn.LayerNorm):
                self._passes[id(norm)] = Norm(norm, flat)
        bias = model.output.bias
        self.output = Linear(flat.view(model.output.weight), None if bias is None else flat.view(bias), flat.dtype)
        self._biases: OrderedDict[tuple[Any, ...], Bias] = OrderedDict()
        self._anchor = torch.zeros((), device=flat.weights.device, requires_grad=True)  # makes autograd call backward

    def __call__(
        self,
        src: Int[Tensor, "B S"] | None,
        decoder_input: Int[Tensor, "B T"] | None,
        masks: MaskPlan | None = None,
    ) -> Float[Tensor, "B T2 V"]:
        """Logits in float32, as the model's `forward` in training mode; dropout draws from torch's global generator.

        Only one pass at a time: `backward` before the next call.
        """
        self.model.check_inputs(src, decoder_input)
        logits: Tensor = _Passes.apply(self._anchor, self, src, decoder_input, masks)
        return logits

    def masks_in_use(self) -> tuple[Bias, ...]:
        """The masks that are kept from one step to the next."""
        return tuple(self._biases.values())

    # ---- forward ------------------------------------------------------------------------------------------

    def forward(
        self, src: Tensor | None, decoder_input: Tensor | None, masks: MaskPlan | None
    ) -> tuple[Float[Tensor, "B T2 V"], list[Any]]:
        """Logits and what `backward` needs."""
        self.flat.begin()
        plan = masks or MaskPlan(decoder_self=causal())
        padding = self._padding(src) if masks is None and src is not None else None
        tape: list[Any] = []
        memory = None
        if src is not None:
            x = self._embed(self.model.src_embedding, src, tape)
            for layer, block in enumerate(self.model.encoder):
                bias = padding or self._bias(plan.at(f"encoder.{layer}.self_attn"), src, src)
                x = self._attend(block, "self_attn", x, None, src.size(0), bias, tape)
                x = self._feed(block, x, tape)
            x = self._final(self.model.encoder_norm, x, tape)
            memory = x.to(self.flat.dtype)
        read = src
        if decoder_input is not None:
            read, batch = decoder_input, decoder_input.size(0)
            x = self._embed(self.model.embedding, decoder_input, tape)
            for layer, block in enumerate(self.model.decoder):
                bias = self._bias(plan.at(f"decoder.{layer}.self_attn"), decoder_input, decoder_input)
                x = self._attend(block, "self_attn", x, None, batch, bias, tape)
                if src is not None:
                    bias = padding or self._bias(plan.at(f"decoder.{layer}.cross_attn"), decoder_input, src)
                    x = self._attend(block, "cross_attn", x, memory, batch, bias, tape)
                x = self._feed(block, x, tape)
            x = self._final(self.model.decoder_norm, x, tape)
        assert read is not None, "the inputs were checked"
        h = x.to(self.flat.dtype)
        tape.append(h)
        return self.output.forward(h).float().view(*read.shape, -1), tape

    def _embed(self, embedding: TokenEmbedding, ids: Tensor, tape: list[Any]) -> Float[Tensor, "N C"]:
        embedding.check_length(ids.size(1))
        x = nn.functional.embedding(ids, embedding.tokens.weight) * embedding.scale
        if embedding.kind == "learned":
            x += embedding.learned.weight[: ids.size(1)]
        elif embedding.kind == "sinusoidal":
            x += embedding.table[: ids.size(1)]
        x, dropped = Dropout.apply(x, embedding.dropout.p)
        tape.append((ids, dropped, embedding.dropout.p))
        return x.flatten(0, 1)

    def _attend(
        self,
        block: Any,
        name: str,
        x: Float[Tensor, "N C"],
        memory: Tensor | None,
        batch: int,
        bias: Bias,
        tape: list[Any],
    ) -> Float[Tensor, "N C"]:
        attention: Attention = self._passes[id(getattr(block, name))]
        return self._sublayer(block, f"norm_{name}", x, lambda h: attention.forward(h, memory, batch, bias), tape)

    def _feed(self, block: Any, x: Tensor, tape: list[Any]) -> Float[Tensor, "N C"]:
        return self._sublayer(block, "norm_feed_forward", x, self._passes[id(block.feed_forward)].forward, tape)

    def _sublayer(self, block: Any, norm_name: str, x: Tensor, compute: Any, tape: list[Any]) -> Float[Tensor, "N C"]:
        norm: Norm = self._passes[id(getattr(block, norm_name))]
        share = block.dropout.p
        if block.pre_norm:
            h, norm_kept = norm.forward(x)
            y, kept = compute(h.to(self.flat.dtype))
            y, dropped = Dropout.apply(y, share)
            out = x + y.float()
        else:
            y, kept = compute(x.to(self.flat.dtype))
            y, dropped = Dropout.apply(y, share)
            out, norm_kept = norm.forward(x + y.float())
        tape.append((kept, norm_kept, dropped, share))
        return out

    def _final(self, norm: nn.Module, x: Tensor, tape: list[Any]) -> Float[Tensor, "N C"]:
        if id(norm) not in self._passes:
            return x
        x, kept = self._passes[id(norm)].forward(x)
        tape.append(kept)
        return x

    def _padding(self, src: Int[Tensor, "B S"]) -> Bias:
        """The source's own padding as `default_masks` has it; where it lies is not asked of the device."""
        real = src != self.config.pad_id
        if src.device.type == "cpu" and bool(real.all()):
            return Bias(None, None)
        return bias_of(real[:, None, None, :], src.size(0), self.config.n_heads, self.flat.dtype)

    def _bias(self, mask: Mask, queries: Int[Tensor, "B T"], keys: Int[Tensor, "B S"]) -> Bias:
        if isinstance(mask, Full):
            return Bias(None, None)
        batch, device = queries.size(0), queries.device
        key = (mask, batch, queries.size(1), keys.size(1))
        if key not in self._biases:
            seen = mask.broadcast(
                batch=batch, heads=self.config.n_heads, queries=queries.size(1), keys=keys.size(1), device=device
            )
            self._biases[key] = bias_of(seen, batch, self.config.n_heads, self.flat.dtype)
            if len(self._biases) > _MOST_BIASES:
                self._biases.popitem(last=False)
        self._biases.move_to_end(key)
        return self._biases[key]

    # ---- backward -----------------------------------------------------------------------------------------

    def backward(self, gradient: Float[Tensor, "B T2 V"], tape: list[Any]) -> None:
        """From d loss / d logits to every weight's gradient, in `flat`. The tape is used up."""
        dtype = self.flat.dtype
        g = self.output.backward(gradient.flatten(0, 1).to(dtype), tape.pop()).float()
        tied = self.config.tied_embeddings
        g_memory: Tensor | None = None
        if self.config.has_decoder:
            g = self._final_back(self.model.decoder_norm, g, tape)
            for block in reversed(self.model.decoder):
                g = self._feed_back(block, g, tape)
                if self.config.has_encoder:
                    g, more = self._attend_back(block, "cross_attn", g, tape)
                    assert more is not None, "cross-attention reads the memory"
                    g_memory = more.float() if g_memory is None else g_memory.add_(more)
                g, _ = self._attend_back(block, "self_attn", g, tape)
            self._embed_back(self.model.embedding, g, tape, add=tied)
        if self.config.has_encoder:
            if self.config.has_decoder:
                g = torch.zeros_like(g) if g_memory is None else g_memory
            g = self._final_back(self.model.encoder_norm, g, tape)
            for block in reversed(self.model.encoder):
                g = self._feed_back(block, g, tape)
                g, _ = self._attend_back(block, "self_attn", g, tape)
            self._embed_back(self.model.src_embedding, g, tape, add=False)
        self.flat.end()

    def _final_back(self, norm: nn.Module, g: Tensor, tape: list[Any]) -> Tensor:
        return self._passes[id(norm)].backward(g, tape.pop()) if id(norm) in self._passes else g

    def _feed_back(self, block: Any, g: Tensor, tape: list[Any]) -> Tensor:
        feed: FeedForwardPass = self._passes[id(block.feed_forward)]
        g, _ = self._sublayer_back(block, "norm_feed_forward", g, lambda y, kept: (feed.backward(y, kept), None), tape)
        return g

    def _attend_back(self, block: Any, name: str, g: Tensor, tape: list[Any]) -> tuple[Tensor, Tensor | None]:
        attention: Attention = self._passes[id(getattr(block, name))]
        return self._sublayer_back(block, f"norm_{name}", g, attention.backward, tape)

    def _sublayer_back(
        self, block: Any, norm_name: str, g: Tensor, back: Any, tape: list[Any]
    ) -> tuple[Float[Tensor, "N C"], Tensor | None]:
        norm: Norm = self._passes[id(getattr(block, norm_name))]
        kept, norm_kept, dropped, share = tape.pop()
        if not block.pre_norm:
            g = norm.backward(g, norm_kept)
        g_y = Dropout.back(g.to(self.flat.dtype), share, dropped)
        g_h, g_memory = back(g_y, kept)
        if block.pre_norm:
            g_h = norm.backward(g_h, norm_kept)
        return g + g_h.float(), g_memory

    def _embed_back(self, embedding: TokenEmbedding, g: Tensor, tape: list[Any], *, add: bool) -> None:
        ids, dropped, share = tape.pop()
        g = Dropout.back(g.view(*ids.shape, -1), share, dropped)
        if embedding.kind == "learned":
            room = self.flat.view(embedding.learned.weight).gradient
            room[ids.size(1) :] = 0
            torch.sum(g, 0, out=room[: ids.size(1)])
        table = embedding.tokens.weight
        found = torch.ops.aten.embedding_dense_backward(g * embedding.scale, ids, table.size(0), -1, False)
        room = self.flat.view(table).gradient
        room.add_(found) if add else room.copy_(found)


class _Passes(torch.autograd.Function):
    """The whole model as one node: autograd sees logits, and hands their gradient back."""

    @staticmethod
    def forward(ctx: Any, anchor: Tensor, passes: WrittenTransformer, *inputs: Any) -> Tensor:
        logits, ctx.tape = passes.forward(*inputs)
        ctx.passes = passes
        return logits

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, ...]:
        tape, ctx.tape = ctx.tape, None
        if tape is None:
            raise RuntimeError("these logits have been differentiated already")
        ctx.passes.backward(gradients[0], tape)
        return None, None, None, None, None


def _pass_of(module: nn.Module, flat: FlatParameters) -> Any:
    if isinstance(module, MultiHeadAttention):
        return Attention(module, flat)
    if isinstance(module, FeedForward):
        return FeedForwardPass(module, flat)
    return Norm(module, flat) if isinstance(module, nn.LayerNorm) else None
