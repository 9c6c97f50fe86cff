"""Attention rollout (Abnar & Zuidema 2020): weights followed through all layers, residual connections included.

Each layer passes on half of what a position held (the residual) and half of what its heads, averaged, fetched. It is
a picture of possible flow, not a measurement of effect: see `ablation` and `leakage` for those.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from attnviz.trace.record import Trace


@dataclass(frozen=True, eq=False)
class Rollout:
    """Shares that each position holds of the inputs after each layer; None where the model has no such part.

    Rows of `encoder` sum to 1. A decoder position holds shares of the decoder's own inputs and, through
    cross-attention, of the source: rows of `decoder` and `source` together sum to 1.
    """

    encoder: Float[np.ndarray, "L B S S"] | None
    decoder: Float[np.ndarray, "L2 B T T"] | None
    source: Float[np.ndarray, "L2 B T S"] | None

    @property
    def source_share(self) -> Float[np.ndarray, "L2 B T S"]:
        """`source` alone, rows scaled to sum to 1: where in the source what came from the source stood."""
        if self.source is None:
            raise ValueError("this model has no cross-attention")
        total = self.source.sum(axis=-1, keepdims=True)
        found: Float[np.ndarray, "L2 B T S"] = np.divide(
            self.source, total, out=np.zeros_like(self.source), where=total > 0
        )
        return found


def residual_mix(weights: Float[np.ndarray, "B H T S"]) -> tuple[np.ndarray, np.ndarray]:
    """(kept, fetched): what a layer keeps of each position, (B, T, 1), and fetches, (B, T, S); together rows of 1.

    Half and half, normalised: a row with no weight at all (fully blocked) keeps everything.
    """
    average = weights.mean(axis=1)
    total = 0.5 + 0.5 * average.sum(axis=-1, keepdims=True)
    return 0.5 / total, 0.5 * average / total


def _itself(batch: int, length: int) -> np.ndarray:
    return np.broadcast_to(np.eye(length, dtype=np.float32), (batch, length, length))


def rollout(weights: Float[np.ndarray, "L B H T S"]) -> Float[np.ndarray, "L B T T"]:
    """Self-attention rollout after each layer: the product over layers of ½·A + ½·I; rows sum to 1."""
    if weights.shape[-1] != weights.shape[-2]:
        raise ValueError(f"weights are {weights.shape[-2:]}; only self-attention, T = S, can be multiplied up")
    states = []
    state: np.ndarray = _itself(weights.shape[1], weights.shape[-1])
    for layer in weights:
        kept, fetched = residual_mix(layer)
        state = kept * state + fetched @ state
        states.append(state)
    return np.stack(states)


def trace_rollout(trace: Trace) -> Rollout:
    """Rollout through a whole watched model; every attention must have been watched."""
    encoder = rollout(trace.weights("encoder_self")) if "encoder_self" in trace.kinds else None
    if "decoder_self" not in trace.kinds:
        return Rollout(encoder=encoder, decoder=None, source=None)
    own = trace.weights("decoder_self")
    if trace.batch.src is None:
        return Rollout(encoder=encoder, decoder=rollout(own), source=None)
    crossing = trace.weights("cross")
    _, batch, _, length, sources = crossing.shape
    memory = _itself(batch, sources) if encoder is None else encoder[-1]
    decoder = _itself(batch, length)
    source: np.ndarray = np.zeros((batch, length, sources), dtype=np.float32)
    decoders, found = [], []
    for self_weights, cross_weights in zip(own, crossing, strict=True):
        kept, fetched = residual_mix(self_weights)
        decoder, source = kept * decoder + fetched @ decoder, kept * source + fetched @ source
        kept, fetched = residual_mix(cross_weights)
        decoder, source = kept * decoder, kept * source + fetched @ memory
        decoders.append(decoder)
        found.append(source)
    return Rollout(encoder=encoder, decoder=np.stack(decoders), source=np.stack(found))
