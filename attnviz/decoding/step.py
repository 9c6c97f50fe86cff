"""One step of decoding, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Reason = Literal["eos", "length"]


@dataclass(frozen=True)
class Alternative:
    """A token that could have been next."""

    token: int
    probability: float  # what the model says: softmax(logits)
    chance: float  # what was drawn from: after penalty, temperature, top-k and top-p


@dataclass(frozen=True, kw_only=True)
class DecodingStep:
    """How one token came to be. Probabilities are the model's own; chances are what the choice made of them."""

    position: int  # of the token in the text, from 0; also the row of the query in the decoder
    fed: int  # the decoder's newest input, which the logits were read from: BOS or the token before
    token: int
    tokens: tuple[int, ...]  # the text up to and including this token, without BOS
    alternatives: tuple[Alternative, ...]  # the most probable tokens, the most probable first
    probability: float  # of the token
    chance: float
    rank: int  # of the token among all by probability, from 0
    log_probability: float  # ln probability, nats
    cumulative: float  # sum of log_probability over the text so far
    entropy: float  # of the model's distribution, nats
    chance_entropy: float  # of the distribution drawn from, nats
    draw: float | None  # the random number in [0, 1) that decided; None if nothing was drawn
    forced: bool  # the token was given, not chosen
    reason: Reason | None  # why decoding stops after this token; None: it goes on
    reused: Mapping[str, int] = field(compare=False)  # by site: leading keys that came out of the cache
    rows: Mapping[str, NDArray[np.float32]] = field(compare=False, repr=False)  # by recorded site: weights (H, S)
