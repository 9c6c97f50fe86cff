"""The list of runs: open, resume, rename, export, delete with undo, import."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

from attnviz.data import InputError
from attnviz.data.tasks.catalogue import INFOS
from attnviz.errors import Notice
from attnviz.runs import RunSummary
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.notices import notice, plain, shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.frame.uploads import LARGEST, let_go, stream_of
from attnviz.ui.runs.chosen_run import choose_run, chosen_run
from attnviz.ui.runs.library import forget, free_name, library
from attnviz.ui.runs.style import card
from attnviz.ui.runs.trouble import trouble
from attnviz.ui.text import Words, words

LISTED = 40  # runs; older ones are still there
DELETED = "runs-deleted"  # session state: (id, name) that can be undone here


def show(frame: Frame, page: str, mine: Callable[[RunSummary], bool], *, opened: Callable[[], None]) -> None:
    """Every run that is `mine`, the newest first; `opened` is called when one is chosen."""
    t = words("runs", frame.language)
    with card("list"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.html(f'<h2 class="rn-title">{escape(t("list_title"))}<small>{escape(str(library().root))}</small></h2>')
            with st.popover(t("list_import"), icon=":material/upload:", help=t("list_import_help")):
                _import(frame, t, page, opened)
        _undo(frame, t)
        if not chosen_run(page).controls:
            st.html(f'<p class="rn-why">{escape(t("list_watching"))}</p>')
        runs = [one for one in library().list() if mine(one)]
        if not runs:
            st.html(f'<p class="rn-empty">{escape(t("list_empty"))}</p>')
        names = {one.id: one.name for one in runs}
        for one in runs[:LISTED]:
            _row(frame, t, page, one, names, opened)
        _trash(frame, t, mine)


def _row(frame: Frame, t: Words, page: str, one: RunSummary, names: dict[str, str], opened: Callable[[], None]) -> None:
    status, watching = one.status, not chosen_run(page).controls  # who came by a link looks, and changes no run
    with st.container(key=f"rn-row-{one.id}", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(_described(frame, t, one, names, here=chosen_run(page).run == one.id))
        if status is not None:
            if st.button(t("list_open"), key=f"open-{one.id}", icon=":material/visibility:"):
                choose_run(page, one.id, controls=not watching)
                opened()
                st.rerun()
            resumable = status.state in ("paused", "stopped", "failed", "waiting") and status.step < status.steps
            if st.button(
                t("list_resume"),
                key=f"resume-{one.id}",
                icon=":material/play_arrow:",
                disabled=not resumable or watching,
            ):
                _do(frame, lambda: library().open(one.id).send("play"))
                choose_run(page, one.id)
                opened()
                st.rerun()
            with st.popover(t("list_rename"), icon=":material/edit:", key=f"more-{one.id}", disabled=watching):
                _rename(frame, t, one)
            st.download_button(
                t("list_export"),
                data=lambda: library().export_zip(one.id),
                file_name=f"{one.id}.zip",
                mime="application/zip",
                key=f"export-{one.id}",
                icon=":material/download:",
                on_click="ignore",
            )
        if st.button(t("list_delete"), key=f"delete-{one.id}", icon=":material/delete:", disabled=watching):
            if _do(frame, lambda: library().delete(one.id)):
                forget(one.id)
                st.session_state[DELETED] = (one.id, one.name)
                if chosen_run(page).run == one.id:
                    choose_run(page, None)
            st.rerun()


def _described(frame: Frame, t: Words, one: RunSummary, names: dict[str, str], *, here: bool) -> str:
    info = INFOS.get(one.task)
    task = info.title[frame.language] if info else one.task
    status, under = one.status, [task]
    if one.parent:
        origin = str(one.parent.get("run", ""))
        under.append(t("list_parent", name=shortened(names.get(origin, origin), 30), step=one.parent.get("step", 0)))
    if one.error is not None:
        under = [t("list_broken", why=explain(one.error, frame.language))]
    state, bar = "", ""
    if status is not None:
        share = 100 * status.step / max(1, status.steps)
        state = f'<span class="rn-state rn-{status.state}">{escape(t(f"state_{status.state}"))}</span>'
        bar = f'<div class="rn-progress"><i style="width:{share:.1f}%"></i></div>'
        bar += f"<em>{status.step:,}/{status.steps:,}</em>"
    return (
        f'<div class="rn-run{" rn-here" if here else ""}"><div><b dir="auto">{escape(shortened(one.name, 80))}</b>'
        f"<small>{escape(' · '.join(under))}</small></div>{state}{bar}</div>"
    )


def _rename(frame: Frame, t: Words, one: RunSummary) -> None:
    name = st.text_input(t("list_name"), value=one.name, key=f"name-{one.id}-{one.name}", max_chars=120)
    if st.button(t("list_save"), key=f"save-{one.id}", type="primary"):
        _do(frame, lambda: library().rename(one.id, name))
        st.rerun()


def _import(frame: Frame, t: Words, page: str, opened: Callable[[], None]) -> None:
    st.caption(t("list_import_help"))
    uploaded = st.file_uploader(
        t("list_import"), type=["zip"], key="run-zip", max_upload_size=LARGEST, label_visibility="collapsed"
    )
    if uploaded is None or st.session_state.get("run-zip-taken") == uploaded.file_id:
        if (refused := st.session_state.get("run-zip-refused")) is not None:
            notice(explain(refused, frame.language), "error")
        return
    st.session_state["run-zip-taken"] = uploaded.file_id
    st.session_state["run-zip-refused"] = None
    try:
        run = library().import_zip(stream_of(uploaded, LARGEST, "attnviz runs import FILE"))
        others = {one.name for one in library().list() if one.id != run.id}
        if run.name in others:
            run.rename(free_name(run.name))
    except InputError as error:
        st.session_state["run-zip-refused"] = Notice(error.code, error.details)  # the error itself holds the file
        let_go(uploaded, "run-zip")
        st.rerun()
    let_go(uploaded, "run-zip")
    choose_run(page, run.id)
    opened()
    st.toast(t("list_imported", name=plain(shortened(run.name, 60))))
    st.rerun()


def _undo(frame: Frame, t: Words) -> None:
    """What was just deleted, and the way back."""
    deleted: tuple[str, str] | None = st.session_state.get(DELETED)
    if deleted is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        notice(t("list_deleted", name=shortened(deleted[1], 60)))
        if st.button(t("list_undo"), icon=":material/undo:", key="run-undo", type="primary"):
            _do(frame, lambda: library().restore(deleted[0]))
            forget(deleted[0])
            st.session_state[DELETED] = None
            st.rerun()


def _trash(frame: Frame, t: Words, mine: Callable[[RunSummary], bool]) -> None:
    gone = [one for one in library().trashed() if mine(one)]
    if not gone:
        return
    with st.expander(t("list_trash", count=len(gone)), icon=":material/delete:"):
        for one in gone[:LISTED]:
            with st.container(key=f"rn-row-gone-{one.id}", horizontal=True, vertical_alignment="center", gap="small"):
                st.html(_described(frame, t, one, {}, here=False))
                if st.button(t("list_restore"), key=f"restore-{one.id}", icon=":material/undo:"):
                    _do(frame, lambda one=one: library().restore(one.id))  # type: ignore[misc]
                    forget(one.id)
                    st.rerun()


def _do(frame: Frame, action: Callable[[], object]) -> bool:
    """Whether it worked; what went wrong is kept as a sentence."""
    try:
        action()
    except InputError as error:
        trouble(explain(error, frame.language))
        return False
    return True
