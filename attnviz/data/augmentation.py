"""More training examples from the ones there are: changes that leave the right answer known."""

from __future__ import annotations

import random
from collections.abc import Sequence

from attnviz.config import Augmentation
from attnviz.data.batch import Pair
from attnviz.data.task import Augment, Task
from attnviz.data.tasks.labels import LabelTask
from attnviz.data.tasks.symbols import LETTERS, Sort, SymbolTask
from attnviz.data.vocabulary import SPECIALS, UNK
from attnviz.errors import InputError

HIDDEN = 0.15  # share of the source tokens of an example that "hide" covers
_LOOKED_AT = 50  # examples by which a task is judged


def augmentations_of(task: Task) -> tuple[Augmentation, ...]:
    """Those that keep this task's answers right, "none" first.

    "join": two examples one after the other, where each target token belongs to the source token at its place.
    "rename": letters exchanged, the same ones in source and target, where the rule knows no letter by name.
    "hide": some source tokens become <unk>, where the answer can do without each of them.
    """
    found: list[Augmentation] = ["none"]
    if task.info.kind == "lm":
        return tuple(found)
    sample = task.split("train")[:_LOOKED_AT]
    places = [(task.alignment(pair), tuple(range(len(pair.target)))) for pair in sample]
    if all(alignment == straight for alignment, straight in places) and any(len(p.target) > 1 for p in sample):
        found.append("join")
    if isinstance(task, SymbolTask):
        found += [] if isinstance(task, Sort) else ["rename"]
    elif isinstance(task, LabelTask):
        found.append("hide")
    return tuple(found)


def augmentation(task: Task, name: Augmentation, share: float) -> Augment | None:
    """The change called `name` of about `share` of an epoch's examples; InputError if it would spoil the answers."""
    allowed = augmentations_of(task)
    if name not in allowed:
        raise InputError("bad_option", name="augmentation", value=name, allowed=", ".join(allowed))
    match name:
        case "none":
            return None
        case "join":
            room = task.max_src_len - 1
            return lambda pairs, generator: [
                _joined(pair, generator.choice(pairs), room) if generator.random() < share else pair for pair in pairs
            ]
        case "rename":
            letters = sorted({token for token in task.tgt_vocab.tokens if token in LETTERS} or _source_letters(task))
            return lambda pairs, generator: [
                _renamed(pair, letters, generator) if generator.random() < share else pair for pair in pairs
            ]
        case "hide":
            return lambda pairs, generator: [
                _hidden(pair, generator) if generator.random() < share else pair for pair in pairs
            ]


def _source_letters(task: Task) -> set[str]:
    return {token for token in task.src_vocab.tokens if token in LETTERS} if task.src_vocab is not None else set()


def _joined(first: Pair, second: Pair, room: int) -> Pair:
    if len(first.source) + len(second.source) > room:
        return first
    return Pair(first.source + second.source, first.target + second.target)


def _renamed(pair: Pair, letters: Sequence[str], generator: random.Random) -> Pair:
    others = dict(zip(letters, generator.sample(letters, len(letters)), strict=True))
    return Pair(tuple(others.get(t, t) for t in pair.source), tuple(others.get(t, t) for t in pair.target))


def _hidden(pair: Pair, generator: random.Random) -> Pair:
    source = tuple(SPECIALS[UNK] if generator.random() < HIDDEN else token for token in pair.source)
    return Pair(source, pair.target)
