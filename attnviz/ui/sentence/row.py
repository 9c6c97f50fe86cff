"""The sentence of a page: a text field, examples one click away, and people's own texts and files.

Texts are kept by task, so that two models of one task read the same sentence. What people typed stays in the session.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import streamlit as st

from attnviz.data import InputError
from attnviz.data.user_table import Layout
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import shown
from attnviz.ui.frame.notices import notice, notice_lines, plain, shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.frame.uploads import LARGEST_TABLE, table_of
from attnviz.ui.sentence.own_file import OwnSentences, is_table, of_table, read_file
from attnviz.ui.sentence.reading import LONGEST, Texts, name_of
from attnviz.ui.sentence.table_preview import table_preview, text_preview

LISTED = 200  # sentences of a file that the list shows
# The example (from 1) that a task begins with where it is not its first one: a head matters in it that can be named.
BEGINS_WITH = {"lm-en": 2, "questions": 2}
CHIP = 14  # characters of an example on its button


@dataclass(frozen=True)
class Chosen:
    """The text to read; `example` counts from 1 and is None when the text is people's own."""

    text: str
    example: int | None
    reference: str | None = None  # from their file


def sentence_row(
    frame: Frame, task: Texts, *, first: int | None = None, name: str | None = None, longest: int = LONGEST
) -> Chosen:
    """Draw the row and return the sentence. `first` is the example that the address asks for.

    Sentences are kept by `name` (None: the task's), so that two models may share one or not. `longest` is said where
    long texts are typed: how many tokens this page and its model take.
    """
    name = name or name_of(task)
    kept: dict[str, str] = st.session_state.setdefault("sentences", {})
    if name not in kept:
        kept[name] = task.examples[(first or BEGINS_WITH.get(name, 1)) - 1] if task.examples else ""
    references: dict[str, str] = st.session_state.setdefault("references", {})

    take = partial(kept.__setitem__, name)
    field = shown(f"sentence:{name}", kept[name], take)
    with st.container(key="av-sentence", horizontal=True, vertical_alignment="center", gap="small"):
        st.text_input(
            frame.t("sentence"),
            field.value,
            key=field.key,
            placeholder=frame.t("sentence_placeholder"),
            label_visibility="collapsed",
            on_change=field.answered,
        )
        with st.container(key="av-examples", horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False):
            for number, example in enumerate(task.examples):
                short = shortened(example, CHIP)
                st.button(
                    plain(short),
                    key=f"example:{name}:{number}",
                    on_click=take,
                    args=(example,),
                    help=plain(example) if short != example else None,
                    type="primary" if kept[name] == example else "secondary",
                )
        with st.popover(frame.t("own"), help=frame.t("own_help"), icon=":material/edit_note:"):
            _own(frame, name, kept, references, longest)
    text = kept[name]
    example_number = task.examples.index(text) + 1 if text in task.examples else None
    return Chosen(text, example_number, references.get(text))


def _own(frame: Frame, name: str, kept: dict[str, str], references: dict[str, str], longest: int) -> None:
    """Inside the popover: a field for long texts, and a file."""
    area = shown(f"long:{name}", kept[name], partial(kept.__setitem__, name))
    st.text_area(frame.t("own_text", limit=longest), area.value, key=area.key, height=150, on_change=area.answered)
    uploaded = st.file_uploader(
        frame.t("own_file"), type=["csv", "tsv", "txt"], key=f"file:{name}", max_upload_size=LARGEST_TABLE
    )
    if uploaded is None:
        return
    file = f"{name}:{uploaded.file_id}"
    try:
        own = _sentences(frame, table_of(uploaded), uploaded.name, file)
    except InputError as error:
        notice(explain(error, frame.language), "error")
        return
    if own is not None:
        _pick(frame, name, uploaded.file_id, own, kept, references)


def _sentences(frame: Frame, data: bytes, name: str, file: str) -> OwnSentences | None:
    """What is in a file, as its owner has it read; None after a sentence that says what is wrong."""
    layouts: dict[str, Layout] = st.session_state.setdefault("own-layouts", {})
    layout = layouts.get(file, Layout())
    heard = partial(layouts.__setitem__, file)
    if is_table(data, name, layout.encoding):
        table = table_preview(data, layout, frame.language, heard, key=f"own:{file}")
        if table is None:
            return None
        own, said = of_table(table), len(table.pairs()[1])
        notice_lines([explain(remark, frame.language) for remark in own.notices[said:]])
        return own
    text_preview(data, layout, frame.language, heard, key=f"own:{file}")
    own = read_file(data, name, layout)
    notice_lines([explain(remark, frame.language) for remark in own.notices])
    return own


def _pick(
    frame: Frame, name: str, file_id: str, own: OwnSentences, kept: dict[str, str], references: dict[str, str]
) -> None:
    listed = own.sentences[:LISTED]
    key = f"own-pick:{name}:{file_id}"

    def picked() -> None:
        number = st.session_state.get(key)
        if number is not None:
            text, reference = listed[number]
            kept[name] = text
            if reference:
                references[text] = reference

    st.selectbox(
        frame.t("own_pick"),
        range(len(listed)),
        index=None,
        format_func=lambda number: shortened(listed[number][0]),
        placeholder=frame.t("own_none"),
        key=key,
        on_change=picked,
    )
    more = frame.t("own_only_first", count=LISTED) if len(own.sentences) > LISTED else ""
    st.caption(f"{frame.t('own_read', count=len(own.sentences))} {more}")
