"""A text that somebody expects, confirmed by one pass instead of one a token.

Greedy decoding says the same as the guess where, fed the guess, the model finds each of its tokens most likely: the
check of speculative decoding (Leviathan et al. 2023, arXiv:2211.17192), with a guess that costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from attnviz.decoding.rules import Rules
from attnviz.decoding.session import DecoderSession
from attnviz.model import SILENT, Probe, WatchedModel


def confirmed(
    model: WatchedModel, src: Int[Tensor, "1 S"], guess: Sequence[int], rules: Rules, *, probe: Probe = SILENT
) -> tuple[tuple[int, ...], int] | None:
    """The tokens that greedy decoding says and the end that it comes to, if they are those of the guess or of its
    beginning; else None: then nobody knows yet."""
    session = DecoderSession(model, src, probe=probe, use_cache=False)
    logits = session.feed(torch.tensor([[rules.first, *guess]]))[0]
    for place, row in enumerate(logits):
        said = rules.begins[place] if place < len(rules.begins) else rules.best(row)
        if said in rules.ends:
            return tuple(guess[:place]), said
        if place == len(guess) or said != guess[place]:
            return None
    return None
