"""What a beam search has looked at, as a tree of values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from attnviz.decoding.step import Reason

State = Literal["living", "finished", "dropped"]
Halt = Literal["full", "settled", "length"]


@dataclass(frozen=True, kw_only=True)
class BeamNode:
    """A text: its last token, and the node that it continues."""

    id: int  # its place in `BeamTree.nodes`
    token: int
    state: State  # as the step that made it left it: living went on, finished is complete, dropped was not kept
    parent: int | None = None  # None: the root, which stands for BOS and the prefix
    position: int = -1  # of the token after the prefix, from 0; −1 at the root
    log_probability: float = 0.0  # of the token after its parent's text, nats
    score: float = 0.0  # sum of log_probability from the root to here
    normalised: float = 0.0  # score / (tokens after the prefix) ** length_penalty
    reason: Reason | None = None  # why a finished text ends
    rows: Mapping[str, NDArray[np.float32]] = field(default_factory=dict, compare=False, repr=False)
    """By recorded site the weights (H, S) of the query that predicted the token; siblings share them."""


@dataclass(frozen=True, kw_only=True)
class BeamTree:
    """The search after some step; an earlier tree is the same search before."""

    prefix: tuple[int, ...]
    nodes: tuple[BeamNode, ...]
    new: tuple[int, ...]  # nodes that this step looked at, the best first
    living: tuple[int, ...]  # nodes that the next step continues, the best first
    finished: tuple[int, ...]  # the best complete texts so far, best normalised score first
    reason: Halt | None  # full: enough texts are complete; settled: no living one can overtake; length: the limit

    def path(self, node: int) -> tuple[BeamNode, ...]:
        """From the first token after the prefix to `node`, the root left out."""
        found: list[BeamNode] = []
        at = self.nodes[node]
        while at.parent is not None:
            found.append(at)
            at = self.nodes[at.parent]
        return tuple(reversed(found))

    def tokens(self, node: int) -> tuple[int, ...]:
        """The text that ends in `node`: the prefix and the path, without BOS."""
        return (*self.prefix, *(step.token for step in self.path(node)))

    @property
    def best(self) -> int:
        """The best complete text; while there is none, the best living one."""
        return self.finished[0] if self.finished else self.living[0]
