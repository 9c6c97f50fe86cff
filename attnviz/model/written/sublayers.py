"""One sublayer at a time, forward and backward: N = B·T rows of C features in, as many out.

Every class keeps what its backward needs in the list that it returns; nothing is kept on the object. Gradients of
weights are written, not added: each weight is used once a pass, but for the embeddings, which `whole` sees to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attnviz.model.attention import MultiHeadAttention
from attnviz.model.blocks import FeedForward
from attnviz.model.positions import rotate
from attnviz.model.written.flat import FlatParameters, View

_aten = torch.ops.aten
_EPSILON = 1e-5  # nn.LayerNorm's
_LEVELS = 2**16


class Dropout:
    """Zeroes a share of the values; the share is exact to 1/65536. A third of the time of torch's Bernoulli draws."""

    @staticmethod
    def drawn(shape: torch.Size, share: float, device: torch.device) -> Bool[Tensor, "*shape"]:
        """Where values are dropped, from torch's global generator."""
        if device.type != "cpu":
            return torch.rand(shape, device=device) < share
        size = shape.numel()
        bits = torch.empty(-(-size // 4), dtype=torch.int64).random_(-(2**63), None).view(torch.int16)
        return (bits[:size] < round(share * _LEVELS) - _LEVELS // 2).view(shape)

    @staticmethod
    def apply(x: Tensor, share: float) -> tuple[Tensor, Any]:
        """x with a share set to 0 and the rest scaled up; x itself where the share is 0."""
        if not share:
            return x, None
        dropped = Dropout.drawn(x.shape, share, x.device)
        return x.masked_fill(dropped, 0.0).mul_(1 / (1 - share)), dropped

    @staticmethod
    def back(gradient: Tensor, share: float, dropped: Any) -> Tensor:
        """d loss / d x."""
        return gradient if dropped is None else gradient.masked_fill(dropped, 0.0).mul_(1 / (1 - share))


class Norm:
    """LayerNorm in float32 of the residual stream."""

    def __init__(self, module: nn.LayerNorm, flat: FlatParameters) -> None:
        self.module = module
        self.shape = list(module.normalized_shape)
        assert module.bias is not None, "the model's norms have a bias"
        self.gain, self.bias = module.weight.detach(), module.bias.detach()
        self.gradients = flat.view(module.weight).gradient, flat.view(module.bias).gradient
        self.dtype = flat.dtype

    def forward(self, x: Float[Tensor, "N C"]) -> tuple[Tensor, Any]:
        h, mean, scale = _aten.native_layer_norm(x, self.shape, self.gain, self.bias, _EPSILON)
        return h, (x, mean, scale)

    def backward(self, gradient: Float[Tensor, "N C"], kept: Any) -> Tensor:
        """Gradient of the input from that of the output; adds to the gradients of gain and bias."""
        x, mean, scale = kept
        back, gain, bias = _aten.native_layer_norm_backward(
            gradient.float(), x, self.shape, mean, scale, self.gain, self.bias, [True, True, True]
        )
        self.gradients[0].copy_(gain)
        self.gradients[1].copy_(bias)
        found: Tensor = back
        return found


@dataclass(frozen=True)
class Bias:
    """A mask as what is added to scores: 0 where attended, −∞ where blocked; rows that see nothing are 0 and dead."""

    values: Float[Tensor, "X T S"] | None  # X is 1 or B·H; T may be 1; None: everything is visible
    alive: Float[Tensor, "X T 1"] | None  # 1, and 0 for rows that see nothing; None: there is none


class Linear:
    """x·Wᵀ + b and its gradients."""

    def __init__(self, weight: View, bias: View | None, dtype: torch.dtype) -> None:
        self.weight, self.bias, self.dtype = weight, bias, dtype

    def forward(self, x: Float[Tensor, "N I"]) -> Float[Tensor, "N O"]:
        if self.bias is None:
            return x @ self.weight.weight.t()
        return torch.addmm(self.bias.weight, x, self.weight.weight.t())

    def backward(self, gradient: Float[Tensor, "N O"], x: Float[Tensor, "N I"]) -> Float[Tensor, "N I"]:
        """d loss / d x; the gradients of W and b are written."""
        if self.weight.gradient.dtype == gradient.dtype:
            torch.mm(gradient.t(), x, out=self.weight.gradient)
        else:
            self.weight.gradient.copy_(gradient.t() @ x)
        if self.bias is not None:
            torch.sum(gradient, 0, dtype=torch.float32, out=self.bias.gradient)
        return gradient @ self.weight.weight


class Attention:
    """Multi-head attention with its four projections: Q, K and V are one product (K and V in cross-attention)."""

    def __init__(self, module: MultiHeadAttention, flat: FlatParameters) -> None:
        self.module, self.dtype = module, flat.dtype
        q, k, v, out = module.q_proj, module.k_proj, module.v_proj, module.out_proj
        self.heads, self.scale, self.crosses = module.n_heads, module.scale, module.is_cross
        parts = ((q,), (k, v)) if self.crosses else ((q, k, v),)
        self.inputs = [
            Linear(flat.view(*(one.weight for one in part)), flat.view(*(one.bias for one in part)), self.dtype)
            for part in parts
        ]
        self.out = Linear(flat.view(out.weight), flat.view(out.bias), self.dtype)

    def forward(
        self, h: Float[Tensor, "N C"], memory: Float[Tensor, "M C"] | None, batch: int, bias: Bias
    ) -> tuple[Float[Tensor, "N C"], Any]:
        """Attend from `h` to itself, or to `memory` in cross-attention."""
        share = self.module.dropout
        if self.crosses:
            assert memory is not None, "cross-attention has a memory"
            (q,) = self._split(self.inputs[0].forward(h), batch)
            k, v = self._split(self.inputs[1].forward(memory), batch)
        else:
            q, k, v = self._split(self.inputs[0].forward(h), batch)
        if self.module.rotary:
            q, k = self._rotated(q, batch), self._rotated(k, batch)
        q = q.mul_(self.scale)
        if bias.values is None:
            scores = torch.bmm(q, k.transpose(1, 2))
        else:
            scores = torch.baddbmm(bias.values, q, k.transpose(1, 2))
        weights = torch.softmax(scores, dim=-1)
        if bias.alive is not None:
            weights = weights * bias.alive
        used, dropped = Dropout.apply(weights, share)
        merged = self._merged(torch.bmm(used, v), batch)
        return self.out.forward(merged), (batch, h, memory, q, k, v, weights, used, dropped, merged, share)

    def backward(self, gradient: Float[Tensor, "N C"], kept: Any) -> tuple[Tensor, Tensor | None]:
        """(d loss / d h, d loss / d memory)."""
        batch, h, memory, q, k, v, weights, used, dropped, merged, share = kept
        g = self.out.backward(gradient, merged)
        g = self._split(g, batch)[0]
        g_weights = Dropout.back(torch.bmm(g, v.transpose(1, 2)), share, dropped)
        g_scores = _aten._softmax_backward_data(g_weights, weights, -1, self.dtype)
        whole, room_q, room_kv = self._rooms(q, k)
        torch.bmm(g_scores, k, out=room_q).mul_(self.scale)
        torch.bmm(g_scores.transpose(1, 2), q, out=room_kv[0])  # q holds the scale already
        torch.bmm(used.transpose(1, 2), g, out=room_kv[1])
        if self.module.rotary:
            room_q.copy_(self._rotated(room_q, batch, back=True))
            room_kv[0].copy_(self._rotated(room_kv[0], batch, back=True))
        g_h = self.inputs[0].backward(self._joined(whole, batch), h)
        return g_h, self.inputs[1].backward(self._joined(room_kv, batch), memory) if self.crosses else None

    def _rooms(self, q: Tensor, k: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Where the gradients go: (what the first product is made of, the queries' part, that of keys and values)."""
        whole = torch.empty((1 if self.crosses else 3, *q.shape), dtype=q.dtype, device=q.device)
        kv = torch.empty((2, *k.shape), dtype=k.dtype, device=k.device) if self.crosses else whole[1:]
        return whole, whole[0], kv

    def _split(self, x: Float[Tensor, "N PC"], batch: int) -> Float[Tensor, "P BH T D"]:
        """P projections side by side → heads as the first axis of each."""
        length, width = x.size(0) // batch, self.module.q_proj.out_features
        parts, head_dim = x.size(1) // width, width // self.heads
        cut = x.view(batch, length, parts, self.heads, head_dim).permute(2, 0, 3, 1, 4)
        return cut.reshape(parts, batch * self.heads, length, head_dim)

    def _joined(self, x: Float[Tensor, "P BH T D"], batch: int) -> Float[Tensor, "N PC"]:
        """The inverse of `_split`."""
        parts, _, length, head_dim = x.shape
        wide = x.view(parts, batch, self.heads, length, head_dim).permute(1, 3, 0, 2, 4)
        return wide.reshape(batch * length, parts * self.heads * head_dim)

    def _merged(self, x: Float[Tensor, "BH T D"], batch: int) -> Float[Tensor, "N C"]:
        return self._joined(x[None], batch)

    def _rotated(self, x: Float[Tensor, "BH T D"], batch: int, *, back: bool = False) -> Float[Tensor, "BH T D"]:
        turned = rotate(x.view(batch, self.heads, *x.shape[1:]), back=back)
        return turned.reshape(x.shape)


class FeedForwardPass:
    """d_model → d_ff → d_model."""

    def __init__(self, module: FeedForward, flat: FlatParameters) -> None:
        self.gelu = isinstance(module.activation, nn.GELU)
        self.inner = Linear(flat.view(module.inner.weight), flat.view(module.inner.bias), flat.dtype)
        self.outer = Linear(flat.view(module.outer.weight), flat.view(module.outer.bias), flat.dtype)

    def forward(self, h: Float[Tensor, "N C"]) -> tuple[Float[Tensor, "N C"], Any]:
        before = self.inner.forward(h)
        after = nn.functional.gelu(before) if self.gelu else before.relu()
        return self.outer.forward(after), (h, before, after)

    def backward(self, gradient: Float[Tensor, "N C"], kept: Any) -> Float[Tensor, "N C"]:
        """Gradient of the input from that of the output; adds to the gradients of both layers."""
        h, before, after = kept
        g = self.outer.backward(gradient, after)
        g = _aten.gelu_backward(g, before) if self.gelu else _aten.threshold_backward(g, before, 0)
        return self.inner.backward(g, h)


def bias_of(mask: Bool[Tensor, "b h t s"] | None, batch: int, heads: int, dtype: torch.dtype) -> Bias:
    """What `mask` adds to the scores of `batch` · `heads` attentions. True = may attend; None: all."""
    if mask is None:
        return Bias(None, None)
    seeing = mask.any(dim=-1, keepdim=True)
    # On a GPU, whether a row is dead is not asked, for the answer would have to be waited for.
    dead = mask.device.type != "cpu" or not bool(seeing.all())
    values = torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill_(~mask & seeing, -math.inf)
    return Bias(_per_head(values, batch, heads), _per_head(seeing.to(dtype), batch, heads) if dead else None)


def _per_head(x: Tensor, batch: int, heads: int) -> Float[Tensor, "X T S"]:
    if x.size(0) == x.size(1) == 1:
        return x[0]
    return x.expand(batch, heads, *x.shape[2:]).reshape(batch * heads, *x.shape[2:])
