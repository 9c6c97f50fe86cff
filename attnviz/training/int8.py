"""Weights as whole numbers of one byte: each row of a matrix has its own scale, w ≈ scale · n with −127 ≤ n ≤ 127.

Weight-only and symmetric, so that nothing of the forward pass changes: what was stored is multiplied out when it is
loaded, and every page sees the model as it now is.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float, Int8
from torch import Tensor

FORMAT = "int8"
LARGEST = 127
SCALE = ":scale"  # behind a matrix's name: no parameter's name holds a colon


def is_packed(shape: tuple[int, ...]) -> bool:
    """Whether a parameter of this shape is stored as whole numbers: matrices are, biases and norms stay as they are."""
    return len(shape) == 2


def quantize(weight: Float[Tensor, "O I"]) -> tuple[Int8[Tensor, "O I"], Float[Tensor, " O"]]:
    """(n, scale): the nearest whole numbers; a row of zeros has scale 1."""
    scale = weight.abs().amax(dim=1) / LARGEST
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    return (weight / scale[:, None]).round().clamp(-LARGEST, LARGEST).to(torch.int8), scale


def dequantize(numbers: Int8[Tensor, "O I"], scale: Float[Tensor, " O"]) -> Float[Tensor, "O I"]:
    """scale · n."""
    return numbers.to(scale.dtype) * scale[:, None]


def packed(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Matrices as whole numbers with their scales beside them; what is no matrix in float32."""
    found: dict[str, Tensor] = {}
    for name, weight in weights.items():
        weight = weight.to(torch.float32)
        if is_packed(tuple(weight.shape)):
            numbers, scale = quantize(weight)
            found |= {name: numbers.contiguous(), name + SCALE: scale.contiguous()}
        else:
            found[name] = weight.contiguous()
    return found


def unpacked(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of `packed`, to rounding."""
    return {
        name: dequantize(weight, weights[name + SCALE]) if name + SCALE in weights else weight
        for name, weight in weights.items()
        if not name.endswith(SCALE)
    }


def packed_shapes(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of what `packed` gives for parameters of these shapes."""
    scales = {name + SCALE: shape[:1] for name, shape in shapes.items() if is_packed(shape)}
    return {**shapes, **scales}
