"""Take it home: the merged weights, the LoRA alone, the model card; and a LoRA file put on this start."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import streamlit as st

from attnviz.data import InputError
from attnviz.errors import FineTuneError, Notice
from attnviz.model.lora import lora_layers
from attnviz.runs.feed import RunView
from attnviz.runs.zip.archive import files, opened
from attnviz.training.evaluation import evaluate
from attnviz.training.finetuning.lora_file import DESCRIPTION, MAX_BYTES, WEIGHTS, load_lora, save_lora
from attnviz.training.finetuning.model_card import model_card
from attnviz.training.finetuning.saving import save_merged
from attnviz.ui.finetuning import measured
from attnviz.ui.finetuning.task_measures import measure_of, value
from attnviz.ui.finetuning.tuned_models import Tuned
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.notices import notice, notice_lines
from attnviz.ui.frame.page import Frame

CARD = "README.md"


def show(frame: Frame, view: RunView, now: Tuned) -> None:
    """Three downloads, each with what it is for, and the way back for a LoRA."""
    t = frame.t
    name = f"{now.run}-step-{now.step}"
    step = now.tuner.stopping.step if now.tuner.stopped_early else now.step
    note = t("save_note", step=f"{step:,}")
    if now.tuner.stopped_early:
        note += " " + t("stopped_early", step=f"{step:,}", at=f"{now.step:,}")
    st.html(f'<p class="ft-note">{note}</p>')
    merged, lora, card = st.columns(3, gap="small")
    with merged, st.container(border=True):
        st.html(f'<h2 class="rn-group">{t("save_merged")}</h2><p class="rn-why">{t("save_merged_why")}</p>')
        st.download_button(
            t("download_zip"),
            data=lambda: merged_zip(frame, view, now),
            file_name=f"{name}.zip",
            mime="application/zip",
            key="ft-save-merged",
            icon=":material/download:",
            on_click="ignore",
            type="primary",
        )
    with lora, st.container(border=True):
        st.html(f'<h2 class="rn-group">{t("save_lora")}</h2><p class="rn-why">{t("save_lora_why")}</p>')
        problem = lora_problem(now)
        st.download_button(
            t("download_zip"),
            data=(lambda: lora_zip(now)) if problem is None else b"",
            file_name=f"{name}-lora.zip",
            mime="application/zip",
            key="ft-save-lora",
            icon=":material/download:",
            on_click="ignore",
            disabled=problem is not None,
        )
        if problem is not None:
            notice(explain(problem, frame.language))
    with card, st.container(border=True):
        st.html(f'<h2 class="rn-group">{t("save_card")}</h2><p class="rn-why">{t("save_card_why")}</p>')
        st.download_button(
            t("download_md"),
            data=lambda: card_text(frame, view, now),
            file_name=f"{name}-model-card.md",
            mime="text/markdown",
            key="ft-save-card",
            icon=":material/download:",
            on_click="ignore",
        )
    with st.expander(t("card_preview"), icon=":material/description:"):
        if st.toggle(t("card_show"), key="ft-card-shown"):
            with st.spinner(t("measuring")):
                st.code(card_text(frame, view, now), language="markdown")
    with st.expander(t("lora_try"), icon=":material/upload:"):
        _try(frame, now)


def merged_zip(frame: Frame, view: RunView, now: Tuned) -> bytes:
    """The checkpoint folder that `attnviz.load` reads, with its card."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        save_merged(path, now.tuner, name=view.config.name)
        (path / CARD).write_text(card_text(frame, view, now), encoding="utf-8")
        return _zipped(path)


def lora_zip(now: Tuned) -> bytes:
    """lora.safetensors and lora.json."""
    with tempfile.TemporaryDirectory() as folder:
        return _zipped(save_lora(Path(folder) / "lora", now.tuner))


def lora_problem(now: Tuned) -> InputError | None:
    """Why there is no LoRA to be saved alone; None: there is one."""
    if not lora_layers(now.tuner.model):
        return FineTuneError("lora_none", strategy=now.tuner.finetune.strategy)
    try:
        with tempfile.TemporaryDirectory() as folder:
            save_lora(Path(folder) / "lora", now.tuner)
    except InputError as error:
        return error
    return None


def card_text(frame: Frame, view: RunView, now: Tuned) -> str:
    """The model card, in the language of the page."""
    return model_card(now.tuner, measured.carded(now), name=view.config.name, language=frame.language)


def _zipped(folder: Path) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(folder.iterdir()):
            file.write(path, path.name)
    return kept.getvalue()


# ---- a LoRA from a file ------------------------------------------------------------------------------------------


def _try(frame: Frame, now: Tuned) -> None:
    """Put an uploaded LoRA on this run's start and say how good it is; whatever does not fit is refused whole."""
    st.caption(frame.t("lora_try_help", start=now.prepared.start.name))
    uploaded = st.file_uploader(
        frame.t("lora_try"), type=["zip"], key="ft-lora-file", max_upload_size=64, label_visibility="collapsed"
    )
    if uploaded is None:
        return
    uploaded.seek(0)
    try:
        said = tried(uploaded.read(), now, frame)
    except InputError as error:
        notice(explain(error, frame.language), "error")
        return
    notice_lines([said])


def tried(content: bytes, now: Tuned, frame: Frame) -> str:
    """How good this run's start is on the new task with the LoRA of a zip file. Raises FineTuneError."""
    model = now.prepared.before
    from attnviz.model.lora import plain_copy

    copied = plain_copy(model).eval()
    with tempfile.TemporaryDirectory() as folder:
        unpack(content, Path(folder))
        about = load_lora(folder, copied, now.task.tgt_vocab)
    measure = measure_of(now.task)
    share = value(evaluate(copied, now.task, "test", limit=measured.LIMIT), measure)
    return frame.t(
        "lora_tried",
        rank=about["rank"],
        layers=len(about["layers"]),
        measure=frame.t(measure.text),
        share="–" if share is None else f"{100 * share:.1f}%",
    )


def unpack(content: bytes, folder: Path) -> None:
    """The two files of a LoRA out of a zip, and nothing else. Raises FineTuneError("lora_file")."""

    def refuse(problem: object) -> FineTuneError:
        return FineTuneError("lora_file", file="zip", problem=problem)

    with opened(io.BytesIO(content), refuse) as file:
        entries = files(file)
        for name in (WEIGHTS, DESCRIPTION):
            info = entries[name]
            if info.file_size > MAX_BYTES or (info.file_size > 2**20 and info.file_size > 200 * info.compress_size):
                raise FineTuneError("lora_file", file=name, problem=Notice("reason_bytes", {"given": info.file_size}))
            (folder / name).write_bytes(file.read(info))
