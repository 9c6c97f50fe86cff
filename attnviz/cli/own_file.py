"""A file of one's own on the command line: the options that say how it is read, and a look at it before it is used."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from attnviz.cli.terminal import table, width
from attnviz.data.file_encoding import ENCODINGS
from attnviz.data.text import clean
from attnviz.data.user_file import opened
from attnviz.data.user_table import CHOICES, Layout, Table, read_table

MAX_FILE_BYTES = 200_000_000
ROWS = 10
CELL = 40  # columns of the terminal
_SIGNS = {",": "comma", ";": "semicolon", "\t": "tab", r"\t": "tab", "|": "bar"}


def separator(text: str) -> str:
    """A separator by its name or by itself."""
    return _SIGNS.get(text, text)


def column(text: str) -> int | str:
    """A column by its number, from 1, or by its name."""
    return int(text) if text.isascii() and text.isdigit() else text


def add(command: argparse.ArgumentParser) -> None:
    """Describe the options."""
    group = command.add_argument_group("how a file of your own is read (default: as the file suggests)")
    kept: Any = argparse.SUPPRESS
    group.add_argument("--encoding", choices=ENCODINGS, default=kept, metavar="NAME", help=", ".join(ENCODINGS))
    group.add_argument(
        "--separator", type=separator, choices=CHOICES["separator"], default=kept, help='or the sign itself: ";"'
    )
    group.add_argument(
        "--quoting", choices=CHOICES["quoting"], default=kept, help="no: quotation marks are part of the text"
    )
    group.add_argument("--heading", choices=CHOICES["heading"], default=kept, help="yes: the first line names columns")
    for name in ("source", "target"):
        group.add_argument(f"--{name}", type=column, default=kept, metavar="COLUMN", help="its number, from 1, or name")
    group.add_argument("--preview", action="store_true", help="show how the file is read, and train nothing")


def content_of(arguments: argparse.Namespace) -> bytes | None:
    """What is in the file, if one was named."""
    path: Path | None = arguments.text or arguments.csv
    return None if path is None else content_of_file(path)


def content_of_file(path: Path) -> bytes:
    """What is in a file. Raises OSError where it cannot be read, ValueError where it is too large."""
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(f"{path} has more than {MAX_FILE_BYTES:,} bytes; a smaller file is needed")
    return content


@dataclass(frozen=True)
class HowRead:
    """How a file is read, as options of its task with nothing left open, and what there is to see of it."""

    options: Mapping[str, Any]
    shown: str = ""


def how_read(arguments: argparse.Namespace, content: bytes | None, options: Mapping[str, Any]) -> HowRead:
    """How the file is read; `options` are those of the task. A run writes it down, and never has to find it again.

    Raises InputError for a file that cannot be read, ValueError for an option that this kind of file has no use for.
    """
    names = tuple(one.name for one in fields(Layout))
    given = {name: value for name, value in vars(arguments).items() if name in names}
    fitting = () if content is None else names if arguments.csv else ("encoding",)
    for name in (*given, *(["preview"] if arguments.preview and content is None else [])):
        if name not in fitting:
            raise ValueError(f"--{name} goes with {'--csv or --text' if name in ('encoding', 'preview') else '--csv'}")
    if content is None:
        return HowRead({})
    layout = Layout.of({**options, **given})
    if arguments.csv:
        found = read_table(content, layout)
        return HowRead(found.layout.chosen, _table(found))
    decoded, notices = opened(content, layout.encoding)
    lines = [_short(line) for line in clean(decoded.text).split("\n") if line.strip()][:ROWS]
    known = {"encoding": decoded.encoding} if decoded.encoding in ENCODINGS else {}
    return HowRead(known, "\n".join([*lines, "", _said(known), *map(str, notices)]))


def _table(found: Table) -> str:
    """The first rows of a table, how it is read, and what else is to be known of it."""
    roles = {found.layout.source: "source: ", found.layout.target: "target: "}
    heads = [_short(f"{roles.get(number, '')}{found.label(number)}") for number in range(1, found.columns + 1)]
    rows = [[_short(cell) for cell in (*row, *[""] * found.columns)[: found.columns]] for row in found.rows[:ROWS]]
    return "\n".join([table([heads, *rows]), "", _said(found.layout.chosen), *map(str, found.pairs()[1])])


def _said(options: Mapping[str, Any]) -> str:
    return " ".join(f"--{name} {value}" for name, value in options.items())


def _short(cell: str) -> str:
    one_line = "".join(c if c.isprintable() else " " for c in cell)
    while width(one_line) > CELL:
        one_line = one_line[:-2] + "…"
    return one_line
