"""How time grows with the length of a text, with heads and with layers: everything else stays as it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from attnviz.bench.figures import Figure, Options, Result, in_turns, paired


@dataclass(frozen=True)
class Point:
    """A model and its batch."""

    length: int = 64
    heads: int = 4
    layers: int = 4


WIDTH, BATCH, VOCAB = 128, 4, 64
# What grows → its sizes; the rest is as in Point.
AXES = {"length": (32, 64, 128, 256, 512), "heads": (1, 2, 4, 8, 16), "layers": (1, 2, 4, 8)}
ACTS = {
    "forward": "a forward pass nobody watches",
    "maps": "a forward pass, and all weights of all heads made",
    "train": "forward, backward and update",
}


def growth(options: Options) -> Iterator[Result]:
    """Every act at every size, against the same act at the smallest size of its axis."""
    for axis, sizes in AXES.items():
        taken = sizes[:2] if options.quick else sizes
        acts = {size: _acts(replace(Point(), **{axis: size})) for size in taken}
        for act, what in ACTS.items():
            variants = {str(size): acts[size][act] for size in taken}
            times = in_turns(variants, options.repeats(9, 1), clock=time.process_time)
            for size in taken:
                yield paired(
                    times,
                    str(size),
                    str(taken[0]),
                    name=f"growth/{axis}/{act}/{size}",
                    what=f"{what}, {axis} {size}",
                    against=f"the same at {taken[0]}; else {_else(axis)}",
                )


def _else(axis: str) -> str:
    fixed = {name: value for name, value in asdict(Point()).items() if name != axis}
    return ", ".join(f"{name} {value}" for name, value in fixed.items()) + f", width {WIDTH}, batch {BATCH}"


def _acts(point: Point) -> dict[str, Callable[[], object]]:
    import torch

    from attnviz.config import ModelConfig, TrainConfig
    from attnviz.data import Batch
    from attnviz.model import Transformer
    from attnviz.model.inference import inference
    from attnviz.model.written import FlatParameters, WrittenTransformer
    from attnviz.trace import watch
    from attnviz.training import cross_entropy
    from attnviz.training.optimizer import decaying, move, optimizer_over

    torch.manual_seed(0)
    shape: dict[str, Any] = {"d_model": WIDTH, "d_ff": 4 * WIDTH, "vocab_size": VOCAB, "dropout": 0.0}
    config = ModelConfig(
        architecture="decoder-only",
        n_heads=point.heads,
        n_decoder_layers=point.layers,
        max_len=point.length,
        **shape,
    )
    model, learner = Transformer(config).eval(), Transformer(config).train()
    ids = torch.randint(4, VOCAB, (BATCH, point.length + 1))
    batch = Batch(src=None, decoder_input=ids[:, :-1].contiguous(), targets=ids[:, 1:].contiguous())
    flat = FlatParameters(learner, decaying(learner), "fp32")
    passes = WrittenTransformer(learner, flat)
    optimizer = optimizer_over(flat.groups, True, TrainConfig(learning_rate=1e-4))

    def forward() -> None:
        with inference(model, tokens=batch.positions):
            model(None, batch.decoder_input)

    def maps() -> None:
        trace = watch(model, batch, taps=())
        for site in trace.sites:
            _ = trace[site].weights

    def train() -> None:
        assert batch.targets is not None, "they were given"
        cross_entropy(passes(None, batch.decoder_input), batch.targets).objective.backward()
        move(optimizer)

    return {"forward": forward, "maps": maps, "train": train}


def series(figures: list[Figure]) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """What the chart draws: axis → act → (size, milliseconds), of the figures that `growth` made."""
    found: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for figure in figures:
        group, *rest = figure.name.split("/")
        if group == "growth" and len(rest) == 3:
            axis, act, size = rest
            found.setdefault(axis, {}).setdefault(act, []).append((int(size), figure.milliseconds))
    return found
