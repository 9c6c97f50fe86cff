"""From logits to a token: what each filter keeps, and that draws follow the probabilities."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attnviz.decoding import Choice, chances, entropy, keep_top_k, keep_top_p, penalise_repetition, pick

V = 13


def logits_of(seed: int, rows: int = 3) -> torch.Tensor:
    return 3 * torch.randn(rows, V, generator=torch.Generator().manual_seed(seed), dtype=torch.double)


NOTHING = torch.empty((3, 0), dtype=torch.long)


@given(seed=st.integers(0, 10_000), p=st.floats(0.01, 1))
def test_top_p_keeps_the_smallest_set_that_reaches_p(seed: int, p: float) -> None:
    logits = logits_of(seed)
    kept = keep_top_p(logits, p)
    for row, probabilities in zip(kept, logits.softmax(-1), strict=True):
        inside = torch.isfinite(row)
        assert float(probabilities[inside].sum()) >= p - 1e-9
        assert float(probabilities[inside].sum() - probabilities[inside].min()) < p  # without its least, too small
        assert not (~inside).any() or probabilities[inside].min() >= probabilities[~inside].max()


@given(seed=st.integers(0, 10_000), k=st.integers(1, V + 3))
def test_top_k_keeps_the_k_largest_and_leaves_them_alone(seed: int, k: int) -> None:
    logits = logits_of(seed)
    kept = keep_top_k(logits, k)
    inside = torch.isfinite(kept)
    assert inside.sum(-1).tolist() == [min(k, V)] * 3
    assert torch.equal(kept[inside], logits[inside])
    assert torch.equal(kept[inside].view(3, -1).sort().values, logits.topk(min(k, V)).values.sort().values)


def test_of_equal_logits_top_k_keeps_exactly_k() -> None:
    assert torch.isfinite(keep_top_k(torch.zeros(1, V), 2)).nonzero()[:, 1].tolist() == [0, 1]


@given(seed=st.integers(0, 10_000), temperature=st.floats(0.1, 10), k=st.integers(1, V), p=st.floats(0.05, 1))
def test_neutral_settings_change_nothing_and_one_kept_is_greedy(
    seed: int, temperature: float, k: int, p: float
) -> None:
    logits = logits_of(seed)
    torch.testing.assert_close(chances(logits, NOTHING, Choice(method="sample")), logits.softmax(-1))
    history = torch.randint(0, V, (3, 5), generator=torch.Generator().manual_seed(seed))
    assert torch.equal(penalise_repetition(logits, history, 1.0), logits)
    greedy = chances(logits, NOTHING, Choice())
    assert torch.equal(greedy.argmax(-1), logits.argmax(-1))
    assert greedy.max(-1).values.tolist() == [1.0] * 3
    assert torch.equal(chances(logits, NOTHING, Choice(method="sample", top_k=1, temperature=temperature)), greedy)
    every = chances(logits, history, Choice(method="sample", temperature=temperature, top_k=k, top_p=p))
    torch.testing.assert_close(every.sum(-1), torch.ones(3, dtype=torch.double))


@given(seed=st.integers(0, 10_000), temperature=st.floats(0.2, 5))
def test_temperature_scales_log_odds(seed: int, temperature: float) -> None:
    logits = logits_of(seed)
    logs = chances(logits, NOTHING, Choice(method="sample", temperature=temperature)).log()
    torch.testing.assert_close(logs[:, :1] - logs, (logits[:, :1] - logits) / temperature)
    assert (temperature < 1) == (
        entropy(logs[0].exp().numpy()) < entropy(logits.softmax(-1)[0].numpy())
    ) or temperature == 1


@given(seed=st.integers(0, 10_000), penalty=st.floats(1.01, 3))
def test_a_repetition_penalty_lowers_what_was_there_and_nothing_else(seed: int, penalty: float) -> None:
    logits = logits_of(seed)
    history = torch.randint(0, V, (3, 5), generator=torch.Generator().manual_seed(seed))
    penalised = penalise_repetition(logits, history, penalty)
    for row in range(3):
        for token in range(V):
            before, after = float(logits[row, token]), float(penalised[row, token])
            if token in history[row]:
                assert after == pytest.approx(before / penalty if before > 0 else before * penalty)
                assert after < before
            else:
                assert after == before


def test_draws_follow_the_probabilities() -> None:
    probabilities = chances(logits_of(3, 1), NOTHING[:1], Choice(method="sample", temperature=2.0, top_p=0.9))[0]
    draws, n = random.Random(7), 7919
    counts = np.bincount([pick(probabilities, draws.random()) for _ in range(n)], minlength=V)
    expected = probabilities.numpy() * n
    assert (counts[expected == 0] == 0).all()
    likely = expected > 5
    chi_square = float(((counts - expected)[likely] ** 2 / expected[likely]).sum())
    freedom = int(likely.sum()) - 1
    assert freedom >= 3
    assert chi_square < freedom + 5 * math.sqrt(2 * freedom)  # five standard deviations above its mean


@given(seed=st.integers(0, 1000), draw=st.floats(0, 1, exclude_max=True))
def test_a_draw_falls_on_the_token_that_covers_it(seed: int, draw: float) -> None:
    probabilities = logits_of(seed, 1).softmax(-1)[0]
    probabilities[2] = 0
    token = pick(probabilities, draw)
    likelier = float(probabilities[probabilities > probabilities[token]].sum()) / float(probabilities.sum())
    assert probabilities[token] > 0
    assert likelier <= draw + 1e-9
    assert draw <= likelier + float(probabilities[token] / probabilities.sum()) + 1e-9


def test_entropy_is_in_nats_and_bears_zeros() -> None:
    assert entropy(np.full(V, 1 / V)) == pytest.approx(math.log(V))
    assert entropy(np.array([0.0, 1.0, 0.0])) == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", 0.0),
        ("temperature", math.nan),
        ("top_k", 0),
        ("top_p", 0.0),
        ("top_p", 1.5),
        ("repetition_penalty", -1.0),
        ("seed", -1),
    ],
)
def test_a_setting_out_of_range_is_named(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field):
        Choice(**{field: value})  # type: ignore[arg-type]
