"""Python source, character by character: what kind of token each character belongs to."""

from __future__ import annotations

import io
import keyword
import sysconfig
import token as token_kinds
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, ClassVar

from attnviz.data.batch import Pair
from attnviz.data.split import rank, split_by_key
from attnviz.data.task import ReferenceKind
from attnviz.data.tasks.catalogue import INFOS
from attnviz.data.tasks.labels import LabelTask, label_vocabulary
from attnviz.data.text import characters, clean
from attnviz.data.vocabulary import Vocabulary
from attnviz.language import Text

SPACE, NAME, KEYWORD, STRING, NUMBER, OPERATOR, COMMENT = (
    "space",
    "name",
    "keyword",
    "string",
    "number",
    "op",
    "comment",
)
MAX_FILE_BYTES = 200_000


class Syntax(LabelTask):
    """x = 1  # one → name space op space number space space comment …"""

    info = INFOS["python-syntax"]
    defaults: ClassVar[Mapping[str, Any]] = {**LabelTask.defaults, "window": 64, "size": 6_000}
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {
        **LabelTask.allowed,
        "window": range(16, 513),
        "size": range(100, 100_001),
    }
    titles: ClassVar[Mapping[str, Text]] = {
        SPACE: Text("空白", "space"),
        NAME: Text("名字", "name"),
        KEYWORD: Text("关键字", "keyword"),
        STRING: Text("字符串", "string"),
        NUMBER: Text("数字", "number"),
        OPERATOR: Text("运算符", "operator"),
        COMMENT: Text("注释", "comment"),
    }
    examples = (
        "for i in range(10): print(i)",
        "x = 'if' + name  # not a keyword",
        "def area(r): return 3.14 * r ** 2",
        "import os",
        "if not done and count > 0: pass",
        'print("it\'s", 0x1F)',
    )

    def load(self) -> Mapping[str, Sequence[Pair]]:
        found: dict[tuple[str, ...], Pair] = {}
        for text, tags in labelled_modules():
            for start, end in _windows(text, self.options["window"]):
                source = tuple(text[start:end])
                if not "".join(source).isspace():
                    found.setdefault(source, Pair(source, tuple(tags[start:end])))
        ordered = sorted(found.values(), key=lambda pair: rank("".join(pair.source), self.options["seed"]))
        keyed = (("".join(pair.source), pair) for pair in ordered[: self.options["size"]])
        return split_by_key(keyed, self.options["seed"], validation=0.05, test=0.10)

    def tokenize(self, text: str) -> list[str]:
        return characters(clean(text))

    def answer(self, source: Sequence[str]) -> tuple[str, ReferenceKind] | None:
        known = super().answer(source)  # first, since a piece of a longer text may mean something else by itself
        if known is not None:
            return known
        tags = tags_of("".join(source))
        return None if tags is None or len(tags) != len(source) else (self.detokenize(tags), "exact")

    @cached_property
    def max_src_len(self) -> int:
        return int(self.options["window"]) + 1

    @cached_property
    def tgt_vocab(self) -> Vocabulary:
        return label_vocabulary(tuple(self.titles))


def tags_of(text: str) -> list[str] | None:
    """One tag a character by Python's own tokenizer; None where the text is no complete piece of Python."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    tags = [SPACE] * len(text)
    try:
        for found in tokenize.generate_tokens(io.StringIO(text).readline):
            tag = _tag(found)
            if tag is not None:
                begin = starts[found.start[0] - 1] + found.start[1]
                end = starts[found.end[0] - 1] + found.end[1]
                tags[begin:end] = [tag] * (min(end, len(text)) - begin)
            elif found.type == token_kinds.ERRORTOKEN and not found.string.isspace():
                return None
    except (tokenize.TokenError, SyntaxError, ValueError, IndexError):
        return None
    return tags


def _tag(found: tokenize.TokenInfo) -> str | None:
    kind = token_kinds.tok_name[found.type]
    if kind == "NAME":
        return KEYWORD if keyword.iskeyword(found.string) else NAME
    if "STRING" in kind:  # FSTRING_START, FSTRING_MIDDLE … since Python 3.12
        return STRING
    return {"NUMBER": NUMBER, "OP": OPERATOR, "COMMENT": COMMENT}.get(kind)


@lru_cache(maxsize=1)
def labelled_modules() -> tuple[tuple[str, list[str]], ...]:
    """The standard library's top-level modules and their tags."""
    return tuple(_labelled_modules(Path(sysconfig.get_paths()["stdlib"])))


def _labelled_modules(folder: Path) -> Iterator[tuple[str, list[str]]]:
    for path in sorted(folder.glob("*.py")):
        if path.stat().st_size > MAX_FILE_BYTES:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if text.isascii() and "\f" not in text:  # so that a character is a token
            tags = tags_of(text)
            if tags is not None:
                yield text, tags


def _windows(text: str, size: int) -> Iterator[tuple[int, int]]:
    """Runs of whole lines of at most `size` characters; longer lines are left out, empty ones are not begun with."""
    begin, at = 0, 0
    for line in [*text.splitlines(keepends=True), ""]:
        if at - begin + len(line) > size or not line:
            if at > begin and at - begin <= size:
                yield begin, at
            begin = at
        if begin == at and not line.strip():
            begin += len(line)
        at += len(line)
        if len(line) > size:
            begin = at
