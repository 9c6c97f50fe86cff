"""A new task's tokens and the old model's numbers for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from attnviz.config import NewTokens
from attnviz.data import SPECIALS, Vocabulary
from attnviz.errors import FineTuneError

LEAST_KNOWN = 0.2  # share of the token occurrences below which a model has nothing to say about a text
_SHOWN = 5


@dataclass(frozen=True)
class Fit:
    """How an old vocabulary fits new data."""

    vocabulary: Vocabulary  # the old one, with the new tokens behind it where they are to be learned
    new: tuple[str, ...]  # tokens of the data that the old one lacks, most frequent first
    known: float  # share of the token occurrences that the old one knows


def fit_vocabulary(
    old: Vocabulary,
    texts: Iterable[Sequence[str]],
    allowed: Vocabulary,
    policy: NewTokens,
    *,
    model: str,
    least: float = LEAST_KNOWN,
) -> Fit:
    """Fit `old` to token sequences. Only tokens that `allowed` holds are learned.

    Raises FineTuneError: "finetune_vocabulary" when less than `least` is known, "finetune_new_tokens" when `policy`
    is "refuse" and something is not.
    """
    counts: Counter[str] = Counter(token for text in texts for token in text)
    for special in SPECIALS:
        counts.pop(special, None)
    total = sum(counts.values())
    known = sum(n for token, n in counts.items() if token in old) / max(total, 1)
    new = tuple(token for _, token in sorted((-n, token) for token, n in counts.items() if token not in old))
    shown = " ".join(repr(token) for token in new[:_SHOWN])
    if total and known < least:
        raise FineTuneError(
            "finetune_vocabulary", model=model, known=round(100 * known), missing=shown, need=round(100 * least)
        )
    if new and policy == "refuse":
        raise FineTuneError("finetune_new_tokens", model=model, count=len(new), missing=shown)
    learned = tuple(token for token in new if token in allowed) if policy == "extend" else ()
    return Fit(Vocabulary(old.tokens + learned) if learned else old, new, known)
