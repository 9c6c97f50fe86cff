"""Byte-pair tokens of a text, told from the order of the merges alone (Sennrich et al. 2016)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

# No merge crosses a space or a line end; a longer stretch is merged in parts, so that time grows with the text only.
_STRETCH = re.compile(r" ?[^ \n]{1,400}|[ \n]")


class Merger:
    """Joins neighbours whose union is known, the lowest rank first, the leftmost of equals, until none is left."""

    def __init__(self, ranks: Mapping[str, int]) -> None:
        self.ranks = ranks
        self._known: dict[str, tuple[str, ...]] = {}  # words come again and again

    def tokens(self, text: str) -> list[str]:
        """The pieces; "".join gives the text back. Characters never met stay single."""
        found: list[str] = []
        for stretch in _STRETCH.findall(text):
            pieces = self._known.get(stretch)
            if pieces is None:
                pieces = self._known[stretch] = tuple(self._merged(stretch))
            found += pieces
        return found

    def _merged(self, stretch: str) -> list[str]:
        pieces = list(stretch)
        while len(pieces) > 1:
            ranked = [self.ranks.get(a + b, len(self.ranks)) for a, b in pairwise(pieces)]
            best = min(ranked)
            if best == len(self.ranks):
                break
            joined: list[str] = []
            place = 0
            while place < len(pieces):
                if place < len(ranked) and ranked[place] == best:
                    joined.append(pieces[place] + pieces[place + 1])
                    place += 2
                else:
                    joined.append(pieces[place])
                    place += 1
            pieces = joined
        return pieces
