"""The user's own CSV of texts and their labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from attnviz.data.batch import Pair
from attnviz.data.split import split_by_key
from attnviz.data.tasks.catalogue import INFOS
from attnviz.data.tasks.labels import LabelTask, label_vocabulary
from attnviz.data.tasks.user import MIN_SOURCES, TOKENS, named
from attnviz.data.text import characters, clean
from attnviz.data.user_table import CHOICES, LAYOUT_DEFAULTS, Layout, read_table
from attnviz.data.vocabulary import SPECIALS, Vocabulary
from attnviz.data.words import fitting_tokens, joined_words, words
from attnviz.errors import InputError, Notice

MAX_LABELS = 100
MAX_LABEL_LENGTH = 60  # characters


class UserLabels(LabelTask):
    """One column the text, one its label. Of a text with several labels the first counts."""

    info = INFOS["user-labels"]
    defaults: ClassVar[Mapping[str, Any]] = {
        **LabelTask.defaults,
        "tokens": "auto",
        "max_vocab": 8_000,
        "max_length": 64,
        **LAYOUT_DEFAULTS,
    }
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {
        **LabelTask.allowed,
        **CHOICES,
        "tokens": ("auto", *TOKENS),
        "max_vocab": range(10, 100_001),
        "max_length": range(1, 1025),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.layout = Layout.of(self.options)
        self.pairs: list[Pair] | None = None

    @classmethod
    def read(cls, data: bytes | str, name: str = "", **options: Any) -> UserLabels:
        """Make the task from a file's content; `name` is put into its title. Options may say how the table is read.

        Raises InputError: what `read_table` raises, and labels_missing, one_label, too_many_labels, too_few_rows.
        """
        task = cls(**options)
        task.info = named(cls.info, name)
        rows, notices = _rows(task, data)
        if task.options["tokens"] == "auto":
            task.options["tokens"] = fitting_tokens(source for source, _ in rows)
        pairs: dict[tuple[str, ...], Pair] = {}
        long = 0
        for source, label in rows:
            tokens = tuple(task.tokenize(source))
            if 0 < len(tokens) <= task.options["max_length"]:
                pairs.setdefault(tokens, Pair(tokens, (" ".join(clean(label).split())[:MAX_LABEL_LENGTH],)))
            else:
                long += 1
        if long:
            notices.append(Notice("long_cells", {"rows": long, "limit": task.options["max_length"]}))
        if repeated := len(rows) - long - len(pairs):
            notices.append(Notice("repeated_rows", {"rows": repeated}))
        task.pairs = list(pairs.values())
        task._check_labels()
        notices += task._rare()
        task.notices = tuple(notices)
        shown = [task.detokenize_source(pair.source) for pair in task.split("test")]
        task.examples = tuple(sorted(dict.fromkeys(shown), key=len))[:6]
        return task

    def _check_labels(self) -> None:
        found = self._counts
        if len(found) > MAX_LABELS:
            raise InputError("too_many_labels", given=len(found), limit=MAX_LABELS)
        if len(found) == 1:
            raise InputError("one_label", label=next(iter(found)))
        if sum(found.values()) < MIN_SOURCES:
            raise InputError("too_few_rows", given=sum(found.values()), need=MIN_SOURCES)

    def _rare(self) -> list[Notice]:
        trained = {pair.target[0] for pair in self.split("train")}
        unseen = sorted(set(self._counts) - trained)
        return [Notice("labels_unseen", {"labels": ", ".join(unseen[:5])})] if unseen else []

    @cached_property
    def _counts(self) -> Counter[str]:
        if self.pairs is None:
            raise InputError("no_data", task=self.info.name)
        return Counter(pair.target[0] for pair in self.pairs)

    def load(self) -> Mapping[str, Sequence[Pair]]:
        if self.pairs is None:
            raise InputError("no_data", task=self.info.name)
        keyed = (("\x1f".join(pair.source), pair) for pair in self.pairs)
        return split_by_key(keyed, self.options["seed"], validation=0.10, test=0.15)

    @cached_property
    def known(self) -> Mapping[tuple[str, ...], tuple[str, ...]]:
        return {} if self.pairs is None else {pair.source: pair.target for pair in self.pairs}

    @cached_property
    def src_vocab(self) -> Vocabulary | None:
        return Vocabulary.build((pair.source for pair in self.split("train")), max_size=self.options["max_vocab"])

    @cached_property
    def tgt_vocab(self) -> Vocabulary:
        """Labels, most frequent first; those of held-out texts included."""
        return label_vocabulary([token for token, _ in sorted(self._counts.items(), key=lambda item: (-item[1], item))])

    def tokenize(self, text: str) -> list[str]:
        return words(text) if self.options["tokens"] == "words" else characters(" ".join(clean(text).split()))

    def tokenize_target(self, text: str) -> list[str]:
        return [text]

    def detokenize_source(self, tokens: Sequence[str]) -> str:
        return joined_words(tokens) if self.options["tokens"] == "words" else "".join(tokens)


def _rows(task: UserLabels, data: bytes | str) -> tuple[list[tuple[str, str]], list[Notice]]:
    """Texts and labels; a label that spells a special token is no label."""
    try:
        table = read_table(data, task.layout, "labels")
    except InputError as error:
        if error.code == "one_column":
            raise InputError("labels_missing", rows=error.details["lines"]) from None
        raise
    task.options |= table.layout.chosen
    rows, notices = table.pairs()
    usable = [(source, label) for source, label in rows if label not in SPECIALS]
    lacking = len(rows) - len(usable)
    lacking += sum(n.details["rows"] for n in notices if n.code in ("empty_cells", "one_column_rows"))
    if lacking >= max(1, len(usable)):  # as many rows without a label as with one
        raise InputError("labels_missing", rows=lacking)
    return usable, notices
