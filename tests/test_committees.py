"""Bagging and boosting: draws by weight, votes and weights as SAMME has them, and members that have nothing wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.config import FineTuneConfig, TrainConfig
from attnviz.data import Task, tasks
from attnviz.data.derived import derive
from attnviz.data.tasks.labels import LabelTask
from attnviz.training.finetuning import committees
from attnviz.training.finetuning.committees import committee, resampled, reweighted, together, vote_of
from attnviz.training.finetuning.ensemble import Member
from attnviz.training.finetuning.prepare import prepare
from attnviz.training.finetuning.tuner import FineTuner
from attnviz.training.start import from_checkpoint


@pytest.fixture(scope="module")
def task() -> LabelTask:
    whole = tasks.get("sentiment-zh")
    found = derive(whole, splits={name: list(whole.split(name)[:23]) for name in ("train", "validation", "test")})
    assert isinstance(found, LabelTask)
    return found


def quick(drawn: Task, seed: int) -> Member:
    """A member after two steps."""
    prepared = prepare(from_checkpoint("pinyin-2enc"), drawn, FineTuneConfig(strategy="full"), seed=seed)
    tuner = FineTuner(prepared, TrainConfig(steps=2, batch_size=7, warmup_steps=1, eval_every=0, seed=seed))
    list(tuner.run())
    return Member(tuner.merged_model(), tuner.task)


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=13), st.integers(2, 7), st.data())
def test_right_and_wrong_weigh_alike_after_a_boosting_step_of_two_labels(
    given_weights: list[float], labels: int, data: st.DataObject
) -> None:
    weights = np.array(given_weights) / sum(given_weights)
    wrong = np.array(data.draw(st.lists(st.booleans(), min_size=len(weights), max_size=len(weights))))
    error = float(weights[wrong].sum())
    if not 0.001 < error < 0.999:
        return
    after = reweighted(weights, wrong, vote_of(error, labels))
    assert after.sum() == pytest.approx(1)
    # With K labels, wrong examples weigh (K − 1) times as much as right ones: a guess among K is then no better.
    assert after[wrong].sum() == pytest.approx((labels - 1) / labels)
    assert np.ptp(after[wrong] / weights[wrong]) == pytest.approx(0, abs=1e-9)


def test_a_vote_is_worth_something_where_it_beats_chance() -> None:
    assert vote_of(0.5, 2) == pytest.approx(0)
    assert vote_of(1 - 1 / 8, 8) == pytest.approx(0)
    assert vote_of(0.1, 2) == pytest.approx(math.log(9))
    assert vote_of(0.0, 2) > vote_of(0.01, 2) > 0 > vote_of(0.6, 2)


def test_draws_follow_the_weights_and_repeat(task: LabelTask) -> None:
    pairs = task.split("train")
    weights = np.zeros(len(pairs))
    weights[3] = weights[5] = 0.5
    drawn = resampled(pairs, weights, 7)
    assert len(drawn) == len(pairs)
    assert {id(pair) for pair in drawn} == {id(pairs[3]), id(pairs[5])}
    assert drawn == resampled(pairs, weights, 7)
    even = np.full(len(pairs), 1 / len(pairs))
    assert len({id(pair) for pair in resampled(pairs, even, 1)}) < len(pairs)


def test_bagging_counts_all_alike_and_one_member_is_that_member(task: LabelTask) -> None:
    joined = list(committee(quick, task, way="bagging", members=3, seed=2))
    assert [one.vote for one in joined] == [1.0] * 3
    pairs = task.split("test")
    said = [committees.called(one.member, pairs) for one in joined]
    assert np.array_equal(together(joined[:1], pairs, 2), said[0])
    most = (np.array(said).sum(axis=0) >= 2).astype(int)
    assert np.array_equal(together(joined, pairs, 2), most)


def test_boosting_ends_with_a_member_that_has_nothing_wrong(task: LabelTask, monkeypatch: pytest.MonkeyPatch) -> None:
    member = quick(task, 1)
    truth = np.array([task.labels.index(pair.target[0]) for pair in task.split("train")])
    answers = iter([np.where(np.arange(len(truth)) < 4, 1 - truth, truth), truth, truth])
    monkeypatch.setattr(committees, "called", lambda member, pairs: next(answers))
    joined = list(committee(lambda drawn, seed: member, task, way="boosting", members=5))
    assert len(joined) == 2
    assert joined[0].error == pytest.approx(4 / len(truth))
    assert joined[1].vote > joined[0].vote > 0


def test_only_texts_with_one_label_can_be_boosted() -> None:
    with pytest.raises(ValueError, match="one label a text"):
        next(committee(quick, tasks.get("segmentation"), way="boosting", members=2))  # type: ignore[arg-type]
