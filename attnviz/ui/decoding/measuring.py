"""What a cache of keys and values saves on this sentence: vectors computed, and tokens per second in one run."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from attnviz.decoding import CacheSpeed, cache_speed
from attnviz.ui.decoding.subject import Subject

SHARES = (0.25, 0.5, 1.0)  # of the longest text: the gain grows with the length
LONGEST = 64  # tokens that are timed
LEAST_TOKENS = 96  # timed at every length: short texts are repeated more often …
LEAST_REPEATS = 3  # … and all at least so often
SECONDS = 12.0  # that measuring may take


@dataclass(frozen=True)
class Speeds:
    """Several lengths, measured one after the other."""

    measured: tuple[CacheSpeed, ...]


def measure(subject: Subject) -> Speeds:
    """Decode texts of three lengths from the first token, in turns with and without a cache.

    Of a large model shorter ones, and fewer times.
    """
    first, room = subject.rules.first, subject.room
    warm = min(4, room)  # the first steps of a process are slow
    began = time.perf_counter()
    cache_speed(subject.model, subject.src, bos_id=first, tokens=warm, repeats=1)
    a_token = (time.perf_counter() - began) / (3 * warm)  # it was decoded three times
    most = max(1, min(LONGEST, room, round(SECONDS / (2 * LEAST_REPEATS * sum(SHARES) * max(a_token, 1e-6)))))
    lengths = sorted({max(1, round(share * most)) for share in SHARES})
    repeats = {length: max(LEAST_REPEATS, min(15, LEAST_TOKENS // length)) for length in lengths}
    if most < min(LONGEST, room):
        repeats = dict.fromkeys(lengths, LEAST_REPEATS)
    return Speeds(
        tuple(
            cache_speed(subject.model, subject.src, bos_id=first, tokens=length, repeats=repeats[length])
            for length in lengths
        )
    )


def values(speeds: Speeds) -> list[dict[str, Any]]:
    """Plain values for the browser."""
    return [
        {
            "tokens": one.tokens,
            "cached": one.cached_tokens_per_second,
            "uncached": one.uncached_tokens_per_second,
            "speedup": one.speedup,
            "difference": one.largest_difference,
        }
        for one in speeds.measured
    ]
