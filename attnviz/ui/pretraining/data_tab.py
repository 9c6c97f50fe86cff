"""The data tab: what the model is given, from raw text to numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Literal

import streamlit as st

from attnviz.data import InputError, Notice, Task, tasks
from attnviz.data.byte_pairs import BytePairs
from attnviz.data.info import TaskInfo
from attnviz.data.user_table import Layout
from attnviz.model import Transformer
from attnviz.training import make_model
from attnviz.ui.frame.appearance import colour_names
from attnviz.ui.frame.boundary import explain, live
from attnviz.ui.frame.controls import choose, shown
from attnviz.ui.frame.notices import notice, notice_lines
from attnviz.ui.frame.page import Frame
from attnviz.ui.frame.uploads import LARGEST_TABLE, table_of
from attnviz.ui.pretraining import data_picture as draw
from attnviz.ui.pretraining import preparation
from attnviz.ui.pretraining.choices import Choices, OwnFile, current, keep, model_config, plain_name, task_of
from attnviz.ui.runs.chosen_run import view_of
from attnviz.ui.runs.library import watched
from attnviz.ui.runs.style import card
from attnviz.ui.sentence.own_file import is_table
from attnviz.ui.sentence.table_preview import known_table, table_preview, text_preview
from attnviz.ui.text import words

PAGE = "pretraining"
OWN = "own-file"
LISTED = 2000  # rows of the vocabulary
TOKENS = ("auto", "characters", "words", "byte-pairs")  # the last for texts only


def show(frame: Frame, train: Callable[[], None]) -> None:
    """Two columns: which data there are, and the way of one sentence through them. `train` starts a run of them."""
    left, right = st.columns([5, 7], gap="small")
    with left, card("data-which"):
        task = which_data(frame)
        if task is not None and st.button(
            frame.t("train_on_this"), icon=":material/play_arrow:", key="data-train", type="primary"
        ):
            train()
    with right, card("data-sentence"):
        if task is not None:
            one_sentence(frame, task)
    if task is not None:
        with left, card("data-vocabulary"):
            vocabulary(frame, task)


def which_data(frame: Frame) -> Task | None:
    """The chooser and the split; None when the file cannot be used, and a sentence says why."""
    t, choices = frame.t, current()
    offered = ([OWN] if choices.own else []) + list(tasks.names())
    now = OWN if choices.own else choices.task_name
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        picked = choose(
            f"data-task:{choices.preset}:{choices.task}:{choices.own.digest if choices.own else ''}",
            t("task"),
            offered,
            lambda name: choices.own.name if name == OWN and choices.own else tasks.info(name).title[frame.language],
            default=now,
        )
        with st.popover(t("own_data"), icon=":material/upload_file:", help=t("own_data_help")):
            own_file(frame)
    if picked not in (now, OWN):
        keep(replace(choices.with_task(picked)))
        st.rerun()
    if choices.own is not None:
        _how_read(frame, choices)
    try:
        task = task_of(choices)
        found = _splits(scope(task), task)
    except InputError as error:
        notice(explain(error, frame.language), "error")
        if choices.own and st.button(t("own_data_back")):
            keep(replace(choices, own=None))
            st.rerun()
        return None
    # What concerns the reading of a table stands in its preview.
    said = [] if choices.own is None or choices.own.task == "user-text" else _preview_remarks(choices.own)
    notice_lines([explain(remark, frame.language) for remark in task.notices if remark not in said])
    _about(frame, task.info)
    st.html(draw.split_bar(found, t) + draw.first_examples(found, t))
    return task


def own_file(frame: Frame) -> None:
    """Inside the popover: a file, and how to take it apart."""
    t, choices = frame.t, current()
    st.caption(t("own_data_help"))
    uploaded = st.file_uploader(
        t("own_data_field"), type=["txt", "csv", "tsv"], key="own-data", max_upload_size=LARGEST_TABLE
    )
    if uploaded is not None and st.session_state.get("own-data-taken") != uploaded.file_id:
        st.session_state["own-data-taken"] = uploaded.file_id
        try:
            data = table_of(uploaded)
        except InputError as error:
            notice(explain(error, frame.language), "error")
            return
        keep(replace(choices, own=OwnFile(plain_name(uploaded.name), data, kind=_kind(data, uploaded.name)), task=""))
        st.rerun()
    if choices.own is not None:
        tokens = choose(
            "own-data-tokens",
            t("own_tokens"),
            TOKENS if choices.own.task == "user-text" else TOKENS[:-1],
            lambda code: t(f"own_tokens_{code.replace('-', '_')}"),
            default=choices.own.tokens,
            look="segments",
        )
        if tokens != choices.own.tokens:
            keep(replace(choices, own=replace(choices.own, tokens=tokens)))
            st.rerun()
        if st.button(t("own_data_back"), icon=":material/undo:", key="own-data-back"):
            keep(replace(choices, own=None))
            st.rerun()


def _kind(data: bytes, name: str) -> Literal["text", "pairs"]:
    """What a file is likely to be; its owner may say otherwise."""
    try:
        return "pairs" if is_table(data, name) else "text"
    except InputError:  # said where the file is shown
        return "text" if name.lower().endswith(".txt") else "pairs"


def _how_read(frame: Frame, choices: Choices) -> None:
    """How the file is read: as what, and with its first rows to see."""
    own = choices.own
    assert own is not None, "called for a file of people's own"
    kinds: tuple[Literal["text", "pairs"], ...] = ("text", "pairs")
    now: Literal["text", "pairs"] = "text" if own.task == "user-text" else "pairs"

    def heard(layout: Layout) -> None:
        keep(replace(current(), own=replace(own, layout=layout)))

    with st.expander(words("table_preview", frame.language)("title"), icon=":material/table:", expanded=True):
        picked = choose(
            f"own-data-kind:{own.digest}:{now}",
            frame.t("own_kind"),
            kinds,
            lambda code: frame.t(f"own_kind_{code}"),
            default=now,
            look="segments",
        )
        if picked != now:
            keep(replace(choices, own=replace(own, kind=picked, tokens="auto")))
            st.rerun()
        preview = text_preview if now == "text" else table_preview
        preview(own.data, own.layout, frame.language, heard, key=f"own-data:{own.digest}")


def _preview_remarks(own: OwnFile) -> list[Notice]:
    return known_table(own.data, own.layout, "pairs").pairs()[1]


def _about(frame: Frame, info: TaskInfo) -> None:
    source = info.source[frame.language] + (f" ({frame.t('data_synthetic')})" if info.synthetic else "")
    st.caption(info.note[frame.language])
    st.caption(frame.t("data_source", source=source, licence=info.licence[frame.language]))


@live
def one_sentence(frame: Frame, task: Task) -> None:
    """Raw → cleaned → tokens → ids → one-hot, bag of words, embedding: for a sentence of people's own."""
    t = frame.t
    st.html(f'<h2 class="rn-title">{t("one_sentence")}</h2>')
    name = f"follow:{scope(task)}"
    kept: dict[str, str] = st.session_state.setdefault("follow", {})
    kept.setdefault(name, task.examples[0] if task.examples else "")
    field = shown(name, kept[name], partial(kept.__setitem__, name))
    st.text_input(
        t("follow"),
        field.value,
        key=field.key,
        label_visibility="collapsed",
        placeholder=t("sentence_placeholder"),
        on_change=field.answered,
    )
    text = field.value[: preparation.LEARNED_FROM]
    plain, gone = preparation.cleaned(text)
    used = task.tokenize(text)
    if not used:
        notice(explain(InputError("empty"), frame.language), "warning")
        return
    with st.container(key="data-steps"):
        st.html(draw.step(1, t("step_raw"), t("step_raw_note", count=len(text)), draw.raw(text)))
        said = t("step_clean_some", gone=" ".join(gone)) if gone else t("step_clean_none")
        st.html(draw.step(2, t("step_clean"), said, draw.raw(plain) if gone else ""))
        divided = preparation.divide(text, _lines(scope(task), task), _pieces(scope(task), task))
        st.html(draw.step(3, t("step_tokens"), "", draw.ways(divided, used, t)))
        _numbers(frame, task, used)


