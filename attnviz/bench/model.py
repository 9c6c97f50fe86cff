"""Benchmarks of the library alone: readable against fused attention, a cache against none, heads against a pass."""

from __future__ import annotations

from collections.abc import Iterator

from attnviz.bench.figures import Figure, Options, compared, medians

HEADS, HEAD_DIM = 4, 32


def attention(options: Options) -> Iterator[Figure]:
    """A forward pass with every step of every head kept, against the fused one that nobody watches."""
    import torch

    from attnviz.data import Batch
    from attnviz.model.inference import inference
    from attnviz.trace import watch

    for length in (64, 256):
        model = _model(length)
        ids = torch.randint(4, 60, (4, length), generator=torch.Generator().manual_seed(1))
        batch = Batch(src=None, decoder_input=ids, targets=None)

        def fused() -> None:
            with inference(model):  # noqa: B023  # called in this turn of the loop only
                model(None, ids)  # noqa: B023

        times = medians({"fused": fused, "watched": lambda: watch(model, batch)}, options.repeats(15))  # noqa: B023
        yield compared(
            times,
            "watched",
            "fused",
            name=f"watch/{length}",
            what=f"forward pass, every step of every head kept, {length} tokens",
            against="the same with torch's fused attention, nothing kept",
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

    model = _model(32)
    ids = torch.randint(4, 60, (1, 33), generator=torch.Generator().manual_seed(2))
    batch = Batch(src=None, decoder_input=ids[:, :-1], targets=ids[:, 1:])

    def once() -> None:
        with inference(model):
            model(None, batch.decoder_input)

    times = medians({"pass": once, "heads": lambda: head_importance(model, batch)}, options.repeats(15))
    count = len(all_heads(model))
    yield compared(
        times,
        "heads",
        "pass",
        name="head-importance",
        what=f"the loss without each of {count} heads, 32 tokens",
        against="one forward pass",
        must=float(count + 1),
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
