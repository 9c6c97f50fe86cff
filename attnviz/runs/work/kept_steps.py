"""Which steps of a run are kept, so that time can be scrubbed: densely at first, when most happens."""

from __future__ import annotations

PER_DOUBLING = 4  # kept steps while the step number doubles
LARGE_BYTES = 8 * 2**20  # of a snapshot; runs with larger ones keep fewer steps
HUGE_BYTES = 64 * 2**20


def per_doubling(snapshot_bytes: int) -> int:
    """How densely steps are kept when a snapshot has so many bytes."""
    return PER_DOUBLING if snapshot_bytes < LARGE_BYTES else 2 if snapshot_bytes < HUGE_BYTES else 1


def is_kept(step: int, density: int = PER_DOUBLING) -> bool:
    """Whether a step is 0 or a rounded power of 2^(1/density): 1 2 3 4 5 6 7 8 10 11 13 16 19 23 27 32 …"""
    if step < 1:
        return step == 0
    # The nearest powers on both sides; floating-point logarithms may be off by one in the last place.
    guess = round(density * (step.bit_length() - 1))
    return any(round(2 ** (power / density)) == step for power in range(guess - 1, guess + density + 1))
