"""How far an update moved the weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector


class UpdateMeter:
    """Keeps a copy of the trained weights as they are now, to be compared with what they become."""

    def __init__(self, model: nn.Module) -> None:
        self.names = tuple(name for name, parameter in model.named_parameters() if parameter.requires_grad)
        self.trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.before = self._now()

    def ratio(self) -> float:
        """‖Δw‖ / ‖w‖ over all trained weights; ‖w‖ is that of before. 0 where no weight is trained."""
        length = float(self.before.norm())
        return float((self._now() - self.before).norm()) / length if length else 0.0

    def report(self, largest: int = 12) -> UpdateNorms:
        """What moved, tensor by tensor, and the `largest` moves of single weights."""
        before, after = self.before.cpu(), self._now().cpu()
        sizes = [parameter.numel() for parameter in self.trained]
        old, moves = before.split(sizes), (after - before).split(sizes)
        places = (after - before).abs().topk(min(largest, before.numel())).indices.tolist()
        return UpdateNorms(
            parameters=self.names,
            update=np.array([float(move.norm()) for move in moves], dtype=np.float32),
            weight=np.array([float(part.norm()) for part in old], dtype=np.float32),
            moved=np.array([float((move != 0).float().mean()) for move in moves], dtype=np.float32),
            largest=tuple(self._single(place, before, after) for place in places),
        )

    def _single(self, place: int, before: Tensor, after: Tensor) -> MovedWeight:
        first = 0
        for name, parameter in zip(self.names, self.trained, strict=True):
            if place < first + parameter.numel():
                index = np.unravel_index(place - first, tuple(parameter.shape))
                return MovedWeight(name, tuple(map(int, index)), float(before[place]), float(after[place]))
            first += parameter.numel()
        raise AssertionError("every place lies in a parameter")

    def _now(self) -> Float[Tensor, " N"]:
        with torch.no_grad():
            return parameters_to_vector(self.trained) if self.trained else torch.zeros(0)


@dataclass(frozen=True)
class MovedWeight:
    """One weight before and after an update."""

    parameter: str
    index: tuple[int, ...]
    before: float
    after: float


@dataclass(frozen=True, eq=False)
class UpdateNorms:
    """What an update did, one number a parameter tensor."""

    parameters: tuple[str, ...]
    update: Float[np.ndarray, " P"]  # ‖Δw‖
    weight: Float[np.ndarray, " P"]  # ‖w‖ before
    moved: Float[np.ndarray, " P"]  # share of the weights that changed at all
    largest: tuple[MovedWeight, ...]

    @property
    def ratio(self) -> Float[np.ndarray, " P"]:
        """‖Δw‖ / ‖w‖; NaN for a tensor of zeros."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.weight > 0, self.update / self.weight, np.nan).astype(np.float32)
