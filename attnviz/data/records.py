"""Lines of a table as cells: which separator, whether cells are quoted, and quotation marks that go wrong.

A quotation mark that opens a cell and never closes it would swallow all that follows. Here it costs nothing: the line
is divided as if quotation marks meant nothing, and counted.
"""

from __future__ import annotations

import csv
import io
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from attnviz.errors import InputError

SEPARATORS = {"tab": "\t", "semicolon": ";", "comma": ",", "bar": "|"}  # of equally good ones the first
SAMPLE = 500  # lines that the manner is found from
MOST_COLUMNS = 1_000  # a line with more is no row of a table
LONGEST_CELL = 200  # lines that one quoted cell may span


@dataclass(frozen=True)
class Manner:
    """How a table's lines are divided."""

    separator: str  # a name in SEPARATORS
    quoting: bool
    columns: int  # that most lines have


@dataclass(frozen=True)
class Record:
    """One row."""

    cells: list[str]
    following: int  # number of the line after it, from 0
    stray: bool = False  # a quotation mark in it means nothing


@dataclass(frozen=True)
class _Trial:
    """What one separator makes of the sample."""

    separator: str
    columns: int
    even: float  # share of lines with just these columns
    quoted: int  # lines with properly quoted cells
    mark: float  # the higher, the likelier


def manner_of(lines: Sequence[str], separator: str = "auto", quoting: bool | None = None) -> Manner:
    """The separator that gives every line the same number of columns, and whether cells are quoted.

    Raises InputError("one_column") where none divides a line.
    """
    sample = list(islice((line for line in lines if line.strip()), SAMPLE))
    names = SEPARATORS if separator == "auto" else (separator,)
    trials = [trial for name in names if (trial := _tried(sample, name, quoting)) is not None]
    if not trials:
        first = next((i for i, line in enumerate(lines, start=1) if line.strip()), 1)
        raise InputError("one_column", line=first, lines=sum(bool(line.strip()) for line in lines))
    best = max(trials, key=lambda trial: trial.mark)
    if quoting is None:
        quoting = bool(best.quoted) or any(
            _is_quoted(line, SEPARATORS[best.separator]) for line in lines if '"' in line
        )
    return Manner(best.separator, quoting, best.columns)


def _is_quoted(line: str, separator: str) -> bool:
    """Whether a line has cells in quotation marks, and all of them where they should be."""
    cells = _strictly(line, separator)
    return cells is not None and len(cells) > 1 and (f'{separator}"' in line or f'"{separator}' in line)


def _tried(sample: Sequence[str], name: str, quoting: bool | None) -> _Trial | None:
    separator = SEPARATORS[name]
    counts: Counter[int] = Counter()
    quoted = broken = spaced = 0
    for line in sample:
        cells = None
        if quoting is not False and '"' in line:
            cells = _strictly(line, separator)
            quoted += cells is not None and _is_quoted(line, separator)
            broken += cells is None
        if cells is None:
            cells = line.split(separator)
            spaced += name != "tab" and f"{separator} " in line
        counts[len(cells)] += 1
    divided = [(count, columns) for columns, count in counts.items() if 1 < columns <= MOST_COLUMNS]
    if not divided:
        return None
    count, columns = max(divided)
    even, share = count / len(sample), 1 / len(sample)
    # A separator is seldom followed by a blank, as a comma in a sentence is; quoted cells end where it stands.
    mark = even + 0.1 * (name == "tab") + 0.2 * (quoted - broken) * share - 0.25 * spaced * share
    return _Trial(name, columns, even, quoted, mark)


def records(lines: Sequence[str], manner: Manner) -> Iterator[Record]:
    """Every line that is not blank, or the lines that a quoted cell spans."""
    separator = SEPARATORS[manner.separator]
    opening = [i for i, line in enumerate(lines) if line.count('"') % 2] if manner.quoting else []
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if not line.strip():
            continue
        if not manner.quoting or '"' not in line:
            yield Record(line.split(separator), number)
        elif (cells := _strictly(line, separator)) is not None:
            yield Record(cells, number)
        elif (longer := _spanning(lines, number - 1, opening, separator, manner.columns)) is not None:
            yield longer
            number = longer.following
        else:
            yield Record(line.split(separator), number, stray=True)


def _spanning(lines: Sequence[str], start: int, opening: Sequence[int], separator: str, columns: int) -> Record | None:
    """The row of a cell that spans lines: to the next line with an odd number of quotation marks, if that closes it."""
    place = bisect_right(opening, start)
    if place == len(opening) or lines[start].count('"') % 2 == 0:
        return None
    end = opening[place]
    if end - start > LONGEST_CELL:
        return None
    cells = _strictly("\n".join(lines[start : end + 1]), separator)
    inner = lines[start + 1 : end]
    whole = sum(line.count(separator) == columns - 1 for line in inner)
    if cells is None or len(cells) != columns or 2 * whole > len(inner):  # what it swallows are rows
        return None
    return Record([" ".join(cell.split("\n")) for cell in cells], end + 1)


def _strictly(line: str, separator: str) -> list[str] | None:
    """The cells of a line whose quotation marks are all where they should be, else None."""
    reader = csv.reader(io.StringIO(line, newline="") if "\n" in line else [line], delimiter=separator, strict=True)
    try:
        rows = list(islice(reader, 2))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def tabbed(lines: Sequence[str]) -> bool:
    """Whether a text is a table all the same: nearly every line has a tab, and as many as the others."""
    sample = list(islice((line for line in lines if line.strip()), SAMPLE))
    trial = _tried(sample, "tab", None)
    return trial is not None and len(sample) >= 5 and trial.even >= 0.95
