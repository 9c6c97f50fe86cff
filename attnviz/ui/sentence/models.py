"""The models one can pick: the shipped ones, those kept beside the runs, and folders named in the environment.

ATTNVIZ_MODELS may name further checkpoint folders, separated as PATH is on this system. Each is loaded once, and shared
by everybody.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import streamlit as st

from attnviz import environment
from attnviz.data import Task
from attnviz.errors import CheckpointError, ForeignError, Notice
from attnviz.foreign import library
from attnviz.language import Language, counted
from attnviz.model import Transformer
from attnviz.runs.devices import looking
from attnviz.runs.folder import default_root
from attnviz.training import checkpoint, held_out
from attnviz.training.manifest import FILE as MANIFEST
from attnviz.training.manifest import Manifest
from attnviz.ui.frame.beside import beside
from attnviz.ui.text import words

KEPT = ".models"  # in the folder of runs; the dot keeps it out of their list


@dataclass(frozen=True)
class ModelKey:
    """A checkpoint as caches know it: another file of the same name is another model."""

    folder: str
    stamp: float  # when it was written


@dataclass(frozen=True, eq=False)
class Loaded:
    """A model ready to be asked."""

    key: ModelKey
    model: Transformer
    task: Task
    manifest: Manifest
    remarks: list[Notice] = field(default_factory=list)  # on its data: there as soon as they were looked at

    @property
    def name(self) -> str:
        """What files that come from it are called after."""
        return self.task.info.name

    @property
    def best_head(self) -> tuple[str, int] | None:
        """The head that points best at what belongs together, where that was measured."""
        return self.manifest.report.aligned_head if self.manifest.report else None


# By language: the models in the order in which they are offered; all others follow. The first one is opened at first.
FIRST: Mapping[Language, tuple[str, ...]] = {
    "zh": ("pinyin", "pinyin-2enc", "pinyin-phrases", "lm-zh", "questions", "numbers-zh", "dates", "reverse"),
    "en": ("lm-en", "dates", "numbers-en", "reverse", "pinyin", "pinyin-2enc", "pinyin-phrases"),
}


def choices(language: Language = "zh") -> Mapping[str, Path]:
    """Every model on offer: the name used in addresses → its folder. Own folders come last; a name is used once.

    Those that speak the page's language come first.
    """
    shipped, place = checkpoint.shipped(), checkpoint.shipped_folder()
    ordered = sorted(shipped, key=lambda name: FIRST[language].index(name) if name in FIRST[language] else len(shipped))
    found = {name: place / name for name in ordered}
    found |= {name: folder for name, folder in kept_models().items() if name not in found}
    for entry in os.environ.get(environment.MODELS, "").split(os.pathsep):
        if entry.strip():
            folder = Path(entry.strip())
            if from_elsewhere(entry.strip()) is not None:
                continue
            name, number = folder.name or "own", 2
            while name in found:
                name, number = f"{folder.name}-{number}", number + 1
            found[name] = folder
    return found


def kept_folder() -> Path:
    """Where models lie that people have made and kept in this app."""
    return default_root() / KEPT


def kept_models() -> Mapping[str, Path]:
    """Those that were kept, by name."""
    with contextlib.suppress(OSError):
        return {path.name: path for path in sorted(kept_folder().iterdir()) if (path / MANIFEST).is_file()}
    return {}


@lru_cache(maxsize=64)
def from_elsewhere(entry: str) -> Path | None:
    """Where a model from elsewhere lies; None for one of our own checkpoints, and for what is not there."""
    try:
        if Path(entry).exists():
            return Path(entry) if library.is_foreign(entry) else None
        return library.find(entry) if not Path(entry).is_absolute() else None
    except (ForeignError, OSError):
        return None


def load(name: str) -> Loaded:
    """The model of that name; CheckpointError says what is wrong with its files."""
    folder = choices()[name] if name not in checkpoint.shipped_fields() else checkpoint.shipped_folder() / name
    return _loaded(ModelKey(str(folder), stamp(folder)))


def label(name: str, folder: Path, language: Language) -> str:
    """How the picker calls a model. A checkpoint that cannot be read is still listed, by its name."""
    try:
        manifest = _manifest(ModelKey(str(folder), stamp(folder)))
    except CheckpointError:
        return words("common", language)("model_unreadable", name=name)
    return describe(name, manifest, language)


def describe(name: str, manifest: Manifest, language: Language) -> str:
    """Task and depth: "汉字 → 拼音 · 0+2 层"."""
    from attnviz.data.tasks.catalogue import INFOS

    t = words("common", language)
    info = INFOS.get(str(manifest.task.get("name")))
    title = info.title[language] if info else name
    config = manifest.model
    depth = (config.n_encoder_layers if config.has_encoder else None, config.n_decoder_layers)
    if depth[0] is None:
        layers = t("depth_decoder", decoder=depth[1])
    elif not config.has_decoder:
        layers = t("depth_encoder", encoder=depth[0])
    elif not depth[0]:
        layers = t("depth_no_encoder", decoder=depth[1])
    else:
        layers = t("depth_both", encoder=depth[0], decoder=depth[1])
    own = "" if name == manifest.recipe else f" · {name}"
    return f"{title} · {counted(layers)}{own}"


def stamp(folder: Path) -> float:
    """Changes when the files of a checkpoint do."""
    try:
        return max((folder / file).stat().st_mtime for file in (checkpoint.WEIGHTS, MANIFEST))
    except OSError:
        return 0.0


@st.cache_resource(show_spinner=False, max_entries=32)
def _manifest(key: ModelKey) -> Manifest:
    return checkpoint.load_manifest(Path(key.folder))


@st.cache_resource(show_spinner=False, max_entries=16)
def _loaded(key: ModelKey) -> Loaded:
    model, task, manifest = checkpoint.load(Path(key.folder))
    loaded = Loaded(key, on_looking_device(model), task, manifest)
    beside(_warm, loaded)
    return loaded


def on_looking_device(model: Transformer) -> Transformer:
    """The model where pages compute; on the CPU if there is no room for it."""
    try:
        return model.to(looking(os.environ.get(environment.DEVICE, "")))
    except RuntimeError:
        return model.to("cpu")


def _warm(loaded: Loaded) -> None:
    """What no page waits for: a dictionary read into memory, the installed data compared with those of the training."""
    task = loaded.task
    with contextlib.suppress(Exception):
        task.reference("".join(task.examples[:2]))
    with contextlib.suppress(Exception):
        loaded.remarks.extend(filter(None, [held_out.moved(task, loaded.manifest)]))
