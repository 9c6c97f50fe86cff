"""What the makers of a model say about its texts: how one begins, what ends it, what is never said."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

Ends: TypeAlias = "int | Collection[int] | None"  # token ids after which a text is complete; None: only its length


@dataclass(frozen=True)
class Rules:
    """Token ids that a text is made by."""

    first: int  # what the decoder reads first; it is no part of the text
    ends: frozenset[int] = frozenset()
    begins: tuple[int, ...] = ()  # what every text begins with, such as the name of a language
    never: frozenset[int] = frozenset()  # what is never chosen

    def best(self, logits: Float[Tensor, " V"]) -> int:
        """The most likely token of those that may be chosen."""
        return int(without(logits, self.never).argmax())


def end_ids(ends: Ends) -> frozenset[int]:
    """One end, several or none as a set."""
    if ends is None:
        return frozenset()
    return frozenset({ends}) if isinstance(ends, int) else frozenset(ends)


def without(logits: Float[Tensor, "*B V"], never: Collection[int]) -> Float[Tensor, "*B V"]:
    """The same with −∞ at the tokens of `never`."""
    return logits.index_fill(-1, torch.tensor(sorted(never), device=logits.device), -torch.inf) if never else logits
