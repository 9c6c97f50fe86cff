"""Zip files that anybody may have made: opened, and whatever is broken in them said as one kind of error."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from attnviz.errors import InputError

# What Python's zip reader says about a file with flipped or missing bytes.
BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    MemoryError,
    LookupError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)
LITTER = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")


@contextmanager
def opened(source: Path | IO[bytes], refuse: Callable[[object], InputError]) -> Iterator[zipfile.ZipFile]:
    """The archive; `refuse` makes the error of what is broken. Other coded errors of the block go through."""
    try:
        with zipfile.ZipFile(source) as archive:
            yield archive
    except InputError:
        raise
    except BROKEN as error:
        raise refuse(error) from None
    except OSError as error:
        raise refuse(error) from None


def files(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Entries by name, less what file managers add, and less a folder around all of them.

    Of two of one name the last is kept; whoever must not have any counts the entries.
    """
    found = [info for info in archive.infolist() if not _is_litter(info.filename)]
    tops = {info.filename.partition("/")[0] for info in found}
    inside = all("/" in info.filename for info in found)
    around = f"{tops.pop()}/" if len(tops) == 1 and inside else ""
    return {name: info for info in found if (name := info.filename.removeprefix(around))}


def _is_litter(name: str) -> bool:
    return any(part in LITTER or part.startswith("._") for part in name.split("/"))
