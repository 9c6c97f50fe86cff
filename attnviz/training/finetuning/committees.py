"""Two ways to make several models of one set of examples: bagging (Breiman 1996) and boosting (SAMME, Zhu et al. 2009).

Bagging draws as many examples as there are, with repetition, anew for every member, and all members count the same.
Boosting trains one member after the other, draws by weights that grow for examples that the last one had wrong, and
lets a member count the more the fewer it had wrong. Both take tasks with one label a text.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from attnviz.data import Pair, Task
from attnviz.data.derived import derive
from attnviz.data.tasks.labels import LabelTask
from attnviz.training.finetuning.ensemble import Member
from attnviz.training.finetuning.labels import label_probabilities

Way = Literal["bagging", "boosting"]
Train = Callable[[Task, int], Member]  # of a task with other training examples, and a seed


@dataclass(frozen=True, eq=False)
class Joined:
    """A member and how much its vote counts."""

    member: Member
    vote: float
    error: float  # share of the weight of the training examples that it has wrong
    distinct: int  # different examples that it was trained on


def committee(train: Train, task: LabelTask, *, way: Way, members: int, seed: int = 0) -> Iterator[Joined]:
    """Train the members, each with its vote. Boosting ends early with a member that has nothing wrong, which leaves no
    weights to move, or that guesses no better than chance."""
    if task.info.kind != "classification":
        raise ValueError(f"{task.info.name} is {task.info.kind}; one label a text is needed")
    pairs = task.split("train")
    truth = np.array([task.labels.index(pair.target[0]) for pair in pairs])
    weights = np.full(len(pairs), 1 / len(pairs))
    for number in range(members):
        drawn = resampled(pairs, weights, seed * members + number)
        member = train(derive(task, splits={"train": drawn}), seed * members + number)
        wrong = called(member, pairs) != truth
        error = float(weights[wrong].sum())
        vote = 1.0 if way == "bagging" else vote_of(error, len(task.labels))
        if way == "boosting" and vote <= 0 and number:
            return  # worse than chance: it and what would follow add nothing
        yield Joined(member, max(vote, 1e-9), error, len({id(pair) for pair in drawn}))
        if way == "boosting":
            if not error:
                return
            weights = reweighted(weights, wrong, vote)


def resampled(pairs: Sequence[Pair], weights: Float[np.ndarray, " N"], seed: int) -> list[Pair]:
    """As many examples as there are, drawn with repetition by their weights."""
    return random.Random(seed).choices(list(pairs), weights=list(weights), k=len(pairs))


def vote_of(error: float, labels: int) -> float:
    """ln((1 − error) / error) + ln(labels − 1): above 0 for what is better than guessing."""
    error = min(max(error, 1e-6), 1 - 1e-6)
    return math.log((1 - error) / error) + math.log(labels - 1)


def reweighted(weights: Float[np.ndarray, " N"], wrong: np.ndarray, vote: float) -> Float[np.ndarray, " N"]:
    """Weights that sum to 1, with those of wrong examples multiplied by e^vote."""
    grown: np.ndarray = weights * np.where(wrong, math.exp(min(vote, 50.0)), 1.0)
    whole: np.ndarray = grown / grown.sum()
    return whole


def called(member: Member, pairs: Sequence[Pair]) -> Int[np.ndarray, " N"]:
    """The number of the label that a member gives each example."""
    assert isinstance(member.task, LabelTask), "members label"
    rows = label_probabilities(member.model, member.task, pairs)
    return np.array([int(row[0].argmax()) for row in rows])


def together(joined: Sequence[Joined], pairs: Sequence[Pair], labels: int) -> Int[np.ndarray, " N"]:
    """The label with the most votes, for each example."""
    votes = np.zeros((len(pairs), labels))
    for one in joined:
        votes[np.arange(len(pairs)), called(one.member, pairs)] += one.vote
    most: np.ndarray = votes.argmax(axis=1)
    return most


def accuracy(said: Int[np.ndarray, " N"], task: LabelTask, pairs: Sequence[Pair]) -> float:
    """Share of the examples with the right label."""
    truth = np.array([task.labels.index(pair.target[0]) for pair in pairs])
    return float((said == truth).mean())
