"""What a GPU is used for: a step against the bare replay of its graph, against nanoGPT, and of its products' speed.

Only `attnviz bench gpu --device cuda` on a machine with one says anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from attnviz.bench.figures import Figure, Options, Result, Skipped, in_turns, paired
from attnviz.bench.training import A, Size, trainer_of

if TYPE_CHECKING:
    from attnviz.training import Trainer

LARGE = Size(layers=8, width=512, heads=8, length=256, batch=128)  # 25M parameters, 32k tokens a step
AHEAD = 32  # steps that are read together, as in a run


def gpu(options: Options) -> Iterator[Result]:
    """Rows of a GPU."""
    import torch

    if not options.device.startswith("cuda") or not torch.cuda.is_available():
        yield Skipped("gpu", "needs a GPU, and --device cuda")
        return
    trainer = trainer_of("lm-en", {"window": A.length}, A, device=options.device)
    if not trainer.runs_ahead:
        yield Skipped("gpu", f"{trainer.compute} was chosen, which is not recorded as a graph")
        return
    yield from _against_replay(trainer, options)
    yield from _against_nanogpt(trainer, options)
    yield _utilisation(options)


def _against_replay(trainer: Trainer, options: Options) -> Iterator[Result]:
    from attnviz.training.graphed import bucketed

    batch = bucketed(trainer.draw(), trainer.model.config.max_len)
    graph = trainer.graph(batch)

    def replays() -> None:
        for _ in range(AHEAD):
            graph(batch)
        graph.found.tolist()

    times = in_turns({"steps": lambda: _steps(trainer), "replays": replays}, options.repeats(15), warm_up=2)
    yield paired(
        times,
        "steps",
        "replays",
        name="gpu/step",
        what=f"{AHEAD} training steps, batches drawn, read once, {trainer.compute}",
        against="as many replays of the graph",
        must=1.10,
        aim=1.03,
    )


def _against_nanogpt(trainer: Trainer, options: Options) -> Iterator[Result]:
    from attnviz.bench import peers
    from attnviz.training.batch_stream import BatchStream

    shape = {"vocab": len(trainer.task.tgt_vocab), "layers": A.layers, "width": A.width, "heads": A.heads}
    try:
        theirs = peers.nanogpt(options.nanogpt, **shape, length=A.length + 1, device=options.device)
    except peers.Missing as missing:
        yield Skipped("gpu/nanogpt", str(missing))
        return
    stream = BatchStream(trainer.task, A.batch, seed=1)

    def other() -> None:
        for _ in range(AHEAD):
            theirs(stream.take().to(options.device))

    times = in_turns({"ours": lambda: _steps(trainer), "theirs": other}, options.repeats(9), warm_up=2)
    yield paired(
        times,
        "ours",
        "theirs",
        speed=True,
        name="gpu/nanogpt",
        what=f"{AHEAD} training steps, {trainer.compute}",
        against="nanoGPT, eager",
        must=8.0,
        aim=12.0,
    )


def _utilisation(options: Options) -> Figure:
    """6 operations a parameter and token, against the speed of one large bfloat16 product on the same device."""
    import torch

    trainer = trainer_of("lm-en", {"window": LARGE.length}, LARGE, device=options.device)
    size = 8192
    a = torch.randn(size, size, device=options.device, dtype=torch.bfloat16)

    def products() -> None:
        for _ in range(10):
            a @ a
        torch.cuda.synchronize()

    repeats = options.repeats(9)
    tokens: list[int] = []

    def steps() -> None:
        tokens.append(sum(record.tokens for record in trainer.block(8)))

    times = in_turns({"steps": steps, "products": products}, repeats, warm_up=2)
    parameters = sum(p.numel() for p in trainer.model.parameters())
    done = [6 * parameters * n for n in tokens[2:]]
    shares = [
        operations / spent * (product / (20 * size**3))
        for operations, spent, product in zip(done, times["steps"], times["products"], strict=True)
    ]
    middle = sorted(shares)[len(shares) // 2]
    return Figure(
        name="gpu/utilisation",
        ratio=middle,
        what=f"operations a second in training {parameters:,} parameters, {trainer.compute}",
        against="those of one large bfloat16 product",
        milliseconds=1e3 * min(times["steps"]),
        base_milliseconds=1e3 * min(times["products"]),
        must=0.30,
        aim=0.45,
        smaller_is_better=False,
    )


def _steps(trainer: Trainer) -> None:
    made = 0
    while made < AHEAD:
        made += len(trainer.block(AHEAD - made))
