"""The loss: torch's cross-entropy, nats, padding never scored, label smoothing, gradients that are true."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from attnviz.data import PAD, tasks
from attnviz.training import cross_entropy, make_model, model_config_for, predict
from attnviz.training.objective import likeliest


def logits_and_targets(batch: int, length: int, vocab: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(batch, length, vocab, generator=generator, dtype=torch.float64)
    targets = torch.randint(0, vocab, (batch, length), generator=generator)
    targets[0, 0] = vocab - 1  # at least one token is scored
    return logits, targets


@given(st.integers(1, 5), st.integers(1, 7), st.integers(2, 13), st.floats(0, 0.9), st.integers(0, 10**6))
def test_is_torchs_cross_entropy(batch: int, length: int, vocab: int, smoothing: float, seed: int) -> None:
    logits, targets = logits_and_targets(batch, length, vocab, seed)
    ours = cross_entropy(logits, targets, label_smoothing=smoothing)
    flat = (logits.flatten(0, 1), targets.flatten())
    smoothed = functional.cross_entropy(*flat, ignore_index=PAD, label_smoothing=smoothing)
    plain = functional.cross_entropy(*flat, ignore_index=PAD)
    torch.testing.assert_close(ours.objective, smoothed)
    torch.testing.assert_close(ours.nats, plain)
    assert ours.tokens == int((targets != PAD).sum())


@given(st.integers(1, 5), st.integers(1, 7), st.integers(2, 13), st.floats(0, 0.9), st.integers(0, 10**6))
def test_its_slope_is_autograds(batch: int, length: int, vocab: int, smoothing: float, seed: int) -> None:
    logits, targets = logits_and_targets(batch, length, vocab, seed)
    alone = cross_entropy(logits, targets, label_smoothing=smoothing, with_slope=True)
    taped = cross_entropy(logits.requires_grad_(), targets, label_smoothing=smoothing)
    taped.objective.backward()
    assert alone.slope is not None
    assert logits.grad is not None
    assert torch.equal(alone.slope, logits.grad.flatten(0, 1))
    assert (alone.objective, alone.nats, alone.tokens, alone.correct) == (
        taped.objective,
        taped.nats,
        taped.tokens,
        taped.correct,
    )


@given(st.integers(2, 11), st.integers(0, 10**6))
def test_padding_is_never_scored(length: int, seed: int) -> None:
    logits, targets = logits_and_targets(3, length, 7, seed)
    elsewhere = logits.clone()
    elsewhere[targets == PAD] = 1e6
    first = cross_entropy(logits.requires_grad_(), targets, label_smoothing=0.1)
    assert first.nats == cross_entropy(elsewhere, targets).nats
    first.objective.backward()
    assert logits.grad is not None
    assert (logits.grad[targets == PAD] == 0).all()


def test_nothing_to_score_is_refused() -> None:
    with pytest.raises(ValueError, match="all padding"):
        cross_entropy(torch.zeros(2, 3, 5), torch.zeros(2, 3, dtype=torch.long))


def test_knowing_nothing_costs_the_log_of_the_vocabulary() -> None:
    loss = cross_entropy(torch.zeros(2, 3, 11), torch.full((2, 3), 4))
    assert loss.nats.item() == pytest.approx(math.log(11))


def test_correct_counts_the_tokens_with_the_highest_logit() -> None:
    targets = torch.tensor([[3, 4, 1, PAD]])
    logits = functional.one_hot(torch.tensor([[3, 2, 1, PAD]]), 5).double()
    assert cross_entropy(logits, targets).correct == 2


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("name", ["pinyin", "reverse"])
def test_gradients_are_finite_differences(name: str, smoothing: float) -> None:
    task = tasks.get("reverse", size=100, symbols=5)
    config = model_config_for(
        task, d_model=12, n_heads=3, d_ff=7, dropout=0.0, n_encoder_layers=0 if name == "pinyin" else 1
    )
    model = make_model(config, seed=3).double()
    batch = task.collate(task.split("train")[:5])
    assert batch.targets is not None

    def objective() -> torch.Tensor:
        return cross_entropy(predict(model, batch), batch.targets, label_smoothing=smoothing).objective

    objective().backward()
    generator = torch.Generator().manual_seed(7)
    step = 1e-6
    for parameter in model.parameters():
        assert parameter.grad is not None
        # Along a random direction, so that one pair of losses tests the whole gradient of a parameter.
        direction = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        with torch.no_grad():
            parameter += step * direction
            above = objective()
            parameter -= 2 * step * direction
            below = objective()
            parameter += step * direction
        expected = ((above - below) / (2 * step)).item()
        assert (parameter.grad * direction).sum().item() == pytest.approx(expected, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_hand_written_gradient_is_torchs(smoothing: float) -> None:
    generator = torch.Generator().manual_seed(5)
    targets = torch.randint(0, 7, (3, 5), generator=generator)
    values = torch.randn(3, 5, 7, generator=generator, dtype=torch.float64)
    found, expected = (values.clone().requires_grad_() for _ in range(2))
    (2 * cross_entropy(found, targets, label_smoothing=smoothing).objective).backward()
    whole = functional.cross_entropy(
        expected.flatten(0, 1), targets.flatten(), ignore_index=0, label_smoothing=smoothing
    )
    (2 * whole).backward()
    torch.testing.assert_close(found.grad, expected.grad)


def test_the_likeliest_is_the_first_of_equal_ones() -> None:
    scores = torch.tensor([[1.0, 3.0, 3.0], [0.0, 0.0, 0.0], [-1.0, -math.inf, 5.0]])
    assert likeliest(scores).tolist() == [1, 0, 2]
    assert torch.equal(likeliest(scores.bfloat16()), likeliest(scores))
