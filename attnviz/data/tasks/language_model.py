"""Text to continue: cut into windows, each token predicted from those before it."""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar

from attnviz.data.batch import Batch, Pair, collate_prompt, collate_windows
from attnviz.data.hsk import sentences
from attnviz.data.split import split_by_key
from attnviz.data.task import Task
from attnviz.data.tasks.catalogue import INFOS
from attnviz.data.text import characters, clean
from attnviz.data.vocabulary import Vocabulary
from attnviz.errors import InputError


class LanguageModel(Task):
    """Each split is one stream of tokens; an example is a window of it.

    The windows of a split cover its text once, without overlap. Training cuts at other places every epoch.
    """

    defaults: ClassVar[Mapping[str, Any]] = {"seed": 0, "window": 64}
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {"window": range(2, 1025)}

    @abstractmethod
    def texts(self) -> Mapping[str, str]:
        """The text of each split."""

    @cached_property
    def streams(self) -> Mapping[str, list[str]]:
        """The tokens of each split."""
        return {name: self.tokenize(text) for name, text in self.texts().items()}

    def load(self) -> Mapping[str, Sequence[Pair]]:
        return {name: self.windows(stream, 0) for name, stream in self.streams.items()}

    def windows(self, stream: Sequence[str], first: int) -> list[Pair]:
        """The stream in windows; the first has `first` tokens if that is not 0."""
        window = self.options["window"]
        starts = ([0] if first else []) + list(range(first, len(stream), window))
        return [Pair((), tuple(stream[a:b])) for a, b in pairwise([*starts, len(stream)])]

    def epoch(self, split: str, generator: random.Random) -> Sequence[Pair]:
        if split != "train":
            return self.split(split)
        return self.windows(self.streams[split], generator.randrange(self.options["window"]))

    @cached_property
    def src_vocab(self) -> Vocabulary | None:
        return None

    @cached_property
    def max_src_len(self) -> int:
        return 0

    @cached_property
    def max_tgt_len(self) -> int:
        return int(self.options["window"])

    def tokenize(self, text: str) -> list[str]:
        return characters(clean(text))

    def tokenize_target(self, text: str) -> list[str]:
        return self.tokenize(text)

    def encode(self, text: str, target: str | None = None, *, limit: int | None = None) -> Batch:
        """A batch of one: BOS and the text, with room to see what comes after its last token.

        At most `limit` positions (default `max_tgt_len`), BOS included. `target` is not used.
        """
        if not text.strip():
            raise InputError("empty")
        tokens, notices = self._cut(self.tokenize(text), (limit or self.max_tgt_len) - 1, "cut")
        if not tokens:
            raise InputError("empty")
        return collate_prompt(tokens, self.tgt_vocab, notices=notices)

    def collate(self, pairs: Sequence[Pair]) -> Batch:
        return collate_windows([pair.target for pair in pairs], self.tgt_vocab)

    def reference(self, text: str) -> str | None:
        """A text has no one right continuation."""
        return None

    def reference_kind(self, text: str) -> None:
        return None


class EnglishDocumentation(LanguageModel):
    """Python's own documentation topics; paragraphs that occur several times are kept once."""

    info = INFOS["lm-en"]
    examples = (
        "The function",
        "A class definition",
        'If the object is a string, "',
        "for x in range(",
        "When an exception is raised, the",
        "The value of the expression is the result of",
    )

    def texts(self) -> Mapping[str, str]:
        from pydoc_data.topics import topics

        paragraphs = dict.fromkeys(
            paragraph.strip("\n")
            for name in sorted(topics)
            for paragraph in clean(topics[name]).split("\n\n")
            if paragraph.strip()
        )
        keyed = ((paragraph, paragraph) for paragraph in paragraphs)
        shares = split_by_key(keyed, self.options["seed"], validation=0.05, test=0.05)
        return {name: "\n\n".join(share) + "\n" for name, share in shares.items()}


class ChineseSentences(LanguageModel):
    """The HSK sentences, a line each."""

    info = INFOS["lm-zh"]
    examples = ("我喜欢", "今天天气", "他每天早上", "我们一起去", "请问，", "妈妈给我买了一件新衣服，我")

    def texts(self) -> Mapping[str, str]:
        keyed = (("".join(sentence.characters), clean(sentence.text)) for sentence in sentences())
        shares = split_by_key(keyed, self.options["seed"], validation=0.05, test=0.10)
        return {name: "\n".join(share) + "\n" for name, share in shares.items()}
