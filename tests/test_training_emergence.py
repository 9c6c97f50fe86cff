"""Heads are named for what they do: made-up attention first, then shipped models; markers come once."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import attnviz
from attnviz.data import Batch, Task, tasks
from attnviz.model import Transformer
from attnviz.training import Emergence, HeadMarker, HeadProbe, HeadScore, make_model, model_config_for
from attnviz.training.emergence import PATTERNS


@pytest.fixture(scope="module")
def task() -> Task:
    return tasks.get("lm-zh", window=29)


@pytest.fixture(scope="module")
def model(task: Task) -> Transformer:
    config = model_config_for(
        task, d_model=20, n_heads=5, d_ff=17, n_decoder_layers=1, positions="sinusoidal", max_len=40
    )
    return make_model(config, 3)


def pointing(batch: Batch, period: int) -> SimpleNamespace:
    """Five heads: all on the token before, on the first, on the own, on the follower of the first reading, evenly."""
    read = batch.decoder_input
    assert read is not None
    length = read.size(1)
    mask = np.tri(length, dtype=bool)[None, None].repeat(read.size(0), 0).repeat(5, 1)
    weights = np.zeros(mask.shape, dtype=np.float32)
    query = np.arange(length)
    weights[:, 0, query, np.maximum(query - 1, 0)] = 1
    weights[:, 1, query, 0] = 1
    weights[:, 2, query, query] = 1
    weights[:, 3, query, np.maximum(query - period + 1, 0) if period else query * 0] = 1
    weights[:, 4] = mask[:, 4] / mask[:, 4].sum(-1, keepdims=True)
    return SimpleNamespace(weights=weights, mask=mask)


def test_each_pattern_has_its_name_and_no_preference_has_none(
    model: Transformer, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = HeadProbe(model, task)
    assert probe.repeated is not None
    twice = probe.repeated.decoder_input
    assert twice is not None
    first, second = twice[:, 1:].chunk(2, dim=1)
    assert torch.equal(first, second)
    assert all(len(set(row)) == probe.period for row in first.tolist())

    def watch(probe: HeadProbe, model: Transformer, batch: Batch) -> dict[str, SimpleNamespace]:
        return {"decoder.0.self_attn": pointing(batch, probe.period if batch is probe.repeated else 0)}

    monkeypatch.setattr(HeadProbe, "_watch", watch)
    scores = probe.score(model)
    plain = ("previous-token", "first-token", "diagonal")
    assert tuple(score.pattern for score in scores[:3]) == plain
    for place, name in enumerate(plain):
        assert scores[place].shares[name] == pytest.approx(1)
        assert all(scores[place].shares[other] < 0.2 for other in plain if other != name)
    assert scores[3].shares["induction"] == pytest.approx(1)
    assert scores[4].shares == pytest.approx(scores[4].chance, nan_ok=True)
    assert scores[4].pattern is None


def test_scoring_leaves_the_model_alone_and_repeats_itself(model: Transformer, task: Task) -> None:
    model.train()
    before = torch.get_rng_state()
    first, again = (HeadProbe(model, task, seed=7).score(model) for _ in range(2))
    assert str(first) == str(again)
    assert model.training
    assert torch.equal(torch.get_rng_state(), before)
    assert len(first) == 5
    for score in first:
        assert set(score.shares) == set(PATTERNS)
        assert all(np.isnan(share) or 0 <= share <= 1 for share in score.shares.values())


@pytest.mark.parametrize(
    ("objective", "sites"), [(None, 3), ("masked-lm", 2), ("denoising", 3), ("causal-lm", 1)], ids=str
)
def test_every_architecture_can_be_scored(objective: str | None, sites: int) -> None:
    task = tasks.get("reverse", size=200, symbols=9, min_length=5, max_length=9, objective=objective)
    shape = {"n_encoder_layers": 2 if objective == "masked-lm" else 1, "n_decoder_layers": 1}
    if objective in ("causal-lm", "masked-lm"):
        shape.pop("n_encoder_layers" if objective == "causal-lm" else "n_decoder_layers")
    model = make_model(model_config_for(task, d_model=12, n_heads=3, **shape), 1)
    scores = HeadProbe(model, task).score(model)
    assert len(scores) == 3 * sites
    told = {score.site for score in scores if not np.isnan(score.shares["induction"])}
    assert told == {
        site for site in model.sites if site.startswith("encoder" if objective == "masked-lm" else "decoder")
    } - {"decoder.0.cross_attn"}


def test_heads_of_shipped_models_are_what_they_are_known_for() -> None:
    model, task = attnviz.load("pinyin")
    found = {(score.site, score.head): score.pattern for score in HeadProbe(model, task).score(model)}
    assert all(found["decoder.0.cross_attn", head] == "diagonal" for head in range(4))
    model, task = attnviz.load("reverse")
    patterns = [score.pattern for score in HeadProbe(model, task).score(model) if "cross" in score.site]
    assert "aligned" in patterns  # along the other diagonal
    assert "diagonal" not in patterns


def scored(share: float, pattern: str = "previous-token", chance: float = 0.1) -> HeadScore:
    shares = {name: share if name == pattern else 0.0 for name in PATTERNS}
    return HeadScore("decoder.0.self_attn", 2, shares, dict.fromkeys(PATTERNS, chance))


def test_a_marker_comes_when_a_head_becomes_something_and_when_it_ceases() -> None:
    heads = Emergence()
    assert heads.update(1, [scored(0.49)]) == ()
    (marker,) = heads.update(2, [scored(0.6)])
    assert marker == HeadMarker(2, "decoder.0.self_attn", 2, "previous-token", 0.6)
    assert heads.update(3, [scored(0.4)]) == ()  # still more than CEASES: no flicker
    (gone,) = heads.update(4, [scored(0.3)])
    assert (gone.kind, gone.became) == ("previous-token", False)
    became, other = heads.update(5, [scored(0.7)])[0], heads.update(6, [scored(0.8, "diagonal")])
    assert became.became
    assert [(one.kind, one.became) for one in other] == [("previous-token", False), ("diagonal", True)]


def test_what_chance_would_give_is_no_pattern() -> None:
    assert scored(0.55, chance=0.3).pattern is None
    assert scored(0.65, chance=0.3).pattern == "previous-token"


def test_a_run_that_goes_on_does_not_say_it_twice() -> None:
    first = Emergence()
    markers = first.update(2, [scored(0.6)])
    resumed = Emergence(HeadMarker(**marker.to_dict()) for marker in markers)
    assert resumed.now == first.now
    assert resumed.update(3, [scored(0.7)]) == ()
    assert resumed.update(4, [replace(scored(0.7), head=1)])[0].head == 1
