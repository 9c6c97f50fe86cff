"""A laboratory of one neuron: its activation and derivative, its training by hand, and signals through many layers.

    z = w·x + b        a = f(z)        loss = ½ mean (a − y)²
    ∂loss/∂w = mean (a − y) · f′(z) · x        ∂loss/∂b = mean (a − y) · f′(z)        w ← w − rate · ∂loss/∂w

Everything is written out in NumPy, so that each number can be shown; tests hold it against torch's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from jaxtyping import Float

from attnviz.config import Initialiser
from attnviz.training.initialiser import initialise

Activation = Literal["sigmoid", "tanh", "relu", "gelu"]
ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)
Array = np.ndarray


def _sigmoid(z: Array) -> Array:
    # The exponent is never positive, so nothing overflows.
    e = np.exp(-np.abs(z))
    share: Array = np.where(z >= 0, 1 / (1 + e), e / (1 + e))
    return share


def _erf(z: Array) -> Array:
    found: Array = np.vectorize(math.erf, otypes=[np.float64])(z)
    return found


def _gelu(z: Array) -> Array:
    found: Array = z * _normal_share(z)
    return found


def _gelu_derivative(z: Array) -> Array:
    found: Array = _normal_share(z) + z * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return found


def _normal_share(z: Array) -> Array:
    """Φ(z): the share of a normal distribution below z."""
    share: Array = (1 + _erf(z / math.sqrt(2))) / 2
    return share


_FUNCTIONS: Mapping[Activation, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "sigmoid": (_sigmoid, lambda z: _sigmoid(z) * (1 - _sigmoid(z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": (lambda z: np.maximum(z, 0.0), lambda z: (z > 0).astype(np.float64)),  # torch, too, says 0 at 0
    "gelu": (_gelu, _gelu_derivative),  # Hendrycks & Gimpel 2016, the exact form
}


def activate(name: Activation, z: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """f(z)."""
    return _FUNCTIONS[_known(name)][0](np.asarray(z, dtype=np.float64))


def derivative(name: Activation, z: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """f′(z)."""
    return _FUNCTIONS[_known(name)][1](np.asarray(z, dtype=np.float64))


def _known(name: Activation) -> Activation:
    if name not in ACTIVATIONS:
        raise ValueError(f"activation is {name!r}; allowed: {', '.join(ACTIVATIONS)}")
    return name


# Two inputs and what a neuron is to say: the first two a straight line divides, the third none (Minsky & Papert 1969).
INPUTS: tuple[tuple[float, float], ...] = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
TARGETS: Mapping[str, tuple[float, ...]] = {
    "or": (0.0, 1.0, 1.0, 1.0),
    "and": (0.0, 0.0, 0.0, 1.0),
    "xor": (0.0, 1.0, 1.0, 0.0),
}


@dataclass(frozen=True, eq=False)
class NeuronStep:
    """One step with every number of it; the weights are those before the step."""

    step: int  # 0 …
    w: Float[np.ndarray, " D"]
    b: float
    z: Float[np.ndarray, " N"]
    a: Float[np.ndarray, " N"]
    loss: float
    slope: Float[np.ndarray, " N"]  # f′(z)
    gradient_w: Float[np.ndarray, " D"]
    gradient_b: float


@dataclass(frozen=True, kw_only=True)
class Neuron:
    """Where a neuron starts and how it learns."""

    activation: Activation = "sigmoid"
    w: tuple[float, ...] = (0.0,)
    b: float = 0.0
    rate: float = 0.5

    def __post_init__(self) -> None:
        _known(self.activation)
        if not self.w or not all(map(math.isfinite, (*self.w, self.b))):
            raise ValueError(f"w is {self.w!r} and b is {self.b!r}; numbers are needed, at least one weight")
        if not 0 < self.rate < math.inf:
            raise ValueError(f"rate is {self.rate!r}; it must be above 0")

    def steps(
        self, x: Float[np.ndarray, "N D"], y: Float[np.ndarray, " N"], count: int | None = None
    ) -> Iterator[NeuronStep]:
        """Train on N examples, a step a record; the record of step 0 holds what is computed before any change.

        `count` None: without end.
        """
        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if x.ndim != 2 or x.shape != (len(y), len(self.w)):
            raise ValueError(f"x has shape {x.shape}; {len(y)} targets and {len(self.w)} weights need another")
        w, b, step = np.array(self.w, dtype=np.float64), float(self.b), 0
        while count is None or step < count:
            z = x @ w + b
            a, slope = activate(self.activation, z), derivative(self.activation, z)
            error = (a - y) * slope
            gradient_w, gradient_b = x.T @ error / len(y), float(error.mean())
            yield NeuronStep(step, w, b, z, a, float(((a - y) ** 2).mean() / 2), slope, gradient_w, gradient_b)
            w, b, step = w - self.rate * gradient_w, b - self.rate * gradient_b, step + 1


@dataclass(frozen=True)
class Spread:
    """A signal through a stack of equal layers: standard deviation of the activations, and of the gradients going
    back, a number a layer."""

    initialiser: Initialiser
    activation: Activation
    forward: tuple[float, ...]
    backward: tuple[float, ...]


def activation_spread_by_layer(
    initialiser: Initialiser,
    activation: Activation,
    *,
    layers: int = 8,
    width: int = 128,
    examples: int = 256,
    seed: int = 0,
) -> Spread:
    """Send normal noise through `layers` linear layers of `width`, each followed by the activation, and noise back.

    Flat for the initialiser that fits: Xavier for tanh (Glorot & Bengio 2010), He for ReLU (He et al. 2015).
    """
    _known(activation)
    for name, value in (("layers", layers), ("width", width), ("examples", examples)):
        if value < 1:
            raise ValueError(f"{name} is {value}; it must be at least 1")
    function = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "gelu": torch.nn.functional.gelu}
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        stack = torch.nn.Sequential(*(torch.nn.Linear(width, width) for _ in range(layers)))
        initialise(stack, initialiser)
    x = torch.randn(examples, width, generator=generator)
    kept = []
    for layer in stack:
        x = function[activation](layer(x))
        x.retain_grad()
        kept.append(x)
    x.backward(torch.randn(x.shape, generator=generator))
    gradients = [one.grad if one.grad is not None else torch.zeros(1) for one in kept]
    return Spread(
        initialiser,
        activation,
        tuple(float(one.detach().std()) for one in kept),
        tuple(float(one.std()) for one in gradients),
    )


def spreads(
    initialisers: Sequence[Initialiser] = get_args(Initialiser),
    activations: Sequence[Activation] = ACTIVATIONS,
    *,
    seed: int = 0,
) -> tuple[Spread, ...]:
    """Every initialiser with every activation."""
    return tuple(
        activation_spread_by_layer(initialiser, activation, seed=seed)
        for initialiser in initialisers
        for activation in activations
    )
