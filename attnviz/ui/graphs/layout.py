"""Where the nodes of a graph stand: small graphs on a circle, large ones by springs (Fruchterman & Reingold 1991)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

ON_A_CIRCLE = 12  # nodes up to which every edge of a circle can be told from the others
ROUNDS = 300
NEAREST = 0.055  # between two nodes


def places_of(nodes: int, edges: Sequence[tuple[int, int]]) -> Float[np.ndarray, "N 2"]:
    """Positions from 0 to 1, right and down; the same graph always has the same ones."""
    angles = -math.pi / 2 + 2 * math.pi * np.arange(nodes) / max(nodes, 1)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    if nodes <= ON_A_CIRCLE:
        return (circle * 0.5 + 0.5).astype(np.float32)
    joined = np.zeros((nodes, nodes))
    for one, other in edges:
        joined[one, other] = joined[other, one] = 1
    places, length = circle.copy(), 2 / math.sqrt(nodes)
    for turn in range(ROUNDS):
        apart = places[:, None] - places[None]
        distance = np.maximum(np.linalg.norm(apart, axis=-1), 1e-3)
        pushed = (apart / distance[..., None] ** 2).sum(axis=1) * length**2
        pulled = (apart * (joined * distance)[..., None]).sum(axis=1) / length
        force = pushed - pulled
        size = np.maximum(np.linalg.norm(force, axis=-1, keepdims=True), 1e-9)
        places += force / size * np.minimum(size, 0.2 * (1 - turn / ROUNDS))
    low, high = places.min(axis=0), places.max(axis=0)
    return _apart((places - low) / np.maximum(high - low, 1e-9)).astype(np.float32)


def _apart(places: Float[np.ndarray, "N 2"]) -> Float[np.ndarray, "N 2"]:
    """The same with nodes that would cover each other moved apart."""
    for _ in range(ROUNDS):
        away = places[:, None] - places[None]
        distance = np.linalg.norm(away, axis=-1) + np.eye(len(places))
        missing = np.maximum(0, NEAREST - distance)
        if not missing.any():
            break
        places = np.clip(
            places + (away / np.maximum(distance, 1e-6)[..., None] * missing[..., None]).sum(axis=1) / 2, 0, 1
        )
    return places
