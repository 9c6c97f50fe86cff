"""A file of people's own before it is used: its first rows, and every choice of how it is read, open to change."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from typing import Any

import streamlit as st

from attnviz.data.table_columns import Column
from attnviz.data.text import clean
from attnviz.data.user_file import opened
from attnviz.data.user_table import CHOICES, Layout, Purpose, Table, read_table
from attnviz.errors import InputError
from attnviz.language import Language
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import shown
from attnviz.ui.frame.notices import notice, notice_lines, shortened
from attnviz.ui.text import Words, texts, words

ROWS = 10
COLUMNS = 8  # that the picture of a table shows; all can be chosen
CELL = 48  # characters

Heard = Callable[[Layout], None]


@dataclass(frozen=True)
class _Form:
    """The choices of one file: where they are drawn, what is chosen, what was found, and who is told."""

    key: str
    language: Language
    layout: Layout
    found: Layout | None  # with nothing left open; None where the file cannot be read so
    heard: Heard

    @property
    def t(self) -> Words:
        return words("table_preview", self.language)

    def ask(self, name: str, label: str, options: Sequence[Column], say: Callable[[Column], str]) -> None:
        """One select box; "auto" says what it found."""
        now = getattr(self.layout, name)
        if now not in options:
            now = "auto"

        def tell(given: Column) -> None:
            change: dict[str, Any] = {name: given}
            self.heard(replace(self.layout, **change))

        def written(option: Column) -> str:
            if option != "auto":
                return say(option)
            found: Column = "auto" if self.found is None else getattr(self.found, name)
            return self.t("auto_none") if found == "auto" else self.t("auto", found=say(found))

        field = shown(f"{self.key}:{name}:{self.language}", now, tell)
        place = list(options).index(field.value) if field.value in options else 0
        st.selectbox(label, options, place, format_func=written, key=field.key, on_change=field.answered)

    def ask_choice(self, name: str) -> None:
        """One that has the same options in every file."""
        self.ask(name, self.t(name), CHOICES[name], partial(self._say, name))

    def _say(self, name: str, option: Column) -> str:
        key = f"{name}_{option}".replace("-", "_")
        return self.t(key) if key in texts("table_preview") else str(option)


def table_preview(
    data: bytes, layout: Layout, language: Language, heard: Heard, *, key: str, purpose: Purpose = "pairs"
) -> Table | None:
    """Draw a table's first rows and its choices; returns it, or None after a sentence that says what is wrong.

    `heard` is told another layout before the page is drawn again. `key` is the file's own.
    """
    t = words("table_preview", language)
    table: Table | None = None
    try:
        table = known_table(data, layout, purpose)
    except InputError as error:
        notice(explain(error, language), "error")
    form = _Form(key, language, layout, None if table is None else table.layout, heard)
    with st.container(key=f"av-preview-{_name(key)}", gap="small"):
        if table is not None:
            st.html(_picture(table, t, purpose))
            _columns(form, table, purpose)
        for pair in (("separator", "quoting"), ("heading", "encoding")):
            for place, name in zip(st.columns(2, gap="small"), pair, strict=True):
                with place:
                    form.ask_choice(name)
        if table is not None:
            notice_lines([explain(remark, language) for remark in table.pairs()[1]])
    return table


def text_preview(data: bytes, layout: Layout, language: Language, heard: Heard, *, key: str) -> None:
    """Draw a text's first lines and the choice of its encoding."""
    found = None
    with st.container(key=f"av-preview-{_name(key)}", gap="small"):
        try:
            decoded, _ = opened(data[:200_000], layout.encoding)
            found = replace(Layout(), encoding=decoded.encoding if decoded.encoding in CHOICES["encoding"] else "auto")
            lines = [line for line in clean(decoded.text).split("\n") if line.strip()][:ROWS]
            rows = "".join(f'<tr><td dir="auto">{escape(shortened(line, 2 * CELL))}</td></tr>' for line in lines)
            st.html(f'<div class="av-preview"><table>{rows}</table></div>')
        except InputError as error:
            notice(explain(error, language), "error")
        _Form(key, language, layout, found, heard).ask_choice("encoding")


def known_table(data: bytes, layout: Layout, purpose: Purpose) -> Table:
    """The table, read once for all who look at it."""
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    return _table(digest, tuple(layout.chosen.items()), purpose, data, layout)


@st.cache_resource(show_spinner=False, max_entries=8)
def _table(
    digest: str, chosen: tuple[tuple[str, Column], ...], purpose: Purpose, _data: bytes, _layout: Layout
) -> Table:
    return read_table(_data, _layout, purpose)


def _columns(form: _Form, table: Table, purpose: Purpose) -> None:
    """Which column is which, and the button that swaps them."""
    options = ("auto", *range(1, table.columns + 1))

    def say(column: Column) -> str:
        label = table.label(int(column))
        if label == str(column):
            return form.t("column", number=column)
        return form.t("column_named", name=shortened(label, 24), number=column)

    for place, name in zip(st.columns(2, gap="small"), ("source", "target"), strict=True):
        with place:
            form.ask(name, form.t(f"{purpose}_{name}"), options, say)
    found = table.layout
    swapped = replace(form.layout, source=found.target, target=found.source)
    st.button(
        form.t("swap"), icon=":material/swap_horiz:", key=f"{form.key}:swap", on_click=form.heard, args=(swapped,)
    )


def _picture(table: Table, t: Words, purpose: Purpose) -> str:
    """The first rows; the two columns that are read stand out and say what they are."""
    source, target = table.layout.source, table.layout.target
    order = sorted({*range(1, min(table.columns, COLUMNS) + 1), int(source), int(target)})
    roles = {source: t(f"{purpose}_source"), target: t(f"{purpose}_target")}

    def marked(column: int) -> str:
        return ' class="av-read"' if column in roles else ""

    def head(column: int) -> str:
        role, name = escape(roles.get(column, "")), escape(shortened(table.label(column), 24))
        return f'<th scope="col"{marked(column)}><b>{role}</b> {name}</th>'

    def cell(row: Sequence[str], column: int) -> str:
        text = shortened(row[column - 1], CELL) if column <= len(row) else ""
        return f'<td{marked(column)} dir="auto">{escape(text)}</td>'

    heads = "".join(map(head, order))
    rows = "".join(f"<tr>{''.join(cell(row, column) for column in order)}</tr>" for row in table.rows[:ROWS])
    count = f"{len(table.rows):,}"
    said = t("size", rows=count, columns=table.columns, shown=min(ROWS, len(table.rows)))
    return (
        f'<div class="av-preview"><p>{escape(said)}</p><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _name(key: str) -> str:
    """A file's key as part of a class name."""
    return hashlib.blake2b(key.encode(), digest_size=6).hexdigest()
