"""A file of people's own as the task: what its columns are, and what is wrong with it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from attnviz.ui.finetuning.choices import Choices, OwnFile
from attnviz.ui.frame.controls import LARGEST_TABLE, choose
from attnviz.ui.frame.notices import plain, shortened
from attnviz.ui.frame.page import Frame

KINDS = ("labels", "pairs")


def ask(frame: Frame, choices: Choices) -> Choices:
    """The field for the file, or the file that was taken; returns the choices with it."""
    kind = choose(
        "ft-own-kind",
        frame.t("own_kind"),
        KINDS,
        lambda code: frame.t(f"own_kind_{code}"),
        default=choices.own.kind if choices.own else "labels",
        look="segments",
    )
    if choices.own is not None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(plain(shortened(choices.own.name, 40)))
            if st.button(frame.t("own_drop"), icon=":material/close:", key="ft-own-drop"):
                st.session_state["ft-own-dropped"] = st.session_state.get("ft-own-dropped", 0) + 1
                return replace(choices, own=None)
        return replace(choices, own=replace(choices.own, kind=kind))
    field = f"ft-own-file-{st.session_state.get('ft-own-dropped', 0)}"  # a new one is empty
    uploaded = st.file_uploader(
        frame.t("own_csv"), type=["csv", "tsv", "txt"], key=field, max_upload_size=LARGEST_TABLE
    )
    st.html(f'<p class="rn-why">{frame.t(f"own_help_{kind}")}</p>')
    if uploaded is None:
        return choices
    return replace(choices, own=OwnFile(uploaded.name, uploaded.getvalue(), kind))
