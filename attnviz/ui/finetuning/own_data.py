"""A file of people's own as the task: what its columns are, and what is wrong with it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from attnviz.data.user_table import Layout, Purpose
from attnviz.errors import InputError
from attnviz.ui.finetuning.choices import Choices, OwnFile, current, keep
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.notices import notice, plain, shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.frame.uploads import LARGEST_TABLE, table_of
from attnviz.ui.sentence.table_preview import table_preview
from attnviz.ui.text import words

KINDS: tuple[Purpose, ...] = ("labels", "pairs")


def ask(frame: Frame, choices: Choices) -> Choices:
    """The field for the file, or the file that was taken; returns the choices with it."""
    before: Purpose = "pairs" if choices.own is not None and choices.own.kind == "pairs" else "labels"
    kind = choose(
        "ft-own-kind",
        frame.t("own_kind"),
        KINDS,
        lambda code: frame.t(f"own_kind_{code}"),
        default=before,
        look="segments",
    )
    if choices.own is not None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(plain(shortened(choices.own.name, 40)))
            if st.button(frame.t("own_drop"), icon=":material/close:", key="ft-own-drop"):
                st.session_state["ft-own-dropped"] = st.session_state.get("ft-own-dropped", 0) + 1
                return replace(choices, own=None)
        own = choices.own

        def heard(layout: Layout) -> None:
            keep(replace(current(), own=replace(own, layout=layout)))

        with st.expander(words("table_preview", frame.language)("title"), icon=":material/table:", expanded=True):
            table_preview(own.data, own.layout, frame.language, heard, key=f"ft-own:{own.digest}", purpose=kind)
        return replace(choices, own=replace(own, kind=kind))
    field = f"ft-own-file-{st.session_state.get('ft-own-dropped', 0)}"  # a new one is empty
    uploaded = st.file_uploader(
        frame.t("own_csv"), type=["csv", "tsv", "txt"], key=field, max_upload_size=LARGEST_TABLE
    )
    st.html(f'<p class="rn-why">{frame.t(f"own_help_{kind}")}</p>')
    if uploaded is None:
        return choices
    try:
        return replace(choices, own=OwnFile(uploaded.name, table_of(uploaded), kind))
    except InputError as error:
        notice(explain(error, frame.language), "error")
        return choices
