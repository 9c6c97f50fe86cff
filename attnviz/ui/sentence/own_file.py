"""Sentences out of a file of people's own: .txt, one a line; .csv, sentence and reference."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.data import InputError, Notice
from attnviz.data.text import clean
from attnviz.data.user_file import decoded, two_columns

MOST_LINES = 50_000  # of a .txt


@dataclass(frozen=True)
class OwnSentences:
    """(sentence, reference or None) in the order of the file, each once, and what was done to the file."""

    sentences: tuple[tuple[str, str | None], ...]
    notices: tuple[Notice, ...]


def read_file(data: bytes, name: str) -> OwnSentences:
    """The sentences of a file. Raises InputError: empty_file, binary, encoding, one_column, csv."""
    text, notices = decoded(data)
    if name.lower().endswith(".txt"):
        lines = clean(text).splitlines()
        if len(lines) > MOST_LINES:
            notices.append(Notice("rows_capped", {"kept": MOST_LINES, "limit": MOST_LINES}))
        found: dict[str, str | None] = {line.strip(): None for line in lines[:MOST_LINES] if line.strip()}
    else:
        rows, more = two_columns(text)
        notices += more
        found = {}
        for sentence, reference in rows:
            found.setdefault(sentence, reference)
        if len(found) < len(rows):
            notices.append(Notice("repeated_rows", {"rows": len(rows) - len(found)}))
    if not found:
        raise InputError("empty_file")
    return OwnSentences(tuple(found.items()), tuple(notices))
