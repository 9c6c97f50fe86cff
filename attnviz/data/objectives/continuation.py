"""A text's beginning as source and its continuation as target, for an encoder and a decoder."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import ClassVar

from attnviz.data.batch import Pair
from attnviz.data.objectives.view import View
from attnviz.language import Text


class ContinuationView(View):
    """source: the beginning, a quarter to three quarters of the text; target: the rest."""

    objective = "seq2seq"
    kind = "seq2seq"
    title: ClassVar[Text] = Text("续写", "continuation")

    def example(self, tokens: Sequence[str], generator: random.Random) -> Pair | None:
        if len(tokens) < 2:
            return None
        quarter = len(tokens) // 4
        place = generator.randint(max(1, quarter), min(len(tokens) - 1, len(tokens) - quarter))
        return Pair(tuple(tokens[:place]), tuple(tokens[place:]))
