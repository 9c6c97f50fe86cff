"""The masks on offer, each with arguments that show something at the size of the sentence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True)
class Preset:
    """`name(arguments)`; arguments None: the name stands alone. `combined`: a formula of several."""

    name: str
    arguments: str | None = None
    combined: str | None = None


def presets(queries: int, keys: int, *, own: bool = False) -> tuple[Preset, ...]:
    """The masks on offer for a matrix of this size; `own`: whether the model's own has a name only there."""
    longest = max(queries, keys)
    half = (longest + 1) // 2
    documents = ",".join("0" if position < half else "1" for position in range(longest))
    ring = ",".join(f"{position}:{position + 1}" for position in range(longest - 1)) or "0:0"
    return (
        *((Preset("own"),) if own else ()),
        Preset("full"),
        Preset("causal"),
        Preset("padding"),
        Preset("both", combined="causal & padding"),
        Preset("window", "3" if longest <= 64 else str(longest // 16)),
        Preset("prefix", "2" if longest <= 64 else str(longest // 8)),
        Preset("global", "0"),
        Preset("dilated", "3,2"),
        Preset("random", "0.5,0"),
        Preset("documents", documents),
        Preset("graph", ring),
    )


@lru_cache(maxsize=64)
def as_values(queries: int, keys: int, own: bool) -> tuple[dict[str, Any], ...]:
    """The same as plain values, made once a size. Nobody may write into them."""
    return tuple(asdict(preset) for preset in presets(queries, keys, own=own))
