"""Files that are handed to the app: how large they may be, and their content."""

from __future__ import annotations

from typing import IO

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
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


def let_go(uploaded: UploadedFile, key: str) -> None:
    """Give back the memory of a file that has been read and is needed no more. Its field, `key`, goes on naming it.

    Streamlit keeps a file as long as its field is there, and copies it for every run of the page.
    """
    for copy in (uploaded, st.session_state.get(key)):
        if isinstance(copy, UploadedFile) and copy == uploaded:
            copy.truncate(0)
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, uploaded.file_id)


def table_of(uploaded: UploadedFile) -> bytes:
    """The content of a text or table. Raises InputError("upload_too_large")."""
    return stream_of(uploaded, LARGEST_TABLE, "attnviz train --csv FILE").read()
