"""Shipped models on example sentences, looked at once for all lessons."""

from __future__ import annotations

from functools import cache

import numpy as np

from attnviz.api import load
from attnviz.data import Batch, Task
from attnviz.model import Transformer
from attnviz.trace import TokenEffects, Trace, token_effects, watch


@cache
def model_of(name: str) -> tuple[Transformer, Task]:
    """A shipped model and its task."""
    return load(name)


@cache
def batch_of(name: str, example: int) -> Batch:
    """An example of a shipped model (from 1), with the reference as target where one is known."""
    _, task = model_of(name)
    text = task.examples[example - 1]
    batch = task.encode(text)
    if batch.decoder_input is None:
        answer = task.answer(batch.src_labels[0][:-1])
        assert answer is not None, f"a lesson needs an example with a reference, not {text!r}"
        batch = task.encode(text, answer[0])
    return batch


@cache
def trace_of(name: str, example: int) -> Trace:
    """One watched pass over it."""
    return watch(model_of(name)[0], batch_of(name, example))


@cache
def effects_of(name: str, example: int) -> TokenEffects:
    """What each head switched off alone changes in it."""
    return token_effects(model_of(name)[0], batch_of(name, example))


def head_of(site: str, head: int) -> str:
    """A head as the pages write it: L2 H2."""
    return f"L{int(site.split('.')[1]) + 1} H{head + 1}"


def aligned(name: str, example: int) -> tuple[str, float]:
    """The cross-attention head whose largest weights lie on the diagonal most often, and that share of its rows."""
    trace = trace_of(name, example)
    best = ("", -1.0)
    for site in trace.sites_of("cross"):
        weights = trace[site].weights[0]
        rows = np.arange(min(weights.shape[1:]))
        for head in range(len(weights)):
            share = float((weights[head, rows].argmax(-1) == rows).mean())
            best = max(best, (head_of(site, head), share), key=lambda found: found[1])
    return best
