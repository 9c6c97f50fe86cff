"""How far an update moved the weights."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector


class UpdateMeter:
    """Keeps a copy of the trained weights as they are now, to be compared with what they become."""

    def __init__(self, model: nn.Module) -> None:
        self.trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.before = self._now()

    def ratio(self) -> float:
        """‖Δw‖ / ‖w‖ over all trained weights; ‖w‖ is that of before. 0 where no weight is trained."""
        length = float(self.before.norm())
        return float((self._now() - self.before).norm()) / length if length else 0.0

    def _now(self) -> Float[Tensor, " N"]:
        with torch.no_grad():
            return parameters_to_vector(self.trained) if self.trained else torch.zeros(0)
