"""The smaller model as a checkpoint: kept in this app, where every page can open it, or taken home as a zip."""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from html import escape
from pathlib import Path

import streamlit as st

from attnviz.errors import InputError
from attnviz.training import int8
from attnviz.training.compress import save_compressed
from attnviz.ui.compress.measuring import LIMIT, Smaller
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.notices import notice
from attnviz.ui.frame.page import Frame
from attnviz.ui.sentence.model_picker import CHOSEN
from attnviz.ui.sentence.models import Loaded, kept_folder, kept_models

PROBLEM = "compress-problem"  # session state: why the last model could not be kept


def show(frame: Frame, loaded: Loaded, small: Smaller, order: str) -> None:
    """Keep it as it is or in one byte a weight; a model that was kept here can be thrown away."""
    t = frame.t
    options = [False] if small.quantized is None else [True, False]
    kept = kept_models()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<h2 class="rn-small">{escape(t("keep_title"))}</h2>')
        for packed in options:
            if not packed and not small.out:
                continue  # that would be the model itself
            name = name_of(loaded, small, order, packed=packed)
            st.button(
                t("keep_int8" if packed else "keep_float", name=name),
                key=f"compress-keep-{packed}",
                icon=":material/save:",
                on_click=keep,
                args=(loaded, small, name),
                kwargs={"packed": packed},
                help=t("keep_help"),
                type="primary" if packed else "secondary",
            )
            st.download_button(
                t("keep_zip"),
                data=lambda name=name, packed=packed: zipped(loaded, small, name, packed=packed),  # type: ignore[misc]
                file_name=f"{name}.zip",
                mime="application/zip",
                key=f"compress-zip-{packed}",
                icon=":material/download:",
                on_click="ignore",
                type="tertiary",
            )
        if (mine := st.session_state[CHOSEN]) in kept and kept[mine] == Path(loaded.key.folder):
            st.button(
                t("throw_away", name=mine),
                key="compress-throw",
                icon=":material/delete:",
                on_click=throw_away,
                args=(mine,),
                type="tertiary",
            )
    if (problem := st.session_state.pop(PROBLEM, None)) is not None:
        notice(explain(problem, frame.language), "error")


def name_of(loaded: Loaded, small: Smaller, order: str, *, packed: bool) -> str:
    """What the smaller model is called: the same for the same one, so that keeping it twice is keeping it once."""
    heads = f"-{len(small.out)}-{'random-' if order == 'random' else ''}heads-out" if small.out else ""
    return f"{Path(loaded.key.folder).name}{heads}{'-int8' if packed else ''}"


def _write(path: Path, loaded: Loaded, small: Smaller, name: str, *, packed: bool) -> None:
    model = small.quantized.model if packed and small.quantized is not None else small.model
    stored = int8.FORMAT if packed else None
    save_compressed(path, model, loaded.task, loaded.manifest, name=name, stored=stored, limit=LIMIT)


def keep(loaded: Loaded, small: Smaller, name: str, *, packed: bool) -> None:
    """Write it, and open it on this and every other page."""
    try:
        folder = kept_folder()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".part-") as part:
            _write(Path(part) / name, loaded, small, name, packed=packed)
            shutil.rmtree(folder / name, ignore_errors=True)
            (Path(part) / name).rename(folder / name)
    except (InputError, OSError) as error:
        st.session_state[PROBLEM] = error
    else:
        st.session_state[CHOSEN] = name


def throw_away(name: str) -> None:
    """Delete a model that was kept here; the page goes on with another one."""
    shutil.rmtree(kept_folder() / name, ignore_errors=True)
    del st.session_state[CHOSEN]


def zipped(loaded: Loaded, small: Smaller, name: str, *, packed: bool) -> bytes:
    """The checkpoint's folder, which `attnviz.load` reads once it is unpacked."""
    kept = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        _write(path, loaded, small, name, packed=packed)
        with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as file:
            for one in sorted(path.iterdir()):
                file.write(one, f"{name}/{one.name}")
    return kept.getvalue()
