"""When a head becomes something: it is scored on fixed inputs, and a marker says at which step its pattern appeared.

Five patterns, each a share of attention between 0 and 1: on the token before (previous-token), on the first token, on
the token with the query's own number (diagonal), of cross-attention on the source token that the next target token
comes from (aligned), and, when a random sequence is read twice, on the token that followed the query's first
occurrence (induction; Elhage et al. 2021, Olsson et al. 2022).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float

from attnviz.data import BOS, PAD, SPECIALS, Batch, Task
from attnviz.masks import kind_of
from attnviz.model import Transformer
from attnviz.trace import Trace, watch
from attnviz.training.regime import broken_batch, broken_masks

PATTERNS = ("previous-token", "first-token", "diagonal", "aligned", "induction")
BECOMES, CEASES = 0.5, 0.35  # shares at which a pattern is said to be there, and to be gone again
CHANCE = 2.0  # times the share that attention without any preference would have: less is no pattern
EXAMPLES = 16
LEAST_VISIBLE = 3  # a query that may see fewer keys has no choice, and does not count
REPEATED = 16  # tokens of the random sequence that is read twice


@dataclass(frozen=True)
class HeadScore:
    """How much of each pattern one head shows; NaN where it cannot be told."""

    site: str
    head: int
    shares: dict[str, float]  # pattern → mean share of attention
    chance: dict[str, float]  # pattern → the same for a head without preference

    def shows(self, pattern: str, least: float) -> bool:
        """Whether the share is at least `least` and well above chance."""
        return self.shares[pattern] >= max(least, CHANCE * self.chance[pattern])

    @property
    def pattern(self) -> str | None:
        """The strongest pattern that is there; "aligned" only where the alignment is no plain diagonal."""
        there = [name for name in PATTERNS if self.shows(name, BECOMES)]
        if {"diagonal", "aligned"} <= set(there):
            there.remove("aligned")
        return max(there, key=lambda name: self.shares[name], default=None)


@dataclass(frozen=True)
class HeadMarker:
    """A head became something at a step, or ceased to be it."""

    step: int
    site: str
    head: int
    kind: str  # one of PATTERNS
    score: float  # its share then
    became: bool = True  # False: it ceased

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


class HeadProbe:
    """The fixed inputs that the heads of a run are scored on; the seed and the task decide them."""

    def __init__(self, model: Transformer, task: Task, *, seed: int = 0, without: Collection[str] = ()) -> None:
        pairs = sorted(task.split("validation")[:512], key=lambda pair: -len(pair.source) - len(pair.target))
        self.without = tuple(without)
        self.natural = broken_batch(task.collate(pairs[:EXAMPLES]), without)
        self.origins = np.array(
            [
                (row, t, origin)
                for row, pair in enumerate(pairs[:EXAMPLES])
                for t, origin in enumerate(task.alignment(pair) or ())
                if origin is not None
            ],
            dtype=np.int64,
        ).reshape(-1, 3)
        self.repeated, self.period = _read_twice(model, self.natural, len(task.tgt_vocab), seed)

    def score(self, model: Transformer) -> tuple[HeadScore, ...]:
        """Every head's shares, in order of computation. The model is left as it was."""
        natural = self._watch(model, self.natural)
        twice = None if self.repeated is None else self._watch(model, self.repeated)
        found: list[HeadScore] = []
        for site in model.sites:
            shares, chance = _shares(site, natural[site].weights, natural[site].mask, self.natural)
            nothing = np.full(model.config.n_heads, np.nan)
            shares["aligned"] = chance["aligned"] = shares["induction"] = chance["induction"] = nothing
            if kind_of(site) == "cross" and len(self.origins):
                row, t, origin = self.origins.T
                shares["aligned"] = natural[site].weights[row, :, t, origin].mean(axis=0)
                chance["aligned"] = _even(natural[site].mask)[row, :, t, origin].mean(axis=0)
            if twice is not None and kind_of(site) == _SIDE[model.config.has_decoder]:
                weights, mask = twice[site].weights, twice[site].mask
                shares["induction"] = _on_followers(weights, self.period, model.config.has_decoder)
                chance["induction"] = _on_followers(_even(mask), self.period, model.config.has_decoder)
            found += [
                HeadScore(
                    site,
                    head,
                    {name: float(shares[name][head]) for name in PATTERNS},
                    {name: float(chance[name][head]) for name in PATTERNS},
                )
                for head in range(model.config.n_heads)
            ]
        return tuple(found)

    def _watch(self, model: Transformer, batch: Batch) -> Trace:
        batch = batch.to(next(model.parameters()).device)
        return watch(model, batch, masks=broken_masks(model, batch, self.without), sites=model.sites)


