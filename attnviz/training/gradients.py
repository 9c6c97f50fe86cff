"""Gradients to look at: their length by tensor and layer, and one weight's against its finite difference."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from attnviz.data import Batch
from attnviz.masks import MaskPlan
from attnviz.model import Transformer
from attnviz.training.objective import cross_entropy, predict
from attnviz.training.optimizer import decaying

STEP = 1e-5  # of the finite difference, in float64


def layer_of(parameter: str) -> str:
    """The layer that a parameter belongs to: "decoder.1" of "decoder.1.cross_attn.q_proj.weight"."""
    parts = parameter.split(".")
    return ".".join(parts[:2]) if parts[0] in ("encoder", "decoder") else parts[0]


@dataclass(frozen=True, eq=False)
class GradientNorms:
    """The length of the gradient and of the weights, one number a parameter tensor."""

    parameters: tuple[str, ...]
    gradient: Float[np.ndarray, " P"]  # 0 where there is none
    weight: Float[np.ndarray, " P"]

    @property
    def total(self) -> float:
        """The length of the whole gradient: what clipping looks at."""
        return float(np.sqrt((self.gradient.astype(np.float64) ** 2).sum()))

    def by_layer(self) -> dict[str, float]:
        """The length of each layer's part, in the order of the model."""
        squares: dict[str, float] = {}
        for name, norm in zip(self.parameters, self.gradient.tolist(), strict=True):
            squares[layer_of(name)] = squares.get(layer_of(name), 0.0) + norm**2
        return {layer: square**0.5 for layer, square in squares.items()}


def gradient_norms(model: nn.Module) -> GradientNorms:
    """Norms of the gradients that `backward` left, of every trained parameter."""
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    return GradientNorms(
        parameters=tuple(name for name, _ in trained),
        gradient=_norms([p.grad if p.grad is not None else torch.zeros(1) for _, p in trained]),
        weight=_norms([p.detach() for _, p in trained]),
    )


def _norms(tensors: Sequence[Tensor]) -> Float[np.ndarray, " P"]:
    return np.array([float(tensor.detach().float().norm()) for tensor in tensors], dtype=np.float32)


@dataclass(frozen=True)
class GradientCheck:
    """One weight's derivative of the loss, by backpropagation and by moving the weight a little both ways.

    Both in float64 and without dropout, which would change the loss from one call to the next.
    """

    parameter: str
    index: tuple[int, ...]
    value: float  # of the weight
    gradient: float  # d loss / d weight by backpropagation
    loss_above: float  # nats a token, with the weight `step` larger
    loss_below: float
    step: float = STEP

    @property
    def difference(self) -> float:
        """(loss above − loss below) / (2 · step)."""
        return (self.loss_above - self.loss_below) / (2 * self.step)


def check_gradient(
    model: Transformer,
    batch: Batch,
    parameter: str,
    index: Sequence[int] | None = None,
    *,
    masks: MaskPlan | None = None,
    label_smoothing: float = 0.0,
    l1: float = 0.0,
) -> GradientCheck:
    """Compare both ways for one weight; `index` None: the one of that tensor with the largest gradient.

    The model is left as it was. Raises ValueError for a parameter or a place that it does not have.
    """
    exact = copy.deepcopy(model).cpu().double().eval()
    batch = batch.to("cpu")
    named = dict(exact.named_parameters())
    if parameter not in named:
        raise ValueError(f"parameter is {parameter!r}; this model has {', '.join(named)}")
    tensor = named[parameter]

    def objective() -> Tensor:
        assert batch.targets is not None, "a training batch has targets"
        logits = predict(exact, batch, masks)
        loss = cross_entropy(logits, batch.targets, pad_id=exact.config.pad_id, label_smoothing=label_smoothing)
        penalty = torch.stack([p.abs().sum() for p in decaying(exact)]).sum() if l1 else 0.0
        return loss.objective + l1 * penalty

    with torch.enable_grad():
        tensor.requires_grad_(True)
        gradient = torch.autograd.grad(objective(), tensor)[0]
    place = tuple(index) if index is not None else _largest(gradient)
    if len(place) != tensor.dim() or not all(0 <= i < n for i, n in zip(place, tensor.shape, strict=True)):
        raise ValueError(f"index is {place}; {parameter} has the shape {tuple(tensor.shape)}")
    value = float(tensor.detach()[place])
    above, below = (_with(tensor, place, value + side * STEP, objective) for side in (1, -1))
    return GradientCheck(parameter, place, value, float(gradient[place]), above, below)


def _largest(gradient: Tensor) -> tuple[int, ...]:
    place = np.unravel_index(int(gradient.abs().argmax()), tuple(gradient.shape))
    return tuple(int(i) for i in place)


def _with(tensor: Tensor, place: tuple[int, ...], value: float, objective: Callable[[], Tensor]) -> float:
    with torch.no_grad():
        tensor[place] = value
        return float(objective())
