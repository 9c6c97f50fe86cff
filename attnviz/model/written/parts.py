"""What sublayers are made of: products, norms, dropout, and the memory of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attnviz.model.written.flat import FlatParameters, View
from attnviz.model.written.rooms import Rooms

_EPSILON = 1e-5  # nn.LayerNorm's
_LEVELS = 2**16
_norm_backward = torch.ops.aten.native_layer_norm_backward.default


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


@dataclass(frozen=True)
class Place:
    """Where a sublayer stands: its weights, the memory of all of them, and a name that no other has."""

    flat: FlatParameters
    rooms: Rooms
    name: str

    def own(self, what: str, *shape: int, dtype: torch.dtype | None = None) -> Tensor:
        """Memory that stays untouched from this sublayer's forward to its backward."""
        return self.rooms.take(f"{self.name} {what}", shape, dtype or self.flat.dtype)

    def shared(self, what: str, *shape: int, dtype: torch.dtype | None = None) -> Tensor:
        """Memory that all sublayers use in turn, for what is used up before the sublayer is done."""
        return self.rooms.take(what, shape, dtype or self.flat.dtype)


class Linear:
    """x·Wᵀ + b and its gradients, for `rows` rows."""

    def __init__(self, weight: View, bias: View | None, rows: int) -> None:
        self.weight, self.transposed, self.gradient = weight.weight, weight.weight.t(), weight.gradient
        self.bias = None if bias is None else bias.weight
        self.bias_gradient = None if bias is None else bias.gradient.view(1, -1)
        # A product with ones is the sum over the rows, in a third of the time.
        self.ones = self.weight.new_ones(1, rows)
        self.direct = self.gradient.dtype == self.weight.dtype

    def forward(self, x: Float[Tensor, "N I"], out: Float[Tensor, "N O"] | None = None) -> Float[Tensor, "N O"]:
        """The products, into `out` where it is given."""
        if self.bias is None:
            return torch.mm(x, self.transposed, out=out)
        return torch.addmm(self.bias, x, self.transposed, out=out)

    def onto(self, x: Float[Tensor, "N I"], stream: Float[Tensor, "N O"], out: Tensor) -> Float[Tensor, "N O"]:
        """stream + x·Wᵀ + b in `out`: the residual connection costs no operation of its own."""
        assert self.bias is not None, "sublayers end in a product with a bias"
        return torch.add(stream, self.bias, out=out).addmm_(x, self.transposed)

    def weigh(self, gradient: Float[Tensor, "N O"], x: Float[Tensor, "N I"]) -> None:
        """Write the gradients of W and b."""
        if self.direct:
            torch.mm(gradient.t(), x, out=self.gradient)
        else:
            self.gradient.copy_(gradient.t() @ x)
        if self.bias_gradient is not None:
            torch.mm(self.ones, gradient, out=self.bias_gradient)

    def backward(
        self, gradient: Float[Tensor, "N O"], x: Float[Tensor, "N I"], out: Float[Tensor, "N I"] | None = None
    ) -> Float[Tensor, "N I"]:
        """d loss / d x, into `out` where it is given; the gradients of W and b are written."""
        self.weigh(gradient, x)
        return torch.mm(gradient, self.weight, out=out)


class Norm:
    """LayerNorm of the residual stream. Its averages are float32 whatever the stream is."""

    def __init__(self, module: nn.LayerNorm, place: Place) -> None:
        self.shape = list(module.normalized_shape)
        assert module.bias is not None, "the model's norms have a bias"
        self.gain, self.bias = module.weight.detach(), module.bias.detach()
        gain, bias = place.flat.view(module.weight), place.flat.view(module.bias)
        self.gradients = gain.gradient, bias.gradient
        self.kept: Any = None

    def forward(self, x: Float[Tensor, "N C"]) -> Float[Tensor, "N C"]:
        h, mean, scale = torch.native_layer_norm(x, self.shape, self.gain, self.bias, _EPSILON)
        self.kept = x, mean, scale
        return h

    def backward(self, gradient: Float[Tensor, "N C"]) -> Float[Tensor, "N C"]:
        """Gradient of the input, in memory of its own, from that of the output."""
        x, mean, scale = self.kept
        back, gain, bias = _norm_backward(
            gradient if gradient.dtype == x.dtype else gradient.to(x.dtype),
            x,
            self.shape,
            mean,
            scale,
            self.gain,
            self.bias,
            [True, True, True],
        )
        self.gradients[0].copy_(gain)
        self.gradients[1].copy_(bias)
        found: Tensor = back
        return found
