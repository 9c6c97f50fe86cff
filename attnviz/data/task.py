"""What every task has in common: a seeded split, vocabularies, batches, and encoding what people type."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from attnviz.data.batch import Batch, Pair, collate_pairs, collate_sources
from attnviz.data.info import TaskInfo
from attnviz.data.split import SPLITS, fingerprint
from attnviz.data.text import characters, clean
from attnviz.data.vocabulary import Vocabulary
from attnviz.errors import InputError, Notice

ReferenceKind = Literal["exact", "dictionary"]
Augment = Callable[[Sequence[Pair], random.Random], Sequence[Pair]]
BUCKET = 32  # batches whose examples are sorted by length together


class Task(ABC):
    """A way from text to tensors and back, with data to train on.

    Options are keyword arguments, JSON values only. A task made by `restore` has its vocabularies and lengths
    given and reads its data only when a split is asked for.
    """

    info: TaskInfo
    defaults: ClassVar[Mapping[str, Any]] = {"seed": 0}
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {}  # an option's values: a range or a tuple of choices
    examples: tuple[str, ...] = ()
    plain_epochs = False  # an epoch shows the training examples themselves, whatever `epoch` makes of them
    kept: Mapping[str, Sequence[Pair]] = MappingProxyType({})  # splits as a model was measured on them: see `keep`
    augment: Augment | None = None  # changes the training examples of an epoch; it may draw from the generator

    def __init__(self, **options: Any) -> None:
        for name in options:
            if name not in self.defaults:
                known = ", ".join(self.defaults)
                raise InputError("unknown_option", task=self.info.name, name=name, known=known)
        self.options: dict[str, Any] = {**self.defaults, **options}
        for name, value in self.options.items():
            self._check_option(name, value)
        self.notices: tuple[Notice, ...] = ()

    def _check_option(self, name: str, value: Any) -> None:
        choices = self.allowed.get(name, range(2**31) if name == "seed" else None)
        if choices is None:
            return
        kinds = {type(choice) for choice in choices[:1]}
        if type(value) not in kinds or value not in choices:
            shown = f"{choices[0]} to {choices[-1]}" if isinstance(choices, range) else ", ".join(map(str, choices))
            raise InputError("bad_option", name=name, value=value, allowed=shown)

    def _check_order(self, small: str, large: str) -> None:
        if self.options[small] > self.options[large]:
            allowed = f"at least {small} ({self.options[small]})"
            raise InputError("bad_option", name=large, value=self.options[large], allowed=allowed)

    # ---- data -------------------------------------------------------------------------------------------

    @abstractmethod
    def load(self) -> Mapping[str, Sequence[Pair]]:
        """Read or generate the three splits."""

    @cached_property
    def _splits(self) -> Mapping[str, Sequence[Pair]]:
        return self.load()

    def split(self, name: str) -> Sequence[Pair]:
        """The examples of "train", "validation" or "test"."""
        return self.kept[name] if name in self.kept else self.live_split(name)

    def live_split(self, name: str) -> Sequence[Pair]:
        """The examples of a split as the data that are installed here give them, whatever is kept."""
        if name not in SPLITS:
            raise InputError("unknown_split", name=name)
        return self._splits[name]

    def keep(self, splits: Mapping[str, Sequence[Pair]]) -> None:
        """From now on a split named here is exactly these examples, whatever the installed data say."""
        self.kept = dict(splits)

    @cached_property
    def src_vocab(self) -> Vocabulary | None:
        """Tokens of the sources of the training split; None for a language model."""
        return Vocabulary.build(pair.source for pair in self.split("train"))

    @cached_property
    def tgt_vocab(self) -> Vocabulary:
        """Tokens of the targets of the training split."""
        return Vocabulary.build(pair.target for pair in self.split("train"))

    @cached_property
    def max_src_len(self) -> int:
        """Positions that the longest source takes, EOS included; what people type is cut to it."""
        return 1 + max(len(pair.source) for name in SPLITS for pair in self.split(name))

    @cached_property
    def max_tgt_len(self) -> int:
        """Positions that the longest decoder input takes, BOS included."""
        return 1 + max(len(pair.target) for name in SPLITS for pair in self.split(name))

    def fingerprint(self, split: str) -> str:
        """16 hex digits of a split's content.

        Several corpora come with other packages (and one with Python itself) and change with their versions.
        """
        return fingerprint(self.split(split))

    def alignment(self, pair: Pair) -> tuple[int | None, ...] | None:
        """For each target token the index of the source token it comes from; None where nobody can say."""
        return None

    # ---- text and tokens --------------------------------------------------------------------------------

    def tokenize(self, text: str) -> list[str]:
        """Source tokens of a text (of a language model: its tokens)."""
        return [token for token in characters(clean(text)) if not token.isspace()]

    def tokenize_target(self, text: str) -> list[str]:
        """Target tokens of a text."""
        return characters(clean(text))

    def detokenize(self, tokens: Sequence[str]) -> str:
        """Text of target tokens."""
        return "".join(tokens)

    def detokenize_source(self, tokens: Sequence[str]) -> str:
        """Text of source tokens."""
        return "".join(tokens)

    def reference(self, text: str) -> str | None:
        """The right answer, if it is known. Too long a text is cut as `encode` cuts it."""
        found = self._reference(text)
        return None if found is None else found[0]

    def reference_kind(self, text: str) -> ReferenceKind | None:
        """ "exact": computed or from the corpus; "dictionary": looked up word by word, usually but not always right."""
        found = self._reference(text)
        return None if found is None else found[1]

    def _reference(self, text: str) -> tuple[str, ReferenceKind] | None:
        source, _ = self._cut(self.tokenize(text), self.max_src_len - 1, "cut")
        return self.answer(source) if source else None

    def answer(self, source: Sequence[str]) -> tuple[str, ReferenceKind] | None:
        """The right answer to source tokens and how sure it is."""
        return None

    @staticmethod
    def _cut(tokens: list[str], limit: int, code: str) -> tuple[list[str], tuple[Notice, ...]]:
        if len(tokens) <= limit:
            return tokens, ()
        return tokens[:limit], (Notice(code, {"kept": limit, "given": len(tokens)}),)

    # ---- batches ----------------------------------------------------------------------------------------

    def encode(self, text: str, target: str | None = None, *, limit: int | None = None) -> Batch:
        """A batch of one from typed text; without `target`, decoder_input and targets are None.

        At most `limit` positions (default: `max_src_len`, `max_tgt_len`) are kept and a notice says what was cut.
        Raises InputError("empty") when no token is left.
        """
        assert self.src_vocab is not None
        source, notices = self._cut(self.tokenize(text), (limit or self.max_src_len) - 1, "cut")
        if not source:
            raise InputError("empty")
        if target is None:
            return collate_sources([source], self.src_vocab, notices=notices)
        wanted, more = self._cut(self.tokenize_target(target), (limit or self.max_tgt_len) - 1, "cut_target")
        pair = Pair(tuple(source), tuple(wanted))
        return collate_pairs([pair], self.src_vocab, self.tgt_vocab, notices=notices + more)

    def collate(self, pairs: Sequence[Pair]) -> Batch:
        """A batch of these examples."""
        assert self.src_vocab is not None
        return collate_pairs(pairs, self.src_vocab, self.tgt_vocab)

    def epoch(self, split: str, generator: random.Random) -> Sequence[Pair]:
        """The examples of one pass over a split, in any order."""
        return self.split(split)

    def batches(
        self, split: str, batch_size: int, seed: int = 0, *, epochs: int | None = 1, shuffle: bool = True
    ) -> Iterator[Batch]:
        """Every example once an epoch, those of similar length together; the seed decides the order.

        epochs=None never ends. Without `shuffle` the order is the split's own.
        """
        done = 0
        while epochs is None or done < epochs:
            generator = random.Random(f"{self.info.name} {split} {seed} {done}")
            pairs = list(self.epoch(split, generator) if shuffle and not self.plain_epochs else self.split(split))
            if self.augment is not None and shuffle and split == "train":
                pairs = list(self.augment(pairs, generator))
            starts = range(0, len(pairs), batch_size)
            chunks = [pairs[i : i + batch_size] for i in starts]
            if shuffle:
                chunks = _bucketed(pairs, batch_size, generator)
            for chunk in chunks:
                yield self.collate(chunk)
            done += 1

    # ---- checkpoints ------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """What a checkpoint must keep (JSON): `tasks.restore(**state)` encodes exactly as this task does."""
        return {
            "name": self.info.name,
            "options": dict(self.options),
            "src_vocab": None if self.src_vocab is None else list(self.src_vocab.tokens),
            "tgt_vocab": list(self.tgt_vocab.tokens),
            "max_src_len": self.max_src_len,
            "max_tgt_len": self.max_tgt_len,
        }

    def freeze(self, src_vocab: Vocabulary | None, tgt_vocab: Vocabulary, max_src_len: int, max_tgt_len: int) -> None:
        """Use these instead of what the data would give."""
        # cached_property keeps its value in the instance's dictionary, so this is where a given one goes.
        self.__dict__.update(src_vocab=src_vocab, tgt_vocab=tgt_vocab, max_src_len=max_src_len, max_tgt_len=max_tgt_len)


def _bucketed(pairs: list[Pair], batch_size: int, generator: random.Random) -> list[list[Pair]]:
    generator.shuffle(pairs)
    size = batch_size * BUCKET
    batches: list[list[Pair]] = []
    for start in range(0, len(pairs), size):
        bucket = sorted(pairs[start : start + size], key=lambda pair: (len(pair.source), len(pair.target)))
        batches += [bucket[i : i + batch_size] for i in range(0, len(bucket), batch_size)]
    generator.shuffle(batches)
    return batches