def _numbers(frame: Frame, task: Task, used: list[str]) -> None:
    """Steps 4 to 7, which need the vocabulary and the table W."""
    t = frame.t
    known = task.src_vocab or task.tgt_vocab
    model, step = _model_of(frame, task)
    table = (model.src_embedding if model.has_encoder else model.embedding).tokens.weight
    found = preparation.vectors(used, known, table)
    unknown = [place for place, number in enumerate(found.ids) if number == 3]
    st.html(
        draw.step(4, t("step_ids"), t("step_ids_note"), draw.chips(found.labels, [str(n) for n in found.ids], unknown))
    )
    st.html(draw.step(5, t("step_one_hot"), t("step_one_hot_note", size=len(known)), draw.one_hot(found, len(known))))
    st.html(draw.step(6, t("step_bag"), t("step_bag_note"), draw.bag(found)))
    origin = t("embedding_fresh") if step is None else t("embedding_of_run", step=f"{step:,}")
    colours = colour_names(t.language, "more", "less")
    note = f"{t('step_embedding_note', width=found.embedding.shape[1], **colours)} · {origin}"
    proof = f'<p class="dt-note dt-proof">{t("proof", error=f"{found.error:.1g}")}</p>'
    st.html(draw.step(7, t("step_embedding"), note, draw.embedding(found) + proof))


