"""Generating text one token after another, from one token to a full context, against what people would otherwise run.

Batch 1, nothing ends the text but its length. In CPU time: PyTorch's threads count, other programs do not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from attnviz.bench.figures import Figure, Options, Result, Skipped, in_turns, paired

LAYERS, HEADS, WIDTH, VOCAB = 4, 4, 128, 64
# context → repeats, then must and aim: greedy / nanoGPT, the page's class / nanoGPT
CONTEXTS = {64: (15, (3.0, 6.0), (2.5, 6.0)), 256: (7, (7.0, 14.0), (6.0, 14.0)), 1024: (3, (12.0, 25.0), (10.0, 25.0))}
CACHED = (2.5, 6.0)  # must and aim against Hugging Face's generate with its cache


def generation(options: Options) -> Iterator[Result]:
    """Our `greedy`, and the Decoding page's class with every site's row kept, against nanoGPT and Hugging Face."""
    import torch

    from attnviz.bench import peers
    from attnviz.config import ModelConfig
    from attnviz.data import BOS
    from attnviz.decoding import Decoding, greedy
    from attnviz.model import Transformer

    for context, (repeats, plain, page) in CONTEXTS.items():
        if options.quick and context > min(CONTEXTS):
            continue
        torch.manual_seed(0)
        config = ModelConfig(
            architecture="decoder-only",
            vocab_size=VOCAB,
            d_model=WIDTH,
            n_heads=HEADS,
            n_decoder_layers=LAYERS,
            d_ff=4 * WIDTH,
            max_len=context,
            dropout=0.0,
        )
        model = Transformer(config).eval()
        shape: dict[str, Any] = {"vocab": VOCAB, "layers": LAYERS, "width": WIDTH, "heads": HEADS, "length": context}
        ends: dict[str, Any] = {"bos_id": BOS, "eos_id": None, "max_len": context - 1}

        def ours() -> object:
            return greedy(model, None, **ends)  # noqa: B023  # called in this turn of the loop only

        def stepped() -> object:
            return list(Decoding(model, record=model.sites, **ends))  # noqa: B023

        variants: dict[str, Callable[[], object]] = {"greedy": ours, "page": stepped}
        for name, maker in (
            ("nanogpt", lambda: peers.nanogpt_writer(options.nanogpt, **shape)),  # noqa: B023
            ("gpt2-cached", lambda: peers.hugging_face_writer(**shape)),  # noqa: B023
        ):
            try:
                variants[name] = maker()
            except peers.Missing as missing:
                yield Skipped(f"generation/{context}/{name}", str(missing))
        times = in_turns(variants, options.repeats(repeats, 1), clock=time.process_time)
        for ours_name, peer, (must, aim) in (
            ("greedy", "nanogpt", plain),
            ("page", "nanogpt", page),
            ("greedy", "gpt2-cached", CACHED),
        ):
            if peer in variants:
                yield paired(
                    times,
                    ours_name,
                    peer,
                    speed=True,
                    name=f"generation/{context}/{ours_name}/{peer}",
                    what=f"{context - 1} tokens written"
                    + (", every step's numbers and rows kept, as on the page" if ours_name == "page" else ""),
                    against=f"the same with {peer}",
                    must=must,
                    aim=aim,
                )
        if len(variants) == 2:
            yield _alone(times)


def _alone(times: dict[str, list[float]]) -> Figure:
    return paired(
        times, "page", "greedy", name="generation/page", what="the page's class", against="greedy: no peer is there"
    )
