"""What counting alone achieves: the losses a model must beat to have learned anything from what it attends to."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from attnviz.data import PAD, Task
from attnviz.data.tasks.templates import TemplateTask

BATCH = 256
MIXTURES = tuple(step / 20 for step in range(20))  # shares of the bigram that are tried on the validation split


def baselines(task: Task, split: str) -> dict[str, float]:
    """Nats per token of the unigram and the bigram model on exactly the tokens that the Transformer is scored on.

    Unigram: counts + 1. Bigram: the previous token's counts mixed with the unigram (Jelinek & Mercer 1980), the
    share chosen on the validation split. Neither looks at the source. Where nothing is said token after token (masked
    positions, labels) there is no bigram.
    """
    size = len(task.tgt_vocab)
    previous, following = _pairs(task, "train")
    unigram = torch.bincount(following, minlength=size).double() + 1
    unigram[PAD] = 0
    unigram /= unigram.sum()
    test_previous, test_following = _pairs(task, split)
    alone = unigram[test_following]
    found = {"unigram": _nats(alone)}
    if previous is None or test_previous is None:
        return found

    bigram = _Bigram(previous, following, unigram)
    held_previous, held_following = _pairs(task, "validation")
    assert held_previous is not None, "the splits of a task are of one kind"
    held, held_alone = bigram(held_previous, held_following), unigram[held_following]
    share = min(MIXTURES, key=lambda share: _nats(share * held + (1 - share) * held_alone))
    found["bigram"] = _nats(share * bigram(test_previous, test_following) + (1 - share) * alone)
    return found


def exact_match_without_a_model(task: Task, split: str) -> float | None:
    """Share of a split that a simple program answers exactly; None where nobody has said what that would be."""
    return task.simple_exact_match(split) if isinstance(task, TemplateTask) else None


class _Bigram:
    """p(token | previous) by counting; the unigram's after a token that was never followed by any. Seen pairs only are
    kept, so that a large vocabulary takes no square of its size."""

    def __init__(self, previous: Int[Tensor, " N"], following: Int[Tensor, " N"], unigram: Float[Tensor, " V"]) -> None:
        self.unigram = unigram
        self.seen, self.counts = torch.unique(previous * len(unigram) + following, return_counts=True)
        self.rows = torch.bincount(previous, minlength=len(unigram))

    def __call__(self, previous: Int[Tensor, " N"], following: Int[Tensor, " N"]) -> Float[Tensor, " N"]:
        pair = previous * len(self.unigram) + following
        place = torch.searchsorted(self.seen, pair).clamp(max=len(self.seen) - 1)
        count = torch.where(self.seen[place] == pair, self.counts[place], 0).double()
        row = self.rows[previous]
        return torch.where(row > 0, count / row.clamp(min=1), self.unigram[following])


def _pairs(task: Task, split: str) -> tuple[Int[Tensor, " N"] | None, Int[Tensor, " N"]]:
    """(previous token, scored token) for every scored position of a split; None where there is no previous token."""
    pairs = task.split(split)
    previous, following = [], []
    for batch in (task.collate(pairs[start : start + BATCH]) for start in range(0, len(pairs), BATCH)):
        assert batch.targets is not None, "every example has something to say"
        following.append(batch.targets[batch.scored])
        if batch.decoder_input is not None:
            previous.append(batch.decoder_input[batch.scored])
    return torch.cat(previous) if previous else None, torch.cat(following)


def _nats(probability: Float[Tensor, " N"]) -> float:
    return float(-probability.clamp(min=1e-12).log().mean())
