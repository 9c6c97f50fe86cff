"""A whole Transformer, written out: logits, and from their gradient the gradient of every weight."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attnviz.masks import Mask, MaskPlan, causal
from attnviz.masks.predicates import Full
from attnviz.model.blocks import DecoderBlock, EncoderBlock
from attnviz.model.transformer import Transformer
from attnviz.model.written.attention import Attention, Bias, Core, Memory, bias_of
from attnviz.model.written.ends import Embedding
from attnviz.model.written.flat import FlatParameters
from attnviz.model.written.parts import Linear, Norm, Place
from attnviz.model.written.rooms import Rooms
from attnviz.model.written.sublayers import FeedForwardPass, Residual

_MOST_BIASES = 32  # masks whose tensors are kept from one step to the next
_MOST_SHAPES = 64  # shapes of batches whose passes are kept; they share their memory


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
        self.rooms = Rooms(flat.weights.device)
        self._shaped: OrderedDict[tuple[Any, ...], ShapedPasses] = OrderedDict()
        self._biases: OrderedDict[tuple[Any, ...], Bias] = OrderedDict()
        self._anchor = torch.zeros((), device=flat.weights.device, requires_grad=True)  # makes autograd call backward
        self.passes = 0  # made so far
        self._waiting: ShapedPasses | None = None

    def __call__(
        self,
        src: Int[Tensor, "B S"] | None,
        decoder_input: Int[Tensor, "B T"] | None,
        masks: MaskPlan | None = None,
    ) -> Float[Tensor, "B T2 V"]:
        """Logits in float32, as the model's `forward` in training mode; dropout draws from torch's global generator.

        Only one pass at a time: `backward` before the next call, or RuntimeError.
        """
        self.model.check_inputs(src, decoder_input)
        logits: Tensor = _Passes.apply(self._anchor, self, src, decoder_input, masks)
        return logits

    def predict(
        self,
        src: Int[Tensor, "B S"] | None,
        decoder_input: Int[Tensor, "B T"] | None,
        masks: MaskPlan | None = None,
    ) -> Float[Tensor, "B T2 V"]:
        """The same logits without autograd, for whoever finds their gradient himself and hands it to `back`."""
        self.model.check_inputs(src, decoder_input)
        with torch.no_grad():
            logits, self._waiting = self.forward(src, decoder_input, masks)
        return logits

    def back(self, slope: Float[Tensor, "N V"]) -> None:
        """From d loss / d logits of the last `predict`, to be used once, to the gradients in `flat`."""
        made, self._waiting = self._waiting, None
        if made is None:
            raise RuntimeError("no pass waits for its gradient")
        with torch.no_grad():
            made.backward(slope)

    def in_use(self) -> tuple[object, ...]:
        """What is kept from one step to the next: memory and masks."""
        return (*self._shaped.values(), *self._biases.values())

    def heads(self, example: int) -> dict[str, Float[Tensor, "H T S"]]:
        """By site, the weights of one example of the last pass, before dropout, as they were computed; nothing is
        computed again. They stand there until the next pass: copy what is to stay. Before the first pass: none."""
        if not self._shaped:
            return {}
        last = self._shaped[next(reversed(self._shaped))]
        return {site: attention.of(example) for site, attention in last.attentions.items()}

    def forward(
        self, src: Tensor | None, decoder_input: Tensor | None, masks: MaskPlan | None
    ) -> tuple[Float[Tensor, "B T2 V"], ShapedPasses]:
        """Logits, and what their gradient goes back through."""
        self.flat.begin()
        self.passes += 1
        self._waiting = None
        made = self._at(src, decoder_input)
        plan = masks or MaskPlan(decoder_self=causal())
        own = masks is None and src is not None  # the source's padding, as `default_masks` has it
        hidden: dict[Core, Bias] = {}
        for site, attention in made.attentions.items():
            reads_source = not (site.startswith("decoder") and site.endswith("self_attn"))
            if own and src is not None and reads_source:
                if attention.core not in hidden:
                    hidden[attention.core] = self._padding(src, attention)
                attention.bias = hidden[attention.core]
            else:
                attention.bias = self._bias(plan.at(site), attention)
        return made.forward(src, decoder_input), made

    def _at(self, src: Tensor | None, decoder_input: Tensor | None) -> ShapedPasses:
        """The passes for inputs of these shapes."""
        model = self.model
        source, target = (None if x is None else (x.size(0), x.size(1)) for x in (src, decoder_input))
        key = (source, target, model.config.dropout)
        if key not in self._shaped:
            if source is not None:
                model.src_embedding.check_length(source[1])
            if target is not None:
                model.embedding.check_length(target[1])
            self._shaped[key] = ShapedPasses(model, self.flat, self.rooms, source, target)
            if len(self._shaped) > _MOST_SHAPES:
                self._shaped.popitem(last=False)
        self._shaped.move_to_end(key)
        return self._shaped[key]

    def _padding(self, src: Int[Tensor, "B S"], attention: Attention) -> Bias:
        """What hides the source's padding; where it lies is not asked of a GPU, which would have to be waited for."""
        real = src != self.config.pad_id
        if src.device.type == "cpu" and bool(real.all()):
            return self._bias(Full(), attention)
        return bias_of(real[:, None, None, :], src.size(0), self.config.n_heads, attention.core, attention.keys)

    def _bias(self, mask: Mask, attention: Attention) -> Bias:
        batch, heads = attention.batch, self.config.n_heads
        key = (mask, batch, attention.length, attention.keys, attention.core)
        if key not in self._biases:
            seen = None
            if not isinstance(mask, Full):
                device = self.flat.weights.device
                seen = mask.broadcast(
                    batch=batch, heads=heads, queries=attention.length, keys=attention.keys, device=device
                )
            self._biases[key] = bias_of(seen, batch, heads, attention.core, attention.keys)
            if len(self._biases) > _MOST_BIASES:
                self._biases.popitem(last=False)
        self._biases.move_to_end(key)
        return self._biases[key]


