"""Benchmarks of the library alone: readable against fused attention, a cache against none, heads against a pass, one
thread against all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

from attnviz.bench.figures import Figure, Options, in_turns, paired

HEADS, HEAD_DIM = 4, 32


# tokens → repeats, then must and aim of a pass after which any head of the batch can be shown
MAPS = {64: (15, 1.2, 1.05), 256: (9, 1.3, 1.05), 1024: (3, 1.5, 1.05)}


def attention(options: Options) -> Iterator[Figure]:
    """Forward passes against the fused one nobody watches: after which one head is made and any other can be, after
    which all heads of the batch are made, and with every step kept."""
    import torch

    from attnviz.data import Batch
    from attnviz.model.inference import inference
    from attnviz.trace import watch

    for length, (repeats, must, aim) in MAPS.items():
        if options.quick and length > 256:
            continue
        model = _model(length)
        ids = torch.randint(4, 60, (4, length), generator=torch.Generator().manual_seed(1))
        batch = Batch(src=None, decoder_input=ids, targets=None)

        def fused() -> None:
            with inference(model, tokens=batch.positions):  # noqa: B023  # called in this turn of the loop only
                model(None, ids)  # noqa: B023

        def one() -> None:
            trace = watch(model, batch, taps=(), unmade=True)  # noqa: B023
            trace[trace.sites[-1]].map(0, 0)

        variants: dict[str, Callable[[], object]] = {
            "fused": fused,
            "maps": one,
            "made": lambda: watch(model, batch, taps=()),  # noqa: B023
            "watched": lambda: watch(model, batch),  # noqa: B023
        }
        times = in_turns(variants, options.repeats(repeats), clock=time.process_time)
        against = "the same with torch's fused attention, nothing kept"
        yield paired(
            times,
            "maps",
            "fused",
            name=f"maps/{length}",
            what=f"forward pass, any head can be shown, one is made, {length} tokens",
            against=against,
            must=must,
            aim=aim,
        )
        yield paired(
            times,
            "made",
            "fused",
            name=f"maps-made/{length}",
            what=f"forward pass, all heads of {len(ids)} texts made, {length} tokens",
            against=against,
        )
        yield paired(
            times,
            "watched",
            "fused",
            name=f"watch/{length}",
            what=f"forward pass, every step of every head kept, {length} tokens",
            against=against,
        )


def cache(options: Options) -> Iterator[Figure]:
    """Generating with and without kept keys and values."""
    from attnviz.data import BOS
    from attnviz.decoding.speed import cache_speed

    for length in (64,) if options.quick else (64, 256):
        speed = cache_speed(_model(length + 8), bos_id=BOS, tokens=length, repeats=options.repeats(3, 1))
        yield Figure(
            name=f"cache/{length}",
            ratio=speed.speedup,
            what=f"tokens per second with a KV cache, {length} tokens",
            against="the same without",
            milliseconds=1e3 * speed.cached_seconds,
            base_milliseconds=1e3 * speed.uncached_seconds,
            must=1.0,
            smaller_is_better=False,
        )


def heads(options: Options) -> Iterator[Figure]:
    """What every head is worth, all heads together, against one forward pass."""
    import torch

    from attnviz.data import Batch
    from attnviz.model.inference import inference
    from attnviz.trace import all_heads, head_importance

    for length in (32, 128):
        model = _model(length)
        ids = torch.randint(4, 60, (1, length + 1), generator=torch.Generator().manual_seed(2))
        batch = Batch(src=None, decoder_input=ids[:, :-1], targets=ids[:, 1:])

        def once() -> None:
            with inference(model, tokens=batch.positions):  # noqa: B023  # called in this turn of the loop only
                model(None, batch.decoder_input)  # noqa: B023

        variants: dict[str, Callable[[], object]] = {
            "pass": once,
            "heads": lambda: head_importance(model, batch),  # noqa: B023
        }
        times = in_turns(variants, options.repeats(15), clock=time.process_time)
        count = len(all_heads(model))
        yield paired(
            times,
            "heads",
            "pass",
            name="head-importance" if length == 32 else f"head-importance/{length}",
            what=f"the loss without each of {count} heads, {length} tokens",
            against="one forward pass",
            must=float(count + 1),
        )


def threads(options: Options) -> Iterator[Figure]:
    """A small pass on one thread, as the app makes it, against all of the CPU's."""
    import torch

    from attnviz.model.inference import inference
    from attnviz.model.threads import is_small

    for length in (64, 128, 256):
        model = _model(length)
        ids = torch.randint(4, 60, (1, length), generator=torch.Generator().manual_seed(3))
        assert is_small(model.parameters(), length), "this row is of small passes"

        def tokens_known(tokens: int) -> None:
            with inference(model, tokens=tokens):  # noqa: B023  # called in this turn of the loop only
                model(None, ids)  # noqa: B023

        variants = {"one": partial(tokens_known, length), "all": partial(tokens_known, 0)}
        yield paired(
            in_turns(variants, options.repeats(25)),
            "one",
            "all",
            name=f"threads/{length}",
            what=f"a pass over {length} tokens on one thread",
            against=f"the same on {torch.get_num_threads()}",
        )


def _model(longest: int):  # type: ignore[no-untyped-def]  # a Transformer; torch is imported only here
    import torch

    from attnviz.config import ModelConfig
    from attnviz.model import Transformer

    torch.manual_seed(0)
    config = ModelConfig(
        architecture="decoder-only",
        vocab_size=64,
        d_model=HEADS * HEAD_DIM,
        n_heads=HEADS,
        n_decoder_layers=4,
        d_ff=4 * HEADS * HEAD_DIM,
        max_len=longest,
        dropout=0.0,
    )
    return Transformer(config).eval()
