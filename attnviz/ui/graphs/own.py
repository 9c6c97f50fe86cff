"""A graph that is typed: the number of nodes, then its edges. It joins the held-out ones, and no link holds it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from attnviz.data import InputError, Pair
from attnviz.data.tasks.graphs import read, written
from attnviz.ui.fields.explore import go_to
from attnviz.ui.fields.scene import FieldModel
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import shown
from attnviz.ui.frame.notices import notice
from attnviz.ui.frame.page import Frame
from attnviz.ui.graphs.scene import graph_task

TYPED = "graphs-typed"  # session state
SHOWN = "graphs-typed-shown"  # session state: the typed graph that was gone to


def added(frame: Frame, model: FieldModel) -> FieldModel:
    """The model with the typed graph as one more example; what is no graph is said, and changes nothing."""
    with st.popover(frame.t("own"), help=frame.t("own_help"), icon=":material/edit:"):
        field = shown("graphs-own", st.session_state.get(TYPED, ""), _typed)
        st.text_input(
            frame.t("own_field"), field.value, key=field.key, on_change=field.answered, placeholder="5 0-1 1-2 3-4"
        )
    text = st.session_state.get(TYPED, "").strip()
    if not text:
        return model
    try:
        model.task.encode(text)
        nodes, edges = read(model.task.tokenize(text), graph_task(model.task).most_nodes)
    except InputError as error:
        with frame.notices:
            notice(explain(error, frame.language), "warning")
        return model
    source = written(nodes, edges)
    if st.session_state.get(SHOWN) != source:
        st.session_state[SHOWN] = source
        go_to("graphs", model.scope, len(model.examples))
    found = model.task.answer(source)
    return replace(model, own=(Pair(source, (found[0],)),))


def _typed(text: str) -> None:
    st.session_state[TYPED] = text[:400]
