"""From raw text to numbers, one step at a time: plain functions of a task and a sentence, no Streamlit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np
from jaxtyping import Float
from torch import Tensor

from attnviz.data import Task, Vocabulary
from attnviz.data.byte_pairs import BytePairs
from attnviz.data.split import SPLITS
from attnviz.data.tasks.language_model import LanguageModel
from attnviz.data.text import characters, clean
from attnviz.data.words import spaced_words

Way = Literal["characters", "words", "pieces"]
WAYS: tuple[Way, ...] = ("characters", "words", "pieces")
LEARNED_FROM = 150_000  # characters of the training text that byte pairs are learned from
PIECES = 600  # byte pairs that are learned at most
SHOWN = 5  # examples of a split


@dataclass(frozen=True)
class Divided:
    """One text taken apart in one way."""

    way: Way
    tokens: tuple[str, ...]
    known: int  # different tokens in the training text
    merges: tuple[str, ...] = ()  # byte pairs: what was joined first


@dataclass(frozen=True)
class Share:
    """One split: how many examples, how many tokens, and the first of them as (source, target)."""

    name: str
    examples: int
    tokens: int
    first: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Splits:
    """The three splits and what they have in common, which must be nothing."""

    shares: tuple[Share, ...]
    in_two: int  # examples that stand in more than one split


@dataclass(frozen=True, eq=False)
class Vectors:
    """One sentence as three kinds of numbers."""

    ids: tuple[int, ...]
    labels: tuple[str, ...]
    bag: tuple[tuple[str, int], ...]  # token and count, the order of the sentence forgotten
    embedding: Float[np.ndarray, "T C"]  # rows of the table W
    error: float  # largest difference between one_hot(id) @ W and W[id]


def raw_lines(task: Task) -> Iterator[str]:
    """The training text as it is read, line by line; of pairs, the source."""
    if isinstance(task, LanguageModel):
        yield from task.texts()["train"].splitlines()
    else:
        for pair in task.split("train"):
            yield task.detokenize_source(pair.source)


def learned_text(task: Task) -> list[str]:
    """The beginning of the training text that fits into LEARNED_FROM characters."""
    lines, room = [], LEARNED_FROM
    for line in raw_lines(task):
        if room <= 0:
            break
        lines.append(line[:room])
        room -= len(line)
    return lines


def learn_pieces(task: Task) -> BytePairs:
    """Byte pairs of this task's training text."""
    return BytePairs.learn(learned_text(task), PIECES)


def cleaned(text: str) -> tuple[str, tuple[str, ...]]:
    """The text after cleaning, and the different characters that cleaning took out or replaced, as code points."""
    result = clean(text)
    gone = Counter(text) - Counter(result)
    return result, tuple(f"U+{ord(character):04X}" for character in gone)


def divide(text: str, lines: Iterable[str], pieces: BytePairs) -> tuple[Divided, ...]:
    """The text as characters, words and byte pairs; how many of each are known is counted over `lines`."""
    text = clean(text)
    whole = list(lines)
    return (
        Divided("characters", tuple(characters(text)), len({one for line in whole for one in characters(line)})),
        Divided("words", tuple(spaced_words(text)), len({one for line in whole for one in spaced_words(line)})),
        Divided("pieces", tuple(pieces.encode(text)), len(pieces), tuple(pieces.merges(12))),
    )


def splits(task: Task) -> Splits:
    """Sizes, first examples and overlap of the three splits."""
    shares, seen = [], []
    for name in SPLITS:
        pairs = task.split(name)
        first = tuple((task.detokenize_source(one.source), task.detokenize(one.target)) for one in islice(pairs, SHOWN))
        shares.append(Share(name, len(pairs), sum(len(one.source) + len(one.target) for one in pairs), first))
        seen.append({(one.source, one.target) for one in pairs})
    in_two = sum(len(a & b) for i, a in enumerate(seen) for b in seen[i + 1 :])
    return Splits(tuple(shares), in_two)


def counts(task: Task, side: Literal["source", "target"]) -> Counter[str]:
    """How often each token stands in the training split."""
    found: Counter[str] = Counter()
    for pair in task.split("train"):
        found.update(getattr(pair, side))
    return found


def vocabulary_rows(vocabulary: Vocabulary, counted: Mapping[str, int], text: str = "") -> list[tuple[int, str, int]]:
    """(id, token, count), the most frequent first; with a `text`, only the tokens that contain it."""
    rows = ((number, token, counted.get(token, 0)) for number, token in enumerate(vocabulary.tokens))
    return sorted((row for row in rows if text in row[1]), key=lambda row: -row[2])


def vectors(tokens: list[str], vocabulary: Vocabulary, table: Float[Tensor, "V C"]) -> Vectors:
    """One-hot, bag of words and embedding of a sentence; `table` is the model's W."""
    ids = vocabulary.encode(tokens)
    weights = table.detach().cpu().float().numpy()
    one_hot = np.zeros((len(ids), len(weights)), dtype=np.float32)
    one_hot[np.arange(len(ids)), ids] = 1
    product, rows = one_hot @ weights, weights[ids]
    bag = Counter(vocabulary.tokens[number] for number in ids)
    return Vectors(
        ids=tuple(ids),
        labels=tuple(tokens),
        bag=tuple(sorted(bag.items(), key=lambda item: (-item[1], item[0]))),
        embedding=rows,
        error=float(np.abs(product - rows).max()) if ids else 0.0,
    )
