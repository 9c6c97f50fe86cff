"""Bottleneck adapters (Houlsby et al. 2019): a narrow network behind each sublayer, before the residual connection.

    h = W·x + b              the sublayer's last projection (frozen while adapters are tuned)
    y = h + U·gelu(D·h)      D: d_model → size, U: size → d_model

U begins at 0, so that a new adapter changes nothing.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

ADAPTER_PARTS = ("adapter_down", "adapter_up")


class AdaptedLinear(nn.Linear):
    """A linear layer with an adapter behind it. `weight` and `bias` keep their names."""

    def __init__(self, in_features: int, out_features: int, size: int) -> None:
        super().__init__(in_features, out_features)
        self.adapter_down = nn.Linear(out_features, size)
        self.adapter_up = nn.Linear(size, out_features)
        nn.init.zeros_(self.adapter_up.weight)
        nn.init.zeros_(self.adapter_up.bias)

    def forward(self, input: Float[Tensor, "*B I"]) -> Float[Tensor, "*B O"]:  # torch's name
        h = super().forward(input)
        y: Tensor = h + self.adapter_up(functional.gelu(self.adapter_down(h)))
        return y


def projection(in_features: int, out_features: int, adapter_size: int) -> nn.Linear:
    """The last layer of a sublayer: plain, or with an adapter of `adapter_size` behind it (0: none)."""
    return (
        AdaptedLinear(in_features, out_features, adapter_size) if adapter_size else nn.Linear(in_features, out_features)
    )


def is_adapter(parameter_name: str) -> bool:
    """Whether a parameter belongs to an adapter."""
    return any(f".{part}." in parameter_name for part in ADAPTER_PARTS)
