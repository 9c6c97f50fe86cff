"""One sublayer at a time, forward and backward: N = B·T rows of C features in, as many out.

Every object is made for one shape of batch: its views and its memory are there before the first step, and a pass is
nothing but products and what lies between them. What `backward` needs stays in the object until then, so a `forward`
is followed by its `backward` before the next one. Gradients of weights are written, not added: each weight is used once
a pass, but for the embeddings, which `ends` sees to.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from attnviz.model.blocks import FeedForward
from attnviz.model.written.attention import Attention
from attnviz.model.written.parts import Dropout, Linear, Norm, Place

_gelu: Any = torch._C._nn.gelu
_gelu_backward = torch.ops.aten.gelu_backward.grad_input
_threshold_backward = torch.ops.aten.threshold_backward.grad_input


class FeedForwardPass:
    """The two-layer network at every position."""

    def __init__(self, module: FeedForward, place: Place, rows: int) -> None:
        flat = place.flat
        self.gelu = isinstance(module.activation, nn.GELU)
        self.inner = Linear(flat.view(module.inner.weight), flat.view(module.inner.bias), rows)
        self.last = Linear(flat.view(module.outer.weight), flat.view(module.outer.bias), rows)
        inner, width = module.inner.out_features, module.inner.in_features
        self.before, self.after = place.own("before", rows, inner), place.own("after", rows, inner)
        self.g_after, self.g_before = (place.shared(f"gradient {name}", rows, inner) for name in ("after", "before"))
        self.back = place.own("back", rows, width)
        self.kept: Any = None

    def forward(self, h: Float[Tensor, "N C"]) -> Float[Tensor, "N F"]:
        """What the outer layer is applied to."""
        self.kept = h
        before = self.inner.forward(h, self.before)
        if self.gelu:
            _gelu(before, out=self.after)
            return self.after
        return torch.clamp_min(before, 0, out=self.after)

    def backward(self, gradient: Float[Tensor, "N C"]) -> Float[Tensor, "N C"]:
        """Gradient of the input from that of the output."""
        g = self.last.backward(gradient, self.after, self.g_after)
        if self.gelu:
            _gelu_backward(g, self.before, grad_input=self.g_before)
        else:
            _threshold_backward(g, self.before, 0, grad_input=self.g_before)
        return self.inner.backward(self.g_before, self.kept, self.back)


class Residual:
    """Norm, sublayer, dropout and the connection around them, in the order of the model."""

    def __init__(
        self, block: Any, norm: nn.LayerNorm, inner: Attention | FeedForwardPass, place: Place, rows: int
    ) -> None:
        self.norm, self.inner, self.last = Norm(norm, place), inner, inner.last
        self.pre_norm, self.share = block.pre_norm, block.dropout.p
        self.dtype, self.stream = place.flat.dtype, place.flat.stream
        self.same = self.dtype == self.stream  # to ask for a conversion that is none takes time, too
        self.out = place.own("out", rows, norm.normalized_shape[0]) if self.same else None
        self.dropped: Any = None

    def forward(self, x: Float[Tensor, "N C"]) -> Float[Tensor, "N C"]:
        """The stream behind the sublayer."""
        h = self.norm.forward(x) if self.pre_norm else x
        used = self.inner.forward(h if self.same else h.to(self.dtype))
        if self.out is not None and not self.share:
            y = self.last.onto(used, x, self.out)
        else:
            z, self.dropped = Dropout.apply(self.last.forward(used), self.share)
            y = x + z.to(self.stream)
        return y if self.pre_norm else self.norm.forward(y)

    def backward(self, gradient: Float[Tensor, "N C"]) -> Float[Tensor, "N C"]:
        """Gradient of the stream before the sublayer from that behind it."""
        if not self.pre_norm:
            gradient = self.norm.backward(gradient)
        wanted = gradient if self.same else gradient.to(self.dtype)
        back = self.inner.backward(Dropout.back(wanted, self.share, self.dropped))
        self.dropped = None
        if self.pre_norm:
            back = self.norm.backward(back)
        return (back if self.same else back.to(self.stream)).add_(gradient)
