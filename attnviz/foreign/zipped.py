"""A model that somebody uploads as a zip file: counted and measured before a byte of it is unpacked."""

from __future__ import annotations

import contextlib
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from attnviz.errors import ForeignError
from attnviz.foreign.vet import ALLOWED, CONFIG

MOST_ENTRIES = 500
MOST_BYTES = 8 * 2**30  # unpacked
MOST_RATIO = 100  # unpacked to packed: weights hardly shrink, a bomb does
PIECE = 2**20


@contextlib.contextmanager
def unpacked(file: IO[bytes] | Path) -> Iterator[Path]:
    """A temporary folder with the files of the model; gone afterwards. Raises ForeignError where the zip is refused.

    Only what a model consists of is unpacked: config, tokenizer, safetensors, README.
    """
    with tempfile.TemporaryDirectory(prefix="attnviz-zip-") as place, _opened(file) as archive:
        members = _checked(archive)
        root = _root(members)
        found = Path(place)
        for member in members:
            path = PurePosixPath(member.filename)
            if path.parent == root and (ALLOWED.fullmatch(path.name) or path.name in (CONFIG, "README.md")):
                _write(archive, member, found / path.name)
            elif path.parent == root and not member.is_dir():
                (found / path.name).touch()  # what is not read is still named, so that pickle is refused as pickle
        yield found


@contextlib.contextmanager
def _opened(file: IO[bytes] | Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise ForeignError("foreign_zip", problem=error) from error


def _checked(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    members = archive.infolist()
    if len(members) > MOST_ENTRIES:
        raise ForeignError("foreign_zip_large", what="entries", given=len(members), limit=MOST_ENTRIES)
    for member in members:
        name = member.filename
        parts = PurePosixPath(name).parts
        link = stat.S_ISLNK(member.external_attr >> 16)
        if name.startswith("/") or "\\" in name or ":" in name or ".." in parts or link:
            raise ForeignError("foreign_zip_path", name=name[:80])
        if member.file_size > MOST_RATIO * max(1, member.compress_size) + PIECE:
            limit = MOST_RATIO * member.compress_size + PIECE
            raise ForeignError("foreign_zip_large", what="bytes", given=member.file_size, limit=limit)
    total = sum(member.file_size for member in members)
    if total > MOST_BYTES:
        raise ForeignError("foreign_zip_large", what="bytes", given=total, limit=MOST_BYTES)
    return members


def _root(members: list[zipfile.ZipInfo]) -> PurePosixPath:
    """The folder of the archive that holds config.json, the outermost one."""
    found = [PurePosixPath(member.filename).parent for member in members if _is_config(member)]
    if not found:
        raise ForeignError("foreign_missing", file=CONFIG, path="zip")
    return min(found, key=lambda path: len(path.parts))


def _is_config(member: zipfile.ZipInfo) -> bool:
    return PurePosixPath(member.filename).name == CONFIG


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    """Unpack one file, and no more of it than its entry says."""
    left = member.file_size
    with archive.open(member) as source, target.open("wb") as out:
        while piece := source.read(min(PIECE, left + 1)):
            left -= len(piece)
            if left < 0:
                raise ForeignError("foreign_zip_large", what="bytes", given=member.file_size, limit=member.file_size)
            out.write(piece)
