"""The user's own file as a task: a text for a language model, or a CSV of pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from attnviz.data.batch import Pair
from attnviz.data.file_encoding import ENCODINGS
from attnviz.data.info import TaskInfo
from attnviz.data.merging import Merger
from attnviz.data.records import tabbed
from attnviz.data.split import SPLITS, split_by_key
from attnviz.data.task import ReferenceKind, Task
from attnviz.data.tasks.catalogue import INFOS
from attnviz.data.tasks.language_model import LanguageModel
from attnviz.data.text import characters, clean
from attnviz.data.user_file import opened
from attnviz.data.user_table import CHOICES, LAYOUT_DEFAULTS, Layout, read_table
from attnviz.data.vocabulary import SPECIALS, Vocabulary
from attnviz.data.words import fitting_tokens, joined_words, spaced_words, words
from attnviz.errors import InputError, Notice
from attnviz.language import same

MIN_CHARACTERS = 300
MAX_CHARACTERS = 2_000_000
MIN_SOURCES = 10
TOKENS = ("characters", "words")


class UserText(LanguageModel):
    """A language model of the user's text, split by blocks of lines."""

    info = INFOS["user-text"]
    defaults: ClassVar[Mapping[str, Any]] = {
        "seed": 0,
        "window": 64,
        "tokens": "characters",
        "max_vocab": 8_000,
        "pieces": 1_000,  # byte-pair tokens to learn
        "encoding": "auto",
    }
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {
        **LanguageModel.allowed,
        "tokens": (*TOKENS, "byte-pairs"),
        "max_vocab": range(10, 100_001),
        "pieces": range(100, 20_001),
        "encoding": ENCODINGS,
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.text: str | None = None

    @classmethod
    def read(cls, data: bytes | str, name: str = "", **options: Any) -> UserText:
        """Make the task from a file's content; `name` is put into its title.

        Raises InputError: empty_file, binary, encoding, encoding_chosen, too_little_text, repetitive_text.
        """
        task = cls(**options)
        task.info = named(cls.info, name)
        decoded, notices = opened(data, task.options["encoding"])
        task.options["encoding"] = decoded.encoding if decoded.encoding in ENCODINGS else "auto"
        text = clean(decoded.text)
        if len(text) > MAX_CHARACTERS:
            notices.append(Notice("text_capped", {"kept": MAX_CHARACTERS, "given": len(text)}))
            text = clean(text[:MAX_CHARACTERS])
        if tabbed(text.split("\n")):
            notices.append(Notice("looks_like_pairs"))
        if len(text) < MIN_CHARACTERS:
            raise InputError("too_little_text", given=len(text), need=MIN_CHARACTERS)
        task.text = text
        task.notices = (*notices, *_capped(task.tgt_vocab, task.streams["train"]))
        lines = [line.strip() for line in task.texts()["test"].splitlines() if line.strip()]
        task.examples = tuple(dict.fromkeys(line[:24] for line in lines))[:6]
        return task

    def texts(self) -> Mapping[str, str]:
        if self.text is None:
            raise InputError("no_data", task=self.info.name)
        size = min(1000, max(20, len(self.text) // 20))
        keyed = [(block, block) for block in blocks(self.text, size)]
        if len(set(keyed)) < len(SPLITS):
            raise InputError("repetitive_text")
        shares = split_by_key(keyed, self.options["seed"], validation=0.05, test=0.05)
        return {name: "".join(share) for name, share in shares.items()}

    def tokenize(self, text: str) -> list[str]:
        match self.options["tokens"]:
            case "words":
                return spaced_words(text)
            case "byte-pairs":
                return self._merger.tokens(clean(text))
        return characters(clean(text))

    @cached_property
    def tgt_vocab(self) -> Vocabulary:
        if self.options["tokens"] == "byte-pairs":
            return byte_pair_vocabulary(self.texts()["train"], self.options["pieces"])
        return Vocabulary.build([self.streams["train"]], max_size=self.options["max_vocab"])

    @cached_property
    def _merger(self) -> Merger:
        return Merger({token: rank for rank, token in enumerate(self.tgt_vocab.tokens)})

    def freeze(self, src_vocab: Vocabulary | None, tgt_vocab: Vocabulary, max_src_len: int, max_tgt_len: int) -> None:
        super().freeze(src_vocab, tgt_vocab, max_src_len, max_tgt_len)
        for cached in ("_merger", "streams", "_splits"):  # the text is divided by the pieces of the vocabulary
            self.__dict__.pop(cached, None)


class UserPairs(Task):
    """The user's pairs; all targets of one source are in the same split."""

    info = INFOS["user-pairs"]
    defaults: ClassVar[Mapping[str, Any]] = {
        "seed": 0,
        "source_tokens": "auto",
        "target_tokens": "auto",
        "max_vocab": 8_000,
        "max_length": 64,
        **LAYOUT_DEFAULTS,
    }
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {
        **CHOICES,
        "source_tokens": ("auto", *TOKENS),
        "target_tokens": ("auto", *TOKENS),
        "max_vocab": range(10, 100_001),
        "max_length": range(1, 1025),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.layout = Layout.of(self.options)
        self.pairs: list[Pair] | None = None

    @classmethod
    def read(cls, data: bytes | str, name: str = "", **options: Any) -> UserPairs:
        """Make the task from a file's content; `name` is put into its title. Options may say how the table is read.

        Raises InputError: what `read_table` raises, and too_few_rows.
        """
        task = cls(**options)
        task.info = named(cls.info, name)
        table = read_table(data, task.layout)
        task.options |= table.layout.chosen
        rows, notices = table.pairs()
        unique = list(dict.fromkeys(rows))
        if len(unique) < len(rows):
            notices.append(Notice("repeated_rows", {"rows": len(rows) - len(unique)}))
        for column, side in enumerate(("source_tokens", "target_tokens")):
            if task.options[side] == "auto":
                task.options[side] = fitting_tokens(row[column] for row in unique)
        pairs = [Pair(tuple(task.tokenize(source)), tuple(task.tokenize_target(target))) for source, target in unique]
        kept = [pair for pair in pairs if task.fits(pair)]
        if len(kept) < len(unique):
            limit = task.options["max_length"]
            notices.append(Notice("long_cells", {"rows": len(unique) - len(kept), "limit": limit}))
        sources = len({pair.source for pair in kept})
        if sources < MIN_SOURCES:
            raise InputError("too_few_rows", given=sources, need=MIN_SOURCES)
        task.pairs = kept
        assert task.src_vocab is not None
        train = task.split("train")
        notices += _capped(task.src_vocab, (token for pair in train for token in pair.source))
        notices += _capped(task.tgt_vocab, (token for pair in train for token in pair.target))
        task.notices = tuple(notices)
        shown = [task.detokenize_source(pair.source) for pair in task.split("test")]
        task.examples = tuple(sorted(dict.fromkeys(shown), key=len))[:6]
        return task

    def fits(self, pair: Pair) -> bool:
        """Whether a pair has tokens on both sides, and not too many."""
        lengths = len(pair.source), len(pair.target)
        return min(lengths) > 0 and max(lengths) <= self.options["max_length"]

    def load(self) -> Mapping[str, Sequence[Pair]]:
        if self.pairs is None:
            raise InputError("no_data", task=self.info.name)
        keyed = (("\x1f".join(pair.source), pair) for pair in self.pairs)
        return split_by_key(keyed, self.options["seed"], validation=0.05, test=0.10)

    @cached_property
    def src_vocab(self) -> Vocabulary | None:
        sources = (pair.source for pair in self.split("train"))
        return Vocabulary.build(sources, max_size=self.options["max_vocab"])

    @cached_property
    def tgt_vocab(self) -> Vocabulary:
        targets = (pair.target for pair in self.split("train"))
        return Vocabulary.build(targets, max_size=self.options["max_vocab"])

    @cached_property
    def _answers(self) -> Mapping[tuple[str, ...], tuple[str, ...]]:
        pairs: Iterator[Pair] = (pair for share in self._splits.values() for pair in reversed(share))
        return {pair.source: pair.target for pair in pairs}

    def answer(self, source: Sequence[str]) -> tuple[str, ReferenceKind] | None:
        if self.pairs is None:
            return None
        target = self._answers.get(tuple(source))
        return None if target is None else (self.detokenize(target), "exact")

    def tokenize(self, text: str) -> list[str]:
        return words(text) if self.options["source_tokens"] == "words" else characters(" ".join(clean(text).split()))

    def tokenize_target(self, text: str) -> list[str]:
        return words(text) if self.options["target_tokens"] == "words" else characters(" ".join(clean(text).split()))

    def detokenize(self, tokens: Sequence[str]) -> str:
        return joined_words(tokens) if self.options["target_tokens"] == "words" else "".join(tokens)

    def detokenize_source(self, tokens: Sequence[str]) -> str:
        return joined_words(tokens) if self.options["source_tokens"] == "words" else "".join(tokens)


def byte_pair_vocabulary(text: str, size: int) -> Vocabulary:
    """Pieces learned from a text, in the order in which they were joined: it alone says how to divide another text."""
    from attnviz.data.byte_pairs import BytePairs

    pairs = BytePairs.learn(text.splitlines(), size)
    pieces = [*pairs.merges(len(pairs)), *sorted(set(text))]
    tokens = SPECIALS + tuple(dict.fromkeys(piece for piece in pieces if piece not in SPECIALS))
    counted = Counter(Merger({token: rank for rank, token in enumerate(tokens)}).tokens(text))
    return Vocabulary(tokens, tuple(0 if token in SPECIALS else counted[token] for token in tokens))


def blocks(text: str, size: int) -> list[str]:
    """The text in blocks of whole lines, at least `size` characters each; a very long line is cut."""
    pieces = (line[i : i + size] for line in text.splitlines(keepends=True) for i in range(0, len(line), size))
    found: list[str] = []
    block = ""
    for piece in pieces:
        block += piece
        if len(block) >= size:
            found.append(block)
            block = ""
    return [*found, block] if block else found


def named(info: TaskInfo, name: str) -> TaskInfo:
    """The info with the file's name in its title."""
    name = clean(name).strip()[:60]
    if not name:
        return info
    return replace(info, title=same("{title}: {name}").filled(title=info.title, name=name))


def _capped(vocabulary: Vocabulary, tokens: Iterable[str]) -> list[Notice]:
    different = len(set(tokens).difference(SPECIALS))
    kept = len(vocabulary) - len(SPECIALS)
    return [Notice("vocabulary_capped", {"kept": kept, "given": different})] if kept < different else []
