"""What the data of the attention stage's first view costs to make, against BertViz's model view, in CPU time."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from attnviz.bench.figures import Options, Result, Skipped, paired
from attnviz.bench.program import answer_of

NAME = "stage/cpu"
LAYERS = HEADS = 12
REPEATS = {128: 7, 256: 5, 512: 3}  # by tokens: one view of 512 costs BertViz half a minute
MUST, AIM = 100, 300  # times as fast
NEEDED = ("bertviz", "IPython")  # BertViz imports IPython, and asks for it


def first_view(options: Options) -> Iterator[Result]:
    """Each size in a process of its own, both sides in turns on the same weights."""
    there = all(find_spec(module) is not None for module in NEEDED)
    for tokens, repeats in REPEATS.items():
        if options.quick and tokens > 128:
            return
        name = f"{NAME}/{tokens}"
        if not there:
            yield Skipped(name, "needs bertviz: pip install attnviz[peers]")
            continue
        yield paired(
            answer_of("attnviz.ui.attention.bench_first_view", LAYERS, HEADS, tokens, options.repeats(repeats, 1)),
            "ours",
            "bertviz",
            speed=True,
            name=name,
            what=f"CPU time of making the data of the first view, {LAYERS} layers × {HEADS} heads, {tokens} tokens",
            against="BertViz's model view of the same weights, as HTML",
            must=MUST,
            aim=AIM,
        )
