"""From logits to the next token: repetition penalty, temperature, top-k, top-p, and a draw.

The order is that of Hugging Face `generate`: penalty, temperature, top-k, top-p.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from attnviz.decoding.rules import without

Method = Literal["greedy", "sample"]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How the next token is chosen. A value out of range raises ValueError naming the field."""

    method: Method = "greedy"  # greedy: always the most likely one, after the repetition penalty
    temperature: float = 1.0  # logits are divided by it: below 1 sharper, above 1 flatter
    top_k: int | None = None  # only the k most likely tokens; None: all
    top_p: float = 1.0  # nucleus: the smallest set of most likely tokens whose mass reaches p
    repetition_penalty: float = 1.0  # above 1: tokens that were there already become less likely
    seed: int = 0  # of the draws
    never: frozenset[int] = frozenset()  # tokens that are not chosen, whatever their probability

    def __post_init__(self) -> None:
        if self.method not in get_args(Method):
            raise ValueError(f"method is {self.method!r}; allowed: {', '.join(get_args(Method))}")
        for field in ("temperature", "repetition_penalty"):
            if not 0 < getattr(self, field) < math.inf:
                raise ValueError(f"{field} is {getattr(self, field)!r}; it must be above 0 and finite")
        if self.top_k is not None and self.top_k < 1:
            raise ValueError(f"top_k is {self.top_k!r}; it must be at least 1, or None for all tokens")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p is {self.top_p!r}; it must be above 0 and at most 1")
        if self.seed < 0:
            raise ValueError(f"seed is {self.seed!r}; it must be at least 0")


def penalise_repetition(
    logits: Float[Tensor, "B V"], history: Int[Tensor, "B T"], penalty: float
) -> Float[Tensor, "B V"]:
    """Positive logits of tokens in `history` divided by `penalty`, negative ones multiplied (Keskar et al. 2019)."""
    if history.size(1) == 0:
        return logits
    there = logits.gather(1, history)
    return logits.scatter(1, history, torch.where(there > 0, there / penalty, there * penalty))


def keep_top_k(logits: Float[Tensor, "B V"], k: int) -> Float[Tensor, "B V"]:
    """The `k` largest logits, −∞ elsewhere; of equal ones the first come first."""
    order = logits.argsort(dim=-1, descending=True, stable=True)
    return logits.scatter(1, order[:, k:], -math.inf)


def keep_top_p(logits: Float[Tensor, "B V"], p: float) -> Float[Tensor, "B V"]:
    """The smallest set of most likely tokens with mass ≥ `p` (Holtzman et al. 2020), −∞ elsewhere."""
    if p >= 1:
        return logits
    ordered, order = logits.sort(dim=-1, descending=True, stable=True)
    mass = ordered.softmax(dim=-1).cumsum(dim=-1)
    keep = mass.roll(1, dims=-1) < p  # the more likely tokens do not reach p without this one
    keep[:, 0] = True
    return logits.masked_fill(torch.zeros_like(keep).scatter(1, order, ~keep), -math.inf)


def chances(logits: Float[Tensor, "B V"], history: Int[Tensor, "B T"], choice: Choice) -> Float[Tensor, "B V"]:
    """The probabilities that are drawn from: what is left of softmax(logits) after every filter of `choice`."""
    logits = without(penalise_repetition(logits, history, choice.repetition_penalty), choice.never)
    if choice.method == "greedy":
        return torch.zeros_like(logits).scatter(1, logits.argmax(dim=-1, keepdim=True), 1.0)
    logits = logits / choice.temperature
    if choice.top_k is not None:
        logits = keep_top_k(logits, choice.top_k)
    return keep_top_p(logits, choice.top_p).softmax(dim=-1)


def likeliest(values: Float[Tensor, " V"], count: int) -> Int[Tensor, " N"]:
    """Places of the `count` largest values, the largest first, of equal ones the first first.

    Only candidates are sorted: a vocabulary of a hundred thousand would take longer than the model.
    """
    least = values.topk(min(count, values.numel())).values[-1]
    places = (values >= least).nonzero()[:, 0]
    if not len(places):  # what is no number is above all others
        places = torch.arange(values.numel(), device=values.device)
    return places[values[places].argsort(descending=True, stable=True)][:count]


def pick(probabilities: Float[Tensor, " V"], draw: float) -> int:
    """The token on which `draw`, a number in [0, 1), falls when the tokens lie side by side, the likeliest first."""
    ordered, order = probabilities.sort(descending=True, stable=True)
    ends = ordered.cumsum(dim=0)
    place = int(torch.searchsorted(ends, torch.tensor(draw, dtype=ends.dtype) * ends[-1], right=True))
    return int(order[min(place, int((ordered > 0).sum()) - 1)])


def entropy(probabilities: NDArray[np.float64]) -> float:
    """−Σ p ln p, in nats; 0 · ln 0 is 0."""
    some = probabilities[probabilities > 0]
    return 0.0 - float(some @ np.log(some))


def check_tokens(name: str, tokens: Sequence[int], vocab_size: int) -> tuple[int, ...]:
    """`tokens` as a tuple; an id outside the vocabulary raises ValueError."""
    for token in tokens:
        if not 0 <= token < vocab_size:
            raise ValueError(f"{name} holds the id {token}; allowed: 0 … {vocab_size - 1}")
    return tuple(int(token) for token in tokens)
