"""What counting alone achieves: the losses a language model must beat to have learned anything."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from attnviz.data import PAD, Task

BATCH = 256
MIXTURES = tuple(step / 20 for step in range(20))  # shares of the bigram that are tried on the validation split


def language_model_baselines(task: Task, split: str) -> dict[str, float]:
    """Nats per token of the unigram and the bigram model on exactly the tokens that the Transformer is scored on.

    Unigram: counts + 1. Bigram: the previous token's counts mixed with the unigram (Jelinek & Mercer 1980), the
    share chosen on the validation split.
    """
    size = len(task.tgt_vocab)
    previous, following = _pairs(task, "train")
    unigram = torch.bincount(following, minlength=size).double() + 1
    unigram[PAD] = 0
    unigram /= unigram.sum()
    counts = torch.bincount(previous * size + following, minlength=size * size).view(size, size).double()
    rows = counts.sum(dim=1, keepdim=True)
    bigram = torch.where(rows > 0, counts / rows.clamp(min=1), unigram)

    validation = _pairs(task, "validation")
    share = min(MIXTURES, key=lambda share: _nats(share * bigram + (1 - share) * unigram, validation))
    test = _pairs(task, split)
    return {
        "unigram": _nats(unigram.expand_as(bigram), test),
        "bigram": _nats(share * bigram + (1 - share) * unigram, test),
    }


def _pairs(task: Task, split: str) -> tuple[Int[Tensor, " N"], Int[Tensor, " N"]]:
    """(previous token, scored token) for every scored position of a split."""
    pairs = task.split(split)
    return _stack(
        (batch.decoder_input, batch.targets)
        for batch in (task.collate(pairs[start : start + BATCH]) for start in range(0, len(pairs), BATCH))
    )


def _stack(batches: Iterable[tuple[Tensor | None, Tensor | None]]) -> tuple[Tensor, Tensor]:
    previous, following = [], []
    for before, after in batches:
        assert before is not None, "a language model reads something"
        assert after is not None, "and has something to say"
        scored = after != PAD
        previous.append(before[scored])
        following.append(after[scored])
    return torch.cat(previous), torch.cat(following)


def _nats(table: Float[Tensor, "V V"], pairs: tuple[Int[Tensor, " N"], Int[Tensor, " N"]]) -> float:
    previous, following = pairs
    return float(-table[previous, following].clamp(min=1e-12).log().mean())