class ShapedPasses:
    """The passes for one shape of batch: (B, S) of the source and (B, T) of the decoder's input, where there is one."""

    def __init__(
        self,
        model: Transformer,
        flat: FlatParameters,
        rooms: Rooms,
        source: tuple[int, int] | None,
        target: tuple[int, int] | None,
    ) -> None:
        self.flat, self.tied = flat, model.config.tied_embeddings
        self.attentions: dict[str, Attention] = {}  # by site, in the order of computation
        self.memory: Memory | None = None
        self.src_embedding: Embedding | None = None
        self.embedding: Embedding | None = None
        self.encoder: list[Residual | Norm] = []
        self.decoder: list[Residual | Norm] = []
        self._flat, self._rooms = flat, rooms
        if source is not None:
            self.src_embedding = Embedding(model.src_embedding, Place(flat, rooms, "src_embedding"), *source)
            encoder: Any = model.encoder
            for block in encoder:
                self.encoder += self._block(block, *source)
            self.encoder += self._final(model.encoder_norm, "encoder_norm")
        if target is not None:
            decoder: Any = model.decoder
            crossing = [block.cross_attn for block in decoder] if source is not None else []
            if source is not None and crossing:
                core = Core.of(flat, target[1], source[1])
                self.memory = Memory(crossing, Place(flat, rooms, "memory"), *source, core)
            self.embedding = Embedding(model.embedding, Place(flat, rooms, "embedding"), *target)
            for block in decoder:
                self.decoder += self._block(block, *target)
            self.decoder += self._final(model.decoder_norm, "decoder_norm")
        shape = target or source
        assert shape is not None, "the inputs were checked"
        self.shape, bias = shape, model.output.bias
        self.output = Linear(
            flat.view(model.output.weight), None if bias is None else flat.view(bias), shape[0] * shape[1]
        )
        self._kept: Any = None

    def _block(self, block: EncoderBlock | DecoderBlock, batch: int, length: int) -> list[Residual | Norm]:
        found: list[Residual | Norm] = []
        for name in ("self_attn", "cross_attn", "feed_forward"):
            part = getattr(block, name, None)
            if part is None:
                continue
            place = Place(self._flat, self._rooms, f"{block.site}.{name}")
            if name == "feed_forward":
                inner: Any = FeedForwardPass(part, place, batch * length)
            else:
                layer = len([site for site in self.attentions if site.endswith("cross_attn")])
                memory = None if self.memory is None or name == "self_attn" else (self.memory, layer)
                inner = self.attentions[part.site] = Attention(part, place, batch, length, memory)
            found.append(Residual(block, getattr(block, f"norm_{name}"), inner, place, batch * length))
        return found

    def _final(self, norm: nn.Module, name: str) -> list[Residual | Norm]:
        return [Norm(norm, Place(self._flat, self._rooms, name))] if isinstance(norm, nn.LayerNorm) else []

    def forward(self, src: Tensor | None, decoder_input: Tensor | None) -> Float[Tensor, "B T2 V"]:
        """Logits in memory of their own."""
        dtype = self.flat.dtype
        x: Any = None
        if src is not None and self.src_embedding is not None:
            x = self.src_embedding.forward(src)
            for part in self.encoder:
                x = part.forward(x)
            if self.memory is not None:
                self.memory.forward(x.to(dtype))
        if decoder_input is not None and self.embedding is not None:
            x = self.embedding.forward(decoder_input)
            for part in self.decoder:
                x = part.forward(x)
        self._kept = h = x.to(dtype)
        return self.output.forward(h).float().view(*self.shape, -1)

    def backward(self, gradient: Float[Tensor, "N V"]) -> None:
        """From d loss / d logits to every weight's gradient, in `flat`."""
        flat = self.flat
        g = self.output.backward(gradient.to(flat.dtype), self._kept).to(flat.stream)
        if self.embedding is not None:
            for part in reversed(self.decoder):
                g = part.backward(g)
            self.embedding.backward(g, add=self.tied)
        if self.src_embedding is not None:
            if self.embedding is not None:
                g = torch.zeros_like(self.src_embedding.out) if self.memory is None else self.memory.backward()
                g = g.to(flat.stream)
            for part in reversed(self.encoder):
                g = part.backward(g)
            self.src_embedding.backward(g, add=False)
        flat.end()


class _Passes(torch.autograd.Function):
    """The whole model as one node: autograd sees logits, and hands their gradient back."""

    @staticmethod
    def forward(ctx: Any, anchor: Tensor, passes: WrittenTransformer, *inputs: Any) -> Tensor:
        logits, ctx.made = passes.forward(*inputs)
        ctx.passes, ctx.number = passes, passes.passes
        return logits

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, ...]:
        made, ctx.made = ctx.made, None
        if made is None:
            raise RuntimeError("these logits have been differentiated already")
        if ctx.number != ctx.passes.passes:
            raise RuntimeError("another pass was made since: its numbers stand where these logits' stood")
        made.backward(gradients[0].flatten(0, 1))
        return None, None, None, None, None
