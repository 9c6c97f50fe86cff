"""English verbs: lemma and form → the inflected word."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache

from attnviz.data.batch import Pair
from attnviz.data.package_data import package_file
from attnviz.data.split import split_by_key
from attnviz.data.task import ReferenceKind, Task
from attnviz.data.tasks.catalogue import INFOS
from attnviz.data.text import characters, clean

FORMS = ("past", "participle", "ing", "third")  # sang, sung, singing, sings
_PLAIN = re.compile(r"[a-z]+")


@lru_cache(maxsize=1)
def verb_forms() -> Mapping[tuple[str, str], str]:
    """(lemma, form) → word, for lemmas of plain small letters; the first of several spellings."""
    path = package_file("lemminflect", "resources/infl_lu.csv.gz")
    table: dict[tuple[str, str], str] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for lemma, kind, *columns in csv.reader(file):
            if kind != "verb" or len(columns) != len(FORMS) or not _PLAIN.fullmatch(lemma):
                continue
            words = [column.split("/")[0] for column in columns]
            words[1] = words[1] or words[0]  # the table leaves out a participle that equals the past
            for form, word in zip(FORMS, words, strict=True):
                if _PLAIN.fullmatch(word):
                    table[lemma, form] = word
    return table


class Inflection(Task):
    """Typed as "sing past"; a lemma alone is put into the past. All forms of a lemma are in the same split."""

    info = INFOS["inflection"]
    examples = ("sing past", "walk past", "stop ing", "try third", "write participle", "go past", "photocopy past")

    def load(self) -> Mapping[str, Sequence[Pair]]:
        keyed = [(lemma, Pair((*lemma, form), tuple(word))) for (lemma, form), word in sorted(verb_forms().items())]
        return split_by_key(keyed, self.options["seed"], validation=0.03, test=0.05)

    def tokenize(self, text: str) -> list[str]:
        """The letters in lower case, then the form as one token."""
        words = clean(text).lower().split()
        form = words.pop() if len(words) > 1 and words[-1] in FORMS else FORMS[0]
        return [*characters("".join(words)), form] if words else []

    def tokenize_target(self, text: str) -> list[str]:
        return characters("".join(clean(text).lower().split()))

    def detokenize_source(self, tokens: Sequence[str]) -> str:
        return f"{''.join(tokens[:-1])} {tokens[-1]}" if tokens else ""

    def answer(self, source: Sequence[str]) -> tuple[str, ReferenceKind] | None:
        word = verb_forms().get(("".join(source[:-1]), source[-1]))
        return (word, "exact") if word else None

    def alignment(self, pair: Pair) -> tuple[int | None, ...] | None:
        """Letters are aligned as far as lemma and word begin alike."""
        lemma, aligned = pair.source[:-1], []
        alike = True
        for i, letter in enumerate(pair.target):
            alike = alike and i < len(lemma) and lemma[i] == letter
            aligned.append(i if alike else None)
        return tuple(aligned)

    @cached_property
    def max_tgt_len(self) -> int:
        return 1 + max(map(len, verb_forms().values()))
