"""A table that somebody brings: how its lines are divided, and which of its columns are read.

Everything is chosen from the file, and everything can be chosen by its owner: `Layout` says how, `read_table` shows
what comes of it before it is used. No line is lost without being counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from attnviz.data.file_encoding import ENCODINGS
from attnviz.data.records import SEPARATORS, Manner, manner_of, records
from attnviz.data.table_columns import Column, chosen_columns, is_heading
from attnviz.data.text import clean
from attnviz.data.user_file import opened
from attnviz.errors import InputError, Notice

MAX_ROWS = 50_000
SAMPLE = 1_000  # rows that tell what columns hold
_YES_NO: Mapping[str, bool | None] = {"auto": None, "yes": True, "no": False}
Purpose = Literal["pairs", "labels"]
CHOICES: Mapping[str, tuple[str, ...]] = {
    "encoding": ENCODINGS,
    "separator": ("auto", *SEPARATORS),
    "quoting": ("auto", "yes", "no"),
    "heading": ("auto", "yes", "no"),
}


@dataclass(frozen=True)
class Layout:
    """How a table is read; "auto": as the file suggests. The fields are options of the tasks of people's own files."""

    encoding: str = "auto"
    separator: str = "auto"  # "comma", "semicolon", "tab", "bar"
    quoting: str = "auto"  # "yes": quotation marks around a cell are not part of it; "no": they are text
    heading: str = "auto"  # "yes": the first line names the columns
    source: Column = "auto"  # a column's number, from 1, or its name; of texts with labels: the text
    target: Column = "auto"  # likewise; of texts with labels: the label

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            if (value := getattr(self, name)) not in allowed:
                raise InputError("bad_option", name=name, value=value, allowed=", ".join(allowed))

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Layout:
        """Those of a task's options that say how its file is read."""
        for name in ("source", "target"):
            value = options.get(name, "auto")
            if not isinstance(value, str) and (type(value) is not int or value < 1):
                raise InputError("bad_option", name=name, value=value, allowed="column")
        return cls(**{one.name: options[one.name] for one in fields(cls) if one.name in options})

    @property
    def chosen(self) -> dict[str, Any]:
        """What is not left to the file, as options."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name)) != "auto"}

    def swapped(self) -> Layout:
        """Source and target change places."""
        return replace(self, source=self.target, target=self.source)


LAYOUT_DEFAULTS: Mapping[str, Any] = {one.name: one.default for one in fields(Layout)}


@dataclass(frozen=True, eq=False)
class Table:
    """What was read, and how: every cell of the rows that have the table's columns."""

    layout: Layout  # with nothing left open
    names: tuple[str, ...] | None  # the heading
    columns: int
    rows: Sequence[tuple[str, ...]]
    notices: tuple[Notice, ...]  # about the file
    left_out: Mapping[str, int]  # code of a remark → rows

    def label(self, column: int) -> str:
        """The name of a column, counted from 1; its number where it has none."""
        name = self.names[column - 1] if self.names and column <= len(self.names) else ""
        return name or str(column)

    def pairs(self) -> tuple[list[tuple[str, str]], list[Notice]]:
        """The two chosen columns of every row that has both, and all that its owner should know."""
        source, target = self.layout.source, self.layout.target
        assert isinstance(source, int), "a table that was read knows its columns"
        assert isinstance(target, int), "a table that was read knows its columns"
        found: list[tuple[str, str]] = []
        lacking = Counter(self.left_out)
        for row in self.rows:
            if len(row) < max(source, target):
                lacking["one_column_rows"] += 1
            elif row[source - 1] and row[target - 1]:
                found.append((row[source - 1], row[target - 1]))
            else:
                lacking["empty_cells"] += 1
        notices = list(self.notices)
        if self.columns > 2 or (source, target) != (1, 2):
            said = {"source": self.label(source), "target": self.label(target), "columns": self.columns}
            notices.append(Notice("columns_used", said))
        return found, notices + [Notice(code, {"rows": rows}) for code, rows in lacking.items() if rows]


def read_table(data: bytes | str, layout: Layout | None = None, purpose: Purpose = "pairs") -> Table:
    """Read a table.

    Raises InputError: empty_file, binary, encoding, encoding_chosen, one_column, column_unknown, column_twice.
    """
    layout = layout or Layout()
    decoded, notices = opened(data, layout.encoding)
    lines = clean(decoded.text).split("\n")
    manner = manner_of(lines, layout.separator, _YES_NO[layout.quoting])
    rows, left_out, more = _sorted_out(lines, manner)
    heading = _YES_NO[layout.heading]
    if heading is None:
        heading = is_heading(rows[:SAMPLE], purpose)
    names = tuple(rows.pop(0)) if heading and rows else None
    if len(rows) > MAX_ROWS:
        rows.pop()
        more += 1
    wanted = layout.source, layout.target
    source, target = chosen_columns(names, rows[:SAMPLE], manner.columns, purpose, wanted)
    if names:
        notices.append(Notice("header_skipped", {"heading": " | ".join(names)[:200]}))
    if more:
        notices.append(Notice("rows_capped", {"kept": len(rows), "given": len(rows) + more}))
    quoting, said = "yes" if manner.quoting else "no", "yes" if names else "no"
    encoding = decoded.encoding if decoded.encoding in ENCODINGS else "auto"
    known = Layout(encoding, manner.separator, quoting, said, source, target)
    return Table(known, names, manner.columns, rows, tuple(notices), left_out)


def _sorted_out(lines: Sequence[str], manner: Manner) -> tuple[list[tuple[str, ...]], Counter[str], int]:
    """At most MAX_ROWS rows and a heading, rows that are left out by the code of a remark, and rows after the last."""
    kept: list[tuple[str, ...]] = []
    left_out: Counter[str] = Counter()
    for record in records(lines, manner):
        cells = tuple(cell.strip() for cell in record.cells)
        if not any(cells):
            continue
        if len(kept) > MAX_ROWS:
            return kept, left_out, 1 + sum(bool(line.strip()) for line in lines[record.following :])
        left_out["stray_quotes"] += record.stray
        if len(cells) < 2:
            left_out["one_column_rows"] += 1
        elif any(cells[manner.columns :]):
            left_out["ragged_rows"] += 1
        else:
            kept.append(cells)
    return kept, left_out, 0
