"""Files that are handed to the app: how large they may be, and their content."""

from __future__ import annotations

from typing import IO

from streamlit.runtime.uploaded_file_manager import UploadedFile

from attnviz.errors import InputError

LARGEST = 200  # megabytes of any file; what .streamlit/config.toml lets in
LARGEST_TABLE = 20  # megabytes of a text or table
MEGABYTE = 2**20


def stream_of(uploaded: UploadedFile, most: int, command: str) -> IO[bytes]:
    """The file itself, to be read from its beginning. `most` are megabytes; `command` takes larger files.

    Raises InputError("upload_too_large"): the server's own limit may have been raised when it was started.
    """
    if uploaded.size > most * MEGABYTE:
        given = -(-uploaded.size // MEGABYTE)
        raise InputError("upload_too_large", given=given, limit=most, command=command)
    uploaded.seek(0)
    return uploaded


def table_of(uploaded: UploadedFile) -> bytes:
    """The content of a text or table. Raises InputError("upload_too_large")."""
    return stream_of(uploaded, LARGEST_TABLE, "attnviz train --csv FILE").read()
