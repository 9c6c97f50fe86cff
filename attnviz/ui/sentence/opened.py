"""Models from elsewhere that this session, or the environment, has opened: looked at first, then loaded once."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import streamlit as st

from attnviz.errors import ForeignError, Notice
from attnviz.foreign import library
from attnviz.foreign.adapter import ForeignModel
from attnviz.foreign.load import About, size_text
from attnviz.foreign.texts import ForeignTexts
from attnviz.language import Language
from attnviz.ui.sentence.models import OWN_MODELS, ModelKey
from attnviz.ui.text import words

OPENED = "opened-models"  # session state: name → path
AT_ONCE = 3  # kept in memory; a model may take gigabytes


@dataclass(frozen=True, eq=False)
class Opened:
    """A model from elsewhere, ready to be asked."""

    key: ModelKey
    model: ForeignModel
    task: ForeignTexts
    about: About
    remarks: list[Notice] = field(default_factory=list)

    @property
    def best_head(self) -> None:
        """Nobody has measured which head points best."""
        return None


def installed() -> bool:
    """Whether what opens such models is installed; asking does not import it."""
    return importlib.util.find_spec("transformers") is not None


def offered() -> Mapping[str, Path]:
    """Names and paths: those that ATTNVIZ_MODELS names, then those that were opened in this session."""
    found: dict[str, Path] = {}
    for entry in os.environ.get(OWN_MODELS, "").split(os.pathsep):
        if entry.strip() and (path := _path_of(entry.strip())) is not None:
            found[entry.strip() if not Path(entry.strip()).exists() else path.name] = path
    return found | {name: Path(path) for name, path in st.session_state.get(OPENED, {}).items()}


@lru_cache(maxsize=64)
def _path_of(entry: str) -> Path | None:
    """Where a model from elsewhere lies; None for one of our own checkpoints, and for what is not there."""
    try:
        if Path(entry).exists():
            return Path(entry) if library.is_foreign(entry) else None
        return library.find(entry) if not Path(entry).is_absolute() else None
    except (ForeignError, OSError):
        return None


def remember(wanted: str) -> str:
    """Look at the model that a person names and keep it for this session; its name. Raises ForeignError."""
    wanted = wanted.strip().strip("\"'")
    about = library.look(wanted)
    path = library.find(wanted)
    st.session_state.setdefault(OPENED, {})[about.name] = str(path)
    return about.name


def label(name: str, path: Path, language: Language) -> str:
    """How the picker calls it: name, kind, size."""
    try:
        about = _about(_key(path))
    except ForeignError:
        return words("common", language)("model_unreadable", name=name)
    return f"{name} · {about.architecture} · {size_text(about.bytes)}"


def open_model(name: str, path: Path) -> Opened:
    """The model, loaded once and shared by everybody; ForeignError says what is wrong."""
    return _opened(_key(path), name)


def _key(path: Path) -> ModelKey:
    files = path.iterdir() if path.is_dir() else (path,)
    return ModelKey(str(path), max((file.stat().st_mtime for file in files), default=0.0))


@st.cache_resource(show_spinner=False, max_entries=32)
def _about(key: ModelKey) -> About:
    return library.look(key.folder)


@st.cache_resource(show_spinner=False, max_entries=AT_ONCE)
def _opened(key: ModelKey, name: str) -> Opened:
    model, texts = library.open_model(key.folder)
    if texts is None:
        raise ForeignError("foreign_no_text", name=name)
    return Opened(key, model, texts, _about(key))
