"""Pictures of people's own, read with suspicion: nothing is unpacked to disk, and nothing large is decoded."""

from __future__ import annotations

import io
import os
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol, runtime_checkable

from attnviz.errors import InputError

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"})
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
MOST_PIXELS = 16_000_000  # of one picture, as its header says before anything is decoded
MOST_BYTES = 20 * 2**20  # of one file
MOST_TOGETHER = 180 * 2**20  # of a folder
MOST_ENTRIES = 50_000  # of a zip or a folder


@dataclass(frozen=True)
class Listed:
    """A picture file and the class that its folder names."""

    name: str
    label: str


@runtime_checkable
class Files(Protocol):
    """A folder or a zip."""

    listed: tuple[Listed, ...]

    def content(self, one: Listed) -> bytes:
        """The file's bytes; InputError where it is too large or cannot be read."""
        ...


@contextmanager
def open_files(source: Path | str | bytes) -> Iterator[Files]:
    """The picture files of a folder, a zip's path or a zip's bytes."""
    if isinstance(source, bytes):
        with _zip(io.BytesIO(source)) as files:
            yield files
        return
    path = Path(source)
    try:
        is_folder = path.is_dir()
        readable = path.exists()
    except (OSError, ValueError):
        is_folder = readable = False
    if not readable:
        raise InputError("pictures_folder", path=str(source)[:200])
    if is_folder:
        yield _Folder(path)
        return
    with _zip(path) as files:
        yield files


def packed(source: Path | str) -> bytes:
    """The picture files of a folder as a zip, uncompressed, since pictures are so already.

    Raises InputError: what `open_files` raises, and too_many_pictures or pictures_folder_bytes for what is too much.
    """
    out, total = io.BytesIO(), 0
    with open_files(source) as files, zipfile.ZipFile(out, "w") as archive:
        for one in files.listed:
            content = files.content(one)
            total += len(content)
            if total > MOST_TOGETHER:
                raise InputError("pictures_bytes", limit=MOST_TOGETHER // 2**20)
            archive.writestr(zipfile.ZipInfo(one.name), content)
    return out.getvalue()


def numbers_of(content: bytes, name: str, side: int, channels: int) -> list[str]:
    """The picture cut to its middle square, `side` pixels wide, channel after channel, numbers 0 … 255.

    Raises InputError: picture_unreadable for what is no picture, picture_huge for one with too many pixels.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit here is lower
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                width, height = picture.size
                if width * height > MOST_PIXELS:
                    raise _huge(name, f"{width} × {height}")
                square = min(width, height)
                left, top = (width - square) // 2, (height - square) // 2
                cut = picture.convert("RGB" if channels == 3 else "L").crop((left, top, left + square, top + square))
                small = cut.resize((side, side), Image.Resampling.BOX)
    except Image.DecompressionBombError:  # Pillow does not say how large it is, but from where on it refuses
        raise _huge(name, f"> {2 * (Image.MAX_IMAGE_PIXELS or 0) // 10**6} × 10⁶") from None
    except InputError:
        raise
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, MemoryError):
        raise InputError("picture_unreadable", name=name[:80]) from None
    return [str(value) for band in small.split() for value in band.tobytes()]


def _huge(name: str, size: str) -> InputError:
    return InputError("picture_huge", name=name[:80], size=size, limit=MOST_PIXELS // 10**6)


def _label(path: PurePosixPath) -> str | None:
    """The class of a picture file: the folder it lies in. None for what is no picture, hidden, or in no folder."""
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    if hidden or path.suffix.lower() not in ENDINGS or len(path.parts) < 2 or ".." in path.parts:
        return None
    return path.parts[-2].strip().replace(" ", "_") or None


class _Folder:
    def __init__(self, root: Path) -> None:
        self.root = root
        found = []
        seen = 0
        for folder, _, names in os.walk(root, followlinks=False):
            for name in sorted(names):
                seen += 1
                if seen > MOST_ENTRIES:
                    raise InputError("too_many_pictures", given=seen, limit=MOST_ENTRIES)
                path = Path(folder) / name
                inside = PurePosixPath(path.relative_to(root).as_posix())
                label = _label(inside)
                if label is not None and not path.is_symlink():  # a link may lead anywhere
                    found.append(Listed(str(inside), label))
        self.listed = tuple(sorted(found, key=lambda one: one.name))

    def content(self, one: Listed) -> bytes:
        try:
            path = self.root / one.name
            if path.stat().st_size > MOST_BYTES:
                raise InputError("picture_bytes", name=one.name[:80], limit=MOST_BYTES // 2**20)
            return path.read_bytes()
        except OSError:
            raise InputError("picture_unreadable", name=one.name[:80]) from None


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        entries = archive.infolist()
        if len(entries) > MOST_ENTRIES:
            raise InputError("too_many_pictures", given=len(entries), limit=MOST_ENTRIES)
        found = {}
        for entry in entries:
            label = None if entry.is_dir() else _label(PurePosixPath(entry.filename))
            if label is not None:
                found[entry.filename] = Listed(entry.filename, label)
        self.listed = tuple(found[name] for name in sorted(found))

    def content(self, one: Listed) -> bytes:
        try:
            with self.archive.open(one.name) as file:
                content = file.read(MOST_BYTES + 1)  # what the header says may be a lie
        except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError):
            raise InputError("picture_unreadable", name=one.name[:80]) from None
        if len(content) > MOST_BYTES:
            raise InputError("picture_bytes", name=one.name[:80], limit=MOST_BYTES // 2**20)
        return content


@contextmanager
def _zip(source: Path | io.BytesIO) -> Iterator[_Zip]:
    try:
        archive = zipfile.ZipFile(source)
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        raise InputError("pictures_zip") from None
    with archive:
        yield _Zip(archive)
