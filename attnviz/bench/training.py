"""A training step of ours against the code that people would otherwise run, on the same batches, in CPU time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from attnviz.bench.figures import Figure, Options, Result, Skipped, in_turns, paired

if TYPE_CHECKING:
    from attnviz.bench.peers import Step
    from attnviz.training import Trainer
    from attnviz.training.batch_stream import BatchStream


@dataclass(frozen=True)
class Size:
    """A language model and its batches."""

    layers: int
    width: int
    heads: int
    length: int
    batch: int


A = Size(layers=4, width=128, heads=4, length=128, batch=32)
S = Size(layers=2, width=64, heads=4, length=32, batch=8)
RECIPE = Size(layers=4, width=128, heads=4, length=64, batch=12)  # nanoGPT's, for a CPU
TARGET = 1.88  # nats a token
MOST_STEPS = 4_000
STEPS = 2_000  # of the run that is begun: long enough for every way of computing to be tried


def products(options: Options) -> Iterator[Result]:
    """What the rows of training depend on: whether this processor multiplies bfloat16 faster than float32."""
    import torch

    x, w = torch.randn(A.batch * A.length, A.width), torch.randn(4 * A.width, A.width)
    low_x, low_w = x.bfloat16(), w.bfloat16()
    variants: dict[str, Callable[[], object]] = {"fp32": lambda: x @ w.t(), "bf16": lambda: low_x @ low_w.t()}
    yield paired(
        in_turns(variants, options.repeats(25), warm_up=2, clock=time.process_time),
        "bf16",
        "fp32",
        speed=True,
        name="products/bf16",
        what="a product of the feed-forward network of A in bf16; below 1 this processor has none of its own",
        against="the same in fp32",
    )


def language(options: Options) -> Iterator[Result]:
    """Language models of two sizes: the trainer as a run has it, with the way of computing that a run would choose.

    On S everybody has one thread: with a second one both sides take twice the CPU time, and a run would choose one.
    """
    from attnviz.model.threads import one_thread

    for name, size, repeats, peers in (
        ("A", A, options.repeats(15), {"nanogpt": (2.2, 3.0), "gpt2-sdpa": (3.0, 4.5), "transformer-lens": (4.0, 6.0)}),
        ("S", S, options.repeats(150, 5), {"nanogpt": (1.4, 2.0)}),
    ):
        trainer = trainer_of("lm-en", {"window": size.length}, size)
        shape: dict[str, Any] = {
            "vocab": len(trainer.task.tgt_vocab),
            "layers": size.layers,
            "width": size.width,
            "heads": size.heads,
        }
        with one_thread(size is S):
            against = _against(
                f"training/{name}", trainer, peers, {**shape, "length": size.length + 1}, repeats, options
            )
            yield from list(against)


def translation(options: Options) -> Iterator[Result]:
    """An encoder–decoder of 2 + 2 layers, against one written as tutorials write it."""
    size = Size(layers=2, width=128, heads=4, length=0, batch=32)
    trainer = trainer_of("dates", {}, size, n_encoder_layers=2)
    config = trainer.model.config
    shape = {
        "src_vocab": config.src_vocab_size,
        "vocab": config.vocab_size,
        "layers": size.layers,
        "width": size.width,
        "heads": size.heads,
        "inner": config.d_ff,
        "length": config.max_len,
    }
    yield from _against(
        "training/encoder-decoder", trainer, {"tutorial": (2.7, 4.0)}, shape, options.repeats(25), options
    )


def to_loss(options: Options) -> Iterator[Result]:
    """CPU seconds until a validation loss is reached: same text, sizes and batches as nanoGPT's recipe for a CPU.

    Each side has the learning rate of its own recipe and ours turns queries and keys by their position, as the shipped
    model of this text does, while nanoGPT learns a table: this is not speed alone.
    """
    from attnviz.bench import peers
    from attnviz.training.batch_stream import BatchStream

    target, every = (3.0 if options.quick else TARGET), 25
    train = {"learning_rate": 4e-3, "warmup_steps": 30, "steps": 400}
    ours = trainer_of("lm-en", {"window": RECIPE.length}, RECIPE, train, positions="rotary")
    shape: dict[str, Any] = {
        "vocab": len(ours.task.tgt_vocab),
        "layers": RECIPE.layers,
        "width": RECIPE.width,
        "heads": RECIPE.heads,
    }
    try:
        theirs = peers.nanogpt(options.nanogpt, **shape, length=RECIPE.length + 1, steps=2_000)
    except peers.Missing as missing:
        yield Skipped("seconds-to-loss/nanogpt", str(missing))
        return
    held_out = next(iter(ours.task.batches("validation", 64, shuffle=False)))
    stream = BatchStream(ours.task, RECIPE.batch, seed=1)

    def ours_now() -> float:
        return float(ours.forward(held_out).nats)  # dropout is 0: as in evaluation

    mine = _seconds_to(target, ours.advance, ours_now, every)
    other = _seconds_to(target, partial(_drawn, theirs, stream), lambda: theirs.loss(held_out), every)  # type: ignore[attr-defined]
    if mine is None or other is None:
        late = "ours" if mine is None else "nanoGPT"
        yield Skipped("seconds-to-loss/nanogpt", f"{late} did not reach {target} in {MOST_STEPS} steps")
        return
    yield Figure(
        name="seconds-to-loss/nanogpt",
        ratio=mine / other,
        what=f"CPU time until the validation loss is {target}, {ours.compute}, rotary, rate 4e-3 over 400 steps",
        against="nanoGPT of the same size, learned positions, rate 1e-3 over 2,000 steps",
        milliseconds=1e3 * mine,
        base_milliseconds=1e3 * other,
        must=0.5,
        aim=0.25,
    )


def _seconds_to(target: float, step: Callable[[], object], loss: Callable[[], float], every: int) -> float | None:
    """CPU seconds of the steps alone until `loss` is reached; None where that takes too many."""
    spent = 0.0
    for _ in range(0, MOST_STEPS, every):
        began = time.process_time()
        for _ in range(every):
            step()
        spent += time.process_time() - began
        if loss() <= target:
            return spent
    return None


def trainer_of(
    task: str,
    task_options: dict[str, Any],
    size: Size,
    train: Mapping[str, Any] | None = None,
    *,
    device: str = "cpu",
    **shape: Any,
) -> Trainer:
    """The trainer of a run, which has chosen how to compute; `train` changes fields of its TrainConfig."""
    from attnviz.config import TrainConfig
    from attnviz.data import tasks
    from attnviz.training import Trainer, make_model
    from attnviz.training.calibration import choose
    from attnviz.training.recipes import model_config_for

    made = tasks.get(task, **task_options)
    wide = {"d_model": size.width, "n_heads": size.heads, "d_ff": 4 * size.width, "n_decoder_layers": size.layers}
    values = {"steps": STEPS, "batch_size": size.batch, "eval_every": 0, "learning_rate": 1e-3, **(train or {})}
    config = TrainConfig.from_dict(values)
    model = make_model(model_config_for(made, **wide, dropout=0.0, **shape), seed=0)
    trainer = Trainer(model, made, config, device=device)
    trainer.adopt(choose(trainer).compute)
    return trainer


def _against(
    name: str,
    trainer: Trainer,
    limits: dict[str, tuple[float, float]],
    shape: dict[str, Any],
    repeats: int,
    options: Options,
) -> Iterator[Result]:
    from attnviz.bench import peers

    makers: dict[str, Callable[[], peers.Step]] = {
        "nanogpt": lambda: peers.nanogpt(options.nanogpt, **shape),
        "gpt2-sdpa": lambda: peers.hugging_face(**shape),
        "transformer-lens": lambda: peers.transformer_lens(**shape),
        "tutorial": lambda: peers.tutorial(**shape),
    }
    from attnviz.training.batch_stream import BatchStream

    theirs: dict[str, peers.Step] = {}
    for peer in limits:
        try:
            theirs[peer] = makers[peer]()
        except peers.Missing as missing:
            yield Skipped(f"{name}/{peer}", str(missing))
    stream = BatchStream(trainer.task, trainer.config.batch_size, seed=1)  # theirs; ours draws its own, as a run does
    variants: dict[str, Callable[[], object]] = {"ours": trainer.step}
    for peer, step in theirs.items():
        variants[peer] = partial(_drawn, step, stream)
    times = in_turns(variants, repeats, warm_up=2, clock=time.process_time)
    for peer, (must, aim) in limits.items():
        if peer in theirs:
            yield paired(
                times,
                "ours",
                peer,
                speed=True,
                name=f"{name}/{peer}",
                what=f"a training step, {trainer.compute}, batch drawn",
                against=f"the same with {peer}",
                must=must,
                aim=aim,
            )
    if not theirs:
        milliseconds = 1e3 * sorted(times["ours"])[len(times["ours"]) // 2]
        yield Figure(
            name=name,
            ratio=1.0,
            what=f"a training step, {trainer.compute}",
            against="itself: no peer is there",
            milliseconds=milliseconds,
            base_milliseconds=milliseconds,
        )


def _drawn(step: Step, stream: BatchStream) -> float:
    """A peer's step on a batch of its own."""
    return step(stream.take())
