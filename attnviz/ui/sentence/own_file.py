"""Sentences out of a file of people's own: lines of a text, or two columns of a table, sentence and reference."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.data.records import tabbed
from attnviz.data.text import clean
from attnviz.data.user_file import opened
from attnviz.data.user_table import Layout, Table, read_table
from attnviz.errors import InputError, Notice

MOST_LINES = 50_000  # of a text


@dataclass(frozen=True)
class OwnSentences:
    """(sentence, reference or None) in the order of the file, each once, and what was done to the file."""

    sentences: tuple[tuple[str, str | None], ...]
    notices: tuple[Notice, ...]


def is_table(data: bytes, name: str, encoding: str = "auto") -> bool:
    """Whether a file is read as a table: by the end of its name; a .txt, where every line is divided by tabs."""
    if not name.lower().endswith(".txt"):
        return True
    return tabbed(clean(opened(data[:1_000_000], encoding)[0].text).split("\n"))


def read_file(data: bytes, name: str, layout: Layout | None = None) -> OwnSentences:
    """The sentences of a file. Raises what `read_table` raises."""
    layout = layout or Layout()
    if is_table(data, name, layout.encoding):
        return of_table(read_table(data, layout))
    decoded, notices = opened(data, layout.encoding)
    lines = [line.strip() for line in clean(decoded.text).split("\n") if line.strip()]
    if len(lines) > MOST_LINES:
        notices.append(Notice("rows_capped", {"kept": MOST_LINES, "given": len(lines)}))
    return _each_once([(line, None) for line in lines[:MOST_LINES]], notices)


def of_table(table: Table) -> OwnSentences:
    """The sentences of a table, with their references."""
    rows, notices = table.pairs()
    return _each_once(rows, notices)


def _each_once(rows: list[tuple[str, str]] | list[tuple[str, None]], notices: list[Notice]) -> OwnSentences:
    found: dict[str, str | None] = {}
    for sentence, reference in rows:
        found.setdefault(sentence, reference)
    if not found:
        raise InputError("empty_file")
    if len(found) < len(rows):
        notices = [*notices, Notice("repeated_rows", {"rows": len(rows) - len(found)})]
    return OwnSentences(tuple(found.items()), tuple(notices))
