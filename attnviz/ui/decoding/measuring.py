"""What a cache of keys and values saves on this sentence: vectors computed, and tokens per second in one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attnviz.data import BOS
from attnviz.decoding import CacheSpeed, cache_speed
from attnviz.ui.decoding.subject import Subject

SHARES = (0.25, 0.5, 1.0)  # of the longest text: the gain grows with the length
LONGEST = 64  # tokens that are timed
LEAST_TOKENS = 96  # timed at every length: short texts are repeated more often, and all at least three times


@dataclass(frozen=True)
class Speeds:
    """Several lengths, measured one after the other."""

    measured: tuple[CacheSpeed, ...]


def measure(subject: Subject) -> Speeds:
    """Decode texts of three lengths from BOS, in turns with and without a cache."""
    cache_speed(
        subject.model, subject.src, bos_id=BOS, tokens=min(4, subject.room), repeats=1
    )  # the first steps of a process are slow
    most = min(LONGEST, subject.room)
    lengths = sorted({max(1, round(share * most)) for share in SHARES})
    return Speeds(
        tuple(
            cache_speed(
                subject.model, subject.src, bos_id=BOS, tokens=length, repeats=max(3, min(15, LEAST_TOKENS // length))
            )
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
