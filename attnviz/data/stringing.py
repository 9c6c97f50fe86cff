"""Short examples strung together, so that a model trained on phrases also reads longer text."""

from __future__ import annotations

import random
from collections.abc import Sequence

from attnviz.data.batch import Pair


def string_together(
    pairs: Sequence[Pair], max_length: int, generator: random.Random, *, share: float = 0.5
) -> list[Pair]:
    """Each pair once, in random order; about `share` of the results take in more up to a random length.

    No source grows beyond `max_length` tokens; a pair that is longer by itself stays as it is.
    """
    shuffled = list(pairs)
    generator.shuffle(shuffled)
    strung: list[Pair] = []
    room = 0
    for pair in shuffled:
        if strung and len(pair.source) <= room:
            last = strung[-1]
            strung[-1] = Pair(last.source + pair.source, last.target + pair.target)
            room -= len(pair.source)
        else:
            strung.append(pair)
            room = generator.randint(1, max_length) - len(pair.source) if generator.random() < share else 0
    return strung
