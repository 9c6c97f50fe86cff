"""Worked examples small enough for a blackboard: seeded numbers with one decimal, the same in every language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from attnviz import masks
from attnviz.language import Language
from attnviz.trace.walkthrough.setup import Affine, Array, FeedForward, Norm, Setup


@dataclass(frozen=True)
class Example:
    """Sizes and tokens of a worked example."""

    tokens: Mapping[Language, tuple[str, ...]]
    d_model: int
    n_heads: int
    d_ff: int
    causal: bool
    seed: int


EXAMPLES: Mapping[str, Example] = {
    # One head; the context of "eating" is row 2.
    "apples": Example(
        tokens={"en": ("I", "love", "eating", "apples"), "zh": ("我", "爱", "吃", "苹果")},
        d_model=4,
        n_heads=1,
        d_ff=6,
        causal=False,
        seed=960,  # "eating" looks at "apples" most
    ),
    "two-heads": Example(
        tokens={"en": ("I", "love", "you"), "zh": ("我", "爱", "你")},
        d_model=4,
        n_heads=2,
        d_ff=6,
        causal=True,
        seed=93,  # the last query looks at another key in each head
    ),
}


def example(name: str, language: Language = "en") -> Setup:
    """The worked example `name`: float64, post-norm as the list of steps is usually told. Unknown: ValueError."""
    if name not in EXAMPLES:
        raise ValueError(f"example is {name!r}; allowed: {', '.join(EXAMPLES)}")
    chosen = EXAMPLES[name]
    tokens = chosen.tokens[language]
    generator = np.random.default_rng(chosen.seed)

    def tenths(*shape: int) -> Array:
        return generator.integers(-10, 11, size=shape) / 10

    def affine(rows: int, columns: int) -> Affine:
        return Affine(tenths(rows, columns))

    size, width = len(tokens), chosen.d_model
    mask = masks.causal() if chosen.causal else masks.full()
    return Setup(
        x=tenths(size, width),
        mask=mask.dense(batch=1, heads=chosen.n_heads, queries=size, keys=size)[0].numpy(),
        query=affine(width, width),
        key=affine(width, width),
        value=affine(width, width),
        out=affine(width, width),
        norm=Norm(),
        n_heads=chosen.n_heads,
        feed_forward=FeedForward(affine(width, chosen.d_ff), affine(chosen.d_ff, width), Norm()),
        row_labels=tokens,
        column_labels=tokens,
    )