def _model_of(frame: Frame, task: Task) -> tuple[Transformer, int | None]:
    """The model whose table W is shown: of the run that is open, at its last kept step, or a fresh one."""
    view = view_of(PAGE, frame.language)
    if view is not None and view.kept and view.config.task == task.info.name and view.config.train.objective is None:
        found = watched(view, max(view.kept))
        if (found.task.src_vocab or found.task.tgt_vocab) == (task.src_vocab or task.tgt_vocab):
            return found.model, found.key.step
    return _fresh_model(scope(task), str(sorted(current().shape.items())), task), None


@live
def vocabulary(frame: Frame, task: Task) -> None:
    """The vocabulary with counts, searchable."""
    import pandas as pd

    t = frame.t
    st.html(f'<h2 class="rn-title">{t("vocabulary")}</h2>')
    sides: tuple[Literal["source", "target"], ...] = ("source", "target") if task.src_vocab is not None else ("target",)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        side = sides[0]
        if len(sides) > 1:
            side = choose(
                "vocabulary-side",
                t("vocabulary"),
                sides,
                lambda code: t(f"vocabulary_{code}"),
                default="source",
                look="segments",
            )
        wanted = st.text_input(
            t("vocabulary_find"), key="vocabulary-find", label_visibility="collapsed", placeholder=t("vocabulary_find")
        )
    known = task.src_vocab if side == "source" and task.src_vocab is not None else task.tgt_vocab
    rows = preparation.vocabulary_rows(known, _counts(scope(task), side, task), wanted.strip())
    names = [t(f"vocabulary_{name}") for name in ("id", "token", "count")]
    frame_of_rows = pd.DataFrame(rows[:LISTED], columns=names)
    most = max((row[2] for row in rows), default=1) or 1
    st.dataframe(
        frame_of_rows,
        hide_index=True,
        height=330,
        column_config={
            names[0]: st.column_config.NumberColumn(width="small"),
            names[2]: st.column_config.ProgressColumn(format="%d", min_value=0, max_value=most),
        },
    )
    st.caption(t("vocabulary_line", count=f"{len(known):,}"))


def scope(task: Task) -> str:
    """What cached answers about a task belong to."""
    return f"{task.info.title['en']} {sorted(task.options.items())} {id(task)}"


@st.cache_resource(show_spinner=False, max_entries=16)
def _splits(key: str, _task: Task) -> preparation.Splits:
    return preparation.splits(_task)


@st.cache_resource(show_spinner=False, max_entries=16)
def _counts(key: str, side: Literal["source", "target"], _task: Task) -> Mapping[str, int]:
    return preparation.counts(_task, side)


@st.cache_resource(show_spinner=False, max_entries=16)
def _lines(key: str, _task: Task) -> list[str]:
    return preparation.learned_text(_task)


@st.cache_resource(show_spinner=False, max_entries=16)
def _pieces(key: str, _task: Task) -> BytePairs:
    return preparation.learn_pieces(_task)


@st.cache_resource(show_spinner=False, max_entries=8)
def _fresh_model(key: str, shape: str, _task: Task) -> Transformer:
    choices = current()
    return make_model(model_config(choices, _task), choices.train.seed)
