"""The page Neuron: its numbers are the library's, a click is a step, and what it claims can be counted again."""

from __future__ import annotations

import json
import re
from itertools import islice

import numpy as np
import pytest
import torch
from app_driver import address, all_notices, html, opened, ran
from streamlit.testing.v1 import AppTest

from attnviz import experiments
from attnviz.experiments.recording import recorded
from attnviz.language import LANGUAGES
from attnviz.training.neuron import ACTIVATIONS, INPUTS, TARGETS, Neuron, activation_spread_by_layer
from attnviz.ui.neuron import activations, layers, link, one
from attnviz.ui.text import words


def claim(at: AppTest) -> str:
    return re.findall(r'class="av-claim"[^>]*>([^<]+)<', html(at))[0].replace("&#x27;", "'")


def press(at: AppTest, key: str) -> AppTest:
    return ran(next(button for button in at.button if str(button.key).startswith(key)).click().run())


def loss_after(steps: int, *, activation: str = "sigmoid", data: str = "or", rate: float = 0.5) -> float:
    """By autograd: the loss of the neuron that the page trains."""
    functions = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "gelu": torch.nn.functional.gelu}
    w = torch.tensor(one.START.w, dtype=torch.float64, requires_grad=True)
    b = torch.tensor(one.START.b, dtype=torch.float64, requires_grad=True)
    x, y = torch.tensor(INPUTS, dtype=torch.float64), torch.tensor(TARGETS[data], dtype=torch.float64)
    optimizer = torch.optim.SGD([w, b], lr=rate)
    for step in range(steps + 1):
        loss = ((functions[activation](x @ w + b) - y) ** 2).mean() / 2
        if step < steps:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return loss.item()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_click_is_a_step_and_the_claim_foretells_it(language: str) -> None:
    at = opened("neuron", lang=language)
    for step in range(3):
        assert f"{loss_after(step):.4f}" in claim(at)
        assert f"{loss_after(step + 1):.4f}" in claim(at)
        assert f'data-step="{step}"' in html(at)
        assert f"{loss_after(step):.4f}" in re.findall(r'class="nn-loss">([^<]+)<', html(at))[0]
        press(at, "claim-trial" if step % 2 else "neuron-go-1")
    press(at, "neuron-go-10")
    assert address(at)["step"] == "13"
    press(at, "neuron-restart")
    assert address(at)["step"] is None
    assert f"{loss_after(0):.4f}" in claim(at)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("data", TARGETS)
def test_a_link_opens_the_neuron_after_so_many_steps(activation: str, data: str) -> None:
    at = opened("neuron", lang="en", activation=activation, data=data, rate="1", step="7")
    assert f"{loss_after(7, activation=activation, data=data, rate=1.0):.4f}" in claim(at)
    kept = {name: value for name, value in address(at).items() if value is not None}
    wanted = {"activation": activation, "data": data, "rate": "1", "step": "7", "lang": "en"}
    defaults = {"activation": "sigmoid", "data": "or"}
    assert kept == {name: value for name, value in wanted.items() if defaults.get(name) != value}


def test_every_number_of_a_step_is_on_screen() -> None:
    at = opened("neuron", lang="en", data="and", rate="5", step="4")
    neuron = Neuron(w=one.START.w, b=one.START.b, rate=5.0)
    *_, now, after = islice(neuron.steps(np.array(INPUTS), np.array(TARGETS["and"])), 6)
    said = html(at).replace("−", "-")
    for value in (*now.w, now.b, *now.z, *now.a, *now.slope, *now.gradient_w, now.gradient_b, *after.w, after.b):
        assert f"{value:.4f}" in said


def test_too_large_a_rate_is_said_to_be_too_large_and_steps_end_somewhere() -> None:
    at = opened("neuron", lang="en", activation="relu", rate="20")
    assert "too large" in claim(at)
    at = opened("neuron", lang="en", activation="gelu", rate="20", step=str(link.MOST_STEPS))
    assert not at.exception
    assert all(button.disabled for button in at.button if str(button.key).startswith("neuron-go"))
    assert str(link.MOST_STEPS) in all_notices(at)


def test_other_data_begin_anew() -> None:
    at = opened("neuron", lang="en", step="9")
    next(group for group in at.get("button_group") if str(group.key).startswith("neuron-data")).set_value("xor").run()
    assert f"{loss_after(0, data='xor'):.4f}" in claim(ran(at))


def test_activations_are_drawn_with_their_derivatives_and_slopes_are_what_is_claimed() -> None:
    at = opened("neuron", lang="en", view="activations", z="-1.5")
    assert 'data-z="-1.5"' in html(at)
    z = torch.tensor(-1.5, dtype=torch.float64, requires_grad=True)
    torch.nn.functional.gelu(z).backward()
    assert f"{z.grad.item():.4f}" in html(at)  # type: ignore[union-attr]
    drawn = [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]
    assert [[trace["name"] for trace in one["data"]] for one in drawn] == [["f", "f′"]] * 4
    assert activations.largest_slope("sigmoid") == pytest.approx(0.25)
    assert "0.25" in claim(at)
    assert "1.5e−05" in claim(at)
    press(at, "claim-trial")
    assert address(at)["view"] == "layers"
    assert "sigmoid" in claim(at)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_what_is_claimed_of_layers_is_what_they_do(activation: str) -> None:
    at = opened("neuron", lang="zh", view="layers", activation=activation)
    best = layers.flattest(layers.measured(activation))  # type: ignore[arg-type]
    again = activation_spread_by_layer(best.initialiser, activation, seed=layers.SEED)  # type: ignore[arg-type]
    assert f"{again.forward[-1] / again.forward[0]:.3f}" in claim(at)
    assert html(at).count("<tr><th>") >= 6
    press(at, "claim-trial")
    assert not claim(at).lower().startswith(activation)


def test_the_fitting_initialiser_is_found() -> None:
    assert layers.flattest(layers.measured("relu")).initialiser == "he"
    assert layers.flattest(layers.measured("tanh")).initialiser in ("xavier", "he")


def test_heads_and_their_cost_are_the_recorded_ones_and_can_be_timed_here() -> None:
    means = recorded(experiments.load().get("E11")).means
    at = opened("neuron", lang="en", view="heads")
    assert f"{means['exact.64']:.1%}" in claim(at)
    for heads in (1, 2, 4, 8, 16, 32, 64):
        assert f"<b>{means[f'exact.{heads}']:.1%}</b>" in html(at)
    assert html(at).count("<td>64</td>") == 1  # head_dim of one head
    press(at, "claim-trial")
    assert words("neuron", "en")("column_here") in html(at)


@pytest.mark.parametrize(("name", "value"), [("view", "<b>"), ("step", "-3"), ("rate", "0"), ("activation", "sine")])
def test_what_a_link_cannot_mean_is_said_and_ignored(name: str, value: str) -> None:
    at = opened("neuron", lang="en", **{name: value})
    assert name in all_notices(at)
    assert "<b>" not in all_notices(at)
    assert f"{loss_after(0):.4f}" in claim(at)
