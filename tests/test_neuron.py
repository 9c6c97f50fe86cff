"""One neuron: its functions and gradients are torch's, its steps go downhill, and fitting initialisers keep signals."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from attnviz.training.neuron import ACTIVATIONS, Neuron, activate, activation_spread_by_layer, derivative, spreads

TORCH = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "gelu": torch.nn.functional.gelu}
NUMBERS = arrays(np.float64, st.integers(1, 7), elements=st.floats(-700, 700))


@pytest.mark.parametrize("name", ACTIVATIONS)
@given(z=NUMBERS)
def test_functions_and_derivatives_are_torchs(name: str, z: np.ndarray) -> None:
    x = torch.tensor(z, requires_grad=True)
    y = TORCH[name](x)
    y.sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose(activate(name, z), y.detach().numpy(), atol=1e-12)  # type: ignore[arg-type]
    np.testing.assert_allclose(derivative(name, z), x.grad.numpy(), atol=1e-12)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_step_by_hand_is_a_step_of_sgd(name: str) -> None:
    generator = np.random.default_rng(3)
    x, y = generator.normal(size=(7, 3)), generator.normal(size=7)
    neuron = Neuron(activation=name, w=(0.3, -0.2, 0.5), b=0.1, rate=0.05)  # type: ignore[arg-type]
    w = torch.tensor(neuron.w, dtype=torch.float64, requires_grad=True)
    b = torch.tensor(neuron.b, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([w, b], lr=neuron.rate)
    for record in neuron.steps(x, y, 5):
        loss = ((TORCH[name](torch.tensor(x) @ w + b) - torch.tensor(y)) ** 2).mean() / 2
        optimizer.zero_grad()
        loss.backward()
        assert w.grad is not None
        assert b.grad is not None
        assert record.loss == pytest.approx(loss.item())
        np.testing.assert_allclose(record.w, w.detach().numpy())
        np.testing.assert_allclose(record.gradient_w, w.grad.numpy())
        assert record.gradient_b == pytest.approx(b.grad.item())
        optimizer.step()


def test_a_neuron_learns_or_but_not_exclusive_or() -> None:
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
    neuron = Neuron(w=(0.1, -0.1), rate=5.0)

    def after(y: list[float]) -> np.ndarray:
        *_, last = islice(neuron.steps(x, np.array(y, dtype=float)), 501)
        return last.a

    assert ((after([0, 1, 1, 1]) > 0.5) == [False, True, True, True]).all()
    assert np.abs(after([0, 1, 1, 0]) - 0.5).max() < 0.1


def test_what_is_no_neuron_is_refused() -> None:
    for wrong in ({"w": ()}, {"w": (float("nan"),)}, {"rate": 0.0}, {"b": float("inf")}):
        with pytest.raises(ValueError, match=next(iter(wrong)) if "b" not in wrong else "b is"):
            Neuron(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="shape"):
        next(Neuron().steps(np.zeros((3, 2)), np.zeros(3)))
    with pytest.raises(ValueError, match="layers"):
        activation_spread_by_layer("xavier", "tanh", layers=0)


def test_the_fitting_initialiser_keeps_a_signal_and_the_others_lose_it() -> None:
    def change(initialiser: str, activation: str) -> float:
        """Last layer's spread by the first's."""
        forward = activation_spread_by_layer(initialiser, activation, layers=11).forward  # type: ignore[arg-type]
        return forward[-1] / forward[0]

    assert 0.5 < change("he", "relu") < 2
    assert change("xavier", "relu") < 0.1
    assert change("normal", "relu") < 1e-3
    assert 0.3 < change("xavier", "tanh") < 1.1
    assert change("too-small", "tanh") < 1e-12
    assert activation_spread_by_layer("too-large", "tanh").forward[-1] > 0.9  # every unit at its end
    back = activation_spread_by_layer("xavier", "sigmoid", layers=11).backward
    assert back[0] < 1e-3 * back[-1]  # σ′ is at most ¼


def test_spreads_repeat_and_leave_the_process_as_it_was() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one = spreads(("xavier",), ("tanh", "relu"))
    assert torch.equal(torch.rand(3), expected)
    assert one == spreads(("xavier",), ("tanh", "relu"))
    assert [spread.activation for spread in one] == ["tanh", "relu"]