class Emergence:
    """Remembers what each head was last, and says what changed. `past`: the markers of a run that goes on."""

    def __init__(self, past: Iterable[HeadMarker] = ()) -> None:
        self.now: dict[tuple[str, int], str] = {}
        for marker in past:
            if marker.became:
                self.now[marker.site, marker.head] = marker.kind
            else:
                self.now.pop((marker.site, marker.head), None)

    def update(self, step: int, scores: Iterable[HeadScore]) -> tuple[HeadMarker, ...]:
        """Markers of the heads that are not what they were."""
        found = []
        for score in scores:
            key = (score.site, score.head)
            was, pattern = self.now.get(key), score.pattern
            if was is not None and score.shows(was, CEASES):
                continue
            if was is not None:
                found.append(HeadMarker(step, *key, was, _number(score.shares[was]), became=False))
                del self.now[key]
            if pattern is not None:
                found.append(HeadMarker(step, *key, pattern, _number(score.shares[pattern])))
                self.now[key] = pattern
        return tuple(found)


_SIDE = {True: "decoder_self", False: "encoder_self"}  # which attention reads the sequence that is repeated


def _number(share: float) -> float:
    return 0.0 if math.isnan(share) else share


def _read_twice(model: Transformer, natural: Batch, vocab_size: int, seed: int) -> tuple[Batch | None, int]:
    """Rows of BOS? x₁ … xₙ x₁ … xₙ with random x, all different in a row, and n; None where there is no room."""
    if natural.pixels is not None:
        return None, 0  # a picture has no tokens to repeat
    decodes = model.config.has_decoder
    known = range(len(SPECIALS), vocab_size)
    period = min(REPEATED, (model.config.max_len - decodes) // 2, len(known))
    if period < LEAST_VISIBLE:
        return None, 0
    generator = torch.Generator().manual_seed(seed)
    rows = torch.stack(
        [torch.randperm(len(known), generator=generator)[:period] + len(SPECIALS) for _ in range(natural.size)]
    )
    rows = rows.repeat(1, 2)
    if not decodes:
        return Batch(src=rows, decoder_input=None, targets=None), period
    begin = torch.full((natural.size, 1), BOS)
    return replace(natural, decoder_input=torch.cat((begin, rows), dim=1), targets=None, scored=None), period


def _shares(
    site: str, weights: Float[np.ndarray, "B H T S"], mask: Bool[np.ndarray, "B H T S"], batch: Batch
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """(pattern → share of each head), and the same for even attention, over the queries that have a choice."""
    read = batch.src if site.startswith("encoder") else batch.decoder_input
    if batch.pixels is not None:
        real = np.ones((batch.size, 1, weights.shape[-2]), dtype=bool)  # patches and nodes: nothing is filled up
    else:
        assert read is not None, "an attention reads something"
        real = (read != PAD).cpu().numpy()[:, None, :]
    counts = real & (mask.sum(axis=-1) >= LEAST_VISIBLE)  # (B, H, T)
    return _patterns(weights, counts), _patterns(_even(mask), counts)


def _patterns(weights: Float[np.ndarray, "B H T S"], counts: np.ndarray) -> dict[str, np.ndarray]:
    same = np.diagonal(weights, axis1=-2, axis2=-1)
    before = np.diagonal(weights, offset=-1, axis1=-2, axis2=-1)
    return {
        "previous-token": _mean(before, counts[..., 1 : 1 + before.shape[-1]]),
        "first-token": _mean(weights[..., 0], counts),
        "diagonal": _mean(same, counts[..., : same.shape[-1]]),
    }


def _on_followers(weights: Float[np.ndarray, "B H T S"], period: int, begins: bool) -> Float[np.ndarray, " H"]:
    """Mean weight of the queries of the second reading on the token after their first occurrence."""
    first = int(begins)  # position of x₁
    queries = np.arange(first + period, first + 2 * period)
    found: Float[np.ndarray, " H"] = weights[:, :, queries, queries - period + 1].mean(axis=(0, 2))
    return found


def _even(mask: np.ndarray) -> Float[np.ndarray, "B H T S"]:
    visible = mask.sum(axis=-1, keepdims=True)
    found: Float[np.ndarray, "B H T S"] = (mask / np.maximum(visible, 1)).astype(np.float32)
    return found


def _mean(values: np.ndarray, counts: np.ndarray) -> Float[np.ndarray, " H"]:
    number = counts.sum(axis=(0, 2))
    total = np.where(counts, values, 0).sum(axis=(0, 2), dtype=np.float64)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)
