"""Laws of the learning rate."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.config import TrainConfig
from attnviz.training import learning_rate

SCHEDULES = ("cosine", "linear", "constant")
configs = st.builds(
    TrainConfig,
    steps=st.integers(1, 500),
    warmup_steps=st.integers(0, 600),
    schedule=st.sampled_from(SCHEDULES),
    learning_rate=st.floats(1e-5, 1e-1),
    final_learning_rate_share=st.floats(0, 1),
)


@given(configs)
def test_rises_to_the_peak_then_never_rises_again(config: TrainConfig) -> None:
    rates = [learning_rate(config, step) for step in range(1, config.steps + 1)]
    peak = config.learning_rate
    assert all(0 <= rate <= peak * (1 + 1e-12) for rate in rates)
    top = min(config.warmup_steps, config.steps)
    assert all(a < b for a, b in itertools.pairwise(rates[:top]))
    if top:
        assert rates[top - 1] == pytest.approx(peak)
    assert all(a >= b - 1e-15 for a, b in itertools.pairwise(rates[top:]))


@given(configs)
def test_ends_at_the_share_promised(config: TrainConfig) -> None:
    if config.warmup_steps >= config.steps:
        return
    end = 1.0 if config.schedule == "constant" else config.final_learning_rate_share
    assert learning_rate(config, config.steps) == pytest.approx(end * config.learning_rate)
    assert learning_rate(config, config.steps + 17) == learning_rate(config, config.steps)


def test_warm_up_is_a_straight_line() -> None:
    config = TrainConfig(steps=100, warmup_steps=10, learning_rate=1.0)
    assert [learning_rate(config, step) for step in (1, 5, 10)] == pytest.approx([0.1, 0.5, 1.0])


def test_halfway_through_the_decay() -> None:
    common = {"steps": 30, "warmup_steps": 10, "learning_rate": 1.0, "final_learning_rate_share": 0.2}
    for schedule in ("cosine", "linear"):
        config = TrainConfig.from_dict({**common, "schedule": schedule})
        assert learning_rate(config, 20) == pytest.approx(0.6)
    quarter = TrainConfig.from_dict({**common, "schedule": "cosine"})
    assert learning_rate(quarter, 15) > 0.8  # the cosine starts gently, the line does not
