"""What keeping keys and values saves, both ways measured in one run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Shaped
from torch import Tensor

from attnviz.decoding.greedy import greedy
from attnviz.decoding.session import DecoderSession, longest
from attnviz.model import WatchedModel


@dataclass(frozen=True, kw_only=True)
class CacheSpeed:
    """The same tokens decoded with and without a cache."""

    prompt: int  # tokens before the measured ones, BOS included
    tokens: int  # new tokens a run
    cached_seconds: float  # median over the repeats
    uncached_seconds: float
    largest_difference: float  # between any two logits of the two ways

    @property
    def cached_tokens_per_second(self) -> float:
        """With the cache."""
        return self.tokens / self.cached_seconds

    @property
    def uncached_tokens_per_second(self) -> float:
        """Without it: every step reads the whole text again."""
        return self.tokens / self.uncached_seconds

    @property
    def speedup(self) -> float:
        """Tokens per second with the cache, as a multiple of those without."""
        return self.uncached_seconds / self.cached_seconds


def cache_speed(
    model: WatchedModel,
    src: Shaped[Tensor, "B ..."] | None = None,
    *,
    bos_id: int,
    tokens: int,
    prefix: Sequence[int] = (),
    repeats: int = 3,
) -> CacheSpeed:
    """Greedily decode `tokens` tokens after `prefix` in turns, with and without cache; EOS does not stop the clock.

    The prefix is fed before the clock starts. More than the position table holds raises ValueError.
    """
    total = len(prefix) + tokens
    if tokens < 1 or longest(model, total) < total:
        raise ValueError(f"tokens is {tokens}; allowed: 1 … {longest(model, 10**9) - len(prefix)}")
    batch = 1 if src is None else src.size(0)
    start = torch.tensor([[bos_id, *prefix]], device=model.device).expand(batch, -1)
    text = greedy(model, src, bos_id=bos_id, eos_id=None, max_len=total, prefix=start[:, 1:])
    text = torch.cat((start[:, :1], text[:, :-1]), dim=1)  # both ways are fed this, so that they stay comparable
    seconds: dict[bool, list[float]] = {True: [], False: []}
    logits: dict[bool, Tensor] = {}
    for _ in range(repeats):
        for use_cache in (True, False):
            elapsed, logits[use_cache] = _timed(model, src, text, tokens, use_cache)
            seconds[use_cache].append(elapsed)
    return CacheSpeed(
        prompt=1 + len(prefix),
        tokens=batch * tokens,
        cached_seconds=statistics.median(seconds[True]),
        uncached_seconds=statistics.median(seconds[False]),
        largest_difference=float((logits[True] - logits[False]).abs().max()),
    )


def _timed(model: WatchedModel, src: Tensor | None, text: Tensor, tokens: int, use_cache: bool) -> tuple[float, Tensor]:
    session = DecoderSession(model, src, use_cache=use_cache)
    before = text.size(1) - tokens
    if before:
        session.feed(text[:, :before])
    _wait(session.device)
    began = time.perf_counter()
    logits = []
    for column in text[:, before:].split(1, dim=1):
        logits.append(session.feed(column)[:, -1])
        logits[-1].argmax(dim=-1)  # what choosing the next token costs
    _wait(session.device)
    return time.perf_counter() - began, torch.stack(logits)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
