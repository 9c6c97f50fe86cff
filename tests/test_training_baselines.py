"""What counting achieves, against counting by hand."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import pytest

from attnviz.data import Task, tasks
from attnviz.training import baselines


@pytest.fixture(scope="module")
def task() -> Task:
    return tasks.get("lm-zh", window=13)


def test_unigram_is_counting_plus_one(task: Task) -> None:
    counts = Counter(token for pair in task.split("train") for token in pair.target)
    known = len(task.tgt_vocab) - 1  # everything but padding
    total = sum(counts.values()) + known
    scored = [token for pair in task.split("test") for token in pair.target]
    nats = [-math.log((counts[token] + 1) / total) for token in scored]
    assert baselines(task, "test")["unigram"] == pytest.approx(sum(nats) / len(nats))


def test_the_previous_token_helps_but_does_not_tell(task: Task) -> None:
    found = baselines(task, "test")
    assert 0 < found["bigram"] < found["unigram"] < math.log(len(task.tgt_vocab))


def test_a_text_that_its_previous_token_decides_costs_next_to_nothing() -> None:
    text = "\n\n".join(["abcdefgh" * 40] * 3)
    task = tasks.from_text(text, window=17)
    followers = {pair for example in task.split("train") for pair in pairwise(example.target)}
    found = baselines(task, "test")
    assert len(followers) < 12
    assert found["bigram"] < 0.5 < found["unigram"]
