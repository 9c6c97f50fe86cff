"""Memory for what one pass leaves to the next: asked for once, used at every step."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor


class Rooms:
    """Named rooms of memory. Who asks for a larger one under a name gets new memory, who asks for a smaller one a part.

    Big tensors that are made anew at every step are pages that the system hands out, zeroes and takes back: a tenth of
    a step's time. Whoever shares a name shares the memory, and knows that the other is done with it.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._stores: dict[tuple[str, torch.dtype], Tensor] = {}

    def take(self, name: str, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        """A tensor of this shape in the room `name`; what stands in it is left over from others."""
        size = math.prod(shape)
        store = self._stores.get((name, dtype))
        if store is None or store.numel() < size:
            store = self._stores[name, dtype] = torch.empty(size, dtype=dtype, device=self.device)
        return store[:size].view(*shape)
