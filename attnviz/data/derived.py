"""A task with other examples, other vocabularies or another way to be read; the task it comes from is left as it is."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from attnviz.data.batch import Pair
from attnviz.data.split import SPLITS, rank
from attnviz.data.task import Augment, Task
from attnviz.data.vocabulary import Vocabulary


def derive(
    task: Task,
    *,
    splits: Mapping[str, Sequence[Pair]] | None = None,
    vocabularies: tuple[Vocabulary | None, Vocabulary] | None = None,
    lengths: tuple[int, int] | None = None,
    options: Mapping[str, Any] | None = None,
    augment: Augment | None = None,
) -> Task:
    """A copy of `task` with these things replaced; None keeps the task's own.

    With other `splits`, an epoch shows the training examples as they are. `lengths` are `max_src_len`, `max_tgt_len`.
    """
    made = copy.copy(task)
    made.options = {**task.options, **(options or {})}
    if splits is not None:
        missing = set(SPLITS) - set(splits)
        made.__dict__["_splits"] = {**splits, **{name: task.split(name) for name in missing}}
        made.kept = {}
        made.plain_epochs = True
    src_vocab, tgt_vocab = vocabularies or (task.src_vocab, task.tgt_vocab)
    max_src_len, max_tgt_len = lengths or (task.max_src_len, task.max_tgt_len)
    made.freeze(src_vocab, tgt_vocab, max_src_len, max_tgt_len)
    if augment is not None:
        made.augment = augment
    return made


def example_key(pair: Pair) -> str:
    """What makes two examples the same: their source; of a language model, their text."""
    return "\x1f".join(pair.source or pair.target)


def chosen(pairs: Sequence[Pair], count: int, seed: int) -> list[Pair]:
    """`count` examples (0: all) that the seed decides; more with the same seed hold those of fewer."""
    if not count:
        return list(pairs)
    return sorted(pairs, key=lambda pair: rank(example_key(pair), seed))[:count]


def folded(pairs: Sequence[Pair], folds: int, fold: int, seed: int) -> tuple[list[Pair], list[Pair]]:
    """(training, held out) examples of fold number `fold`; all examples of one source are in the same fold."""
    keys = sorted({example_key(pair) for pair in pairs}, key=lambda key: rank(key, seed))
    held = set(keys[fold::folds])
    return [p for p in pairs if example_key(p) not in held], [p for p in pairs if example_key(p) in held]
