"""Files that are handed to the app: one limit, the command line for larger ones, and no copy that is not needed."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest
from parsed import tree_of
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

from attnviz.errors import InputError
from attnviz.ui.frame import uploads

ROOT = Path(__file__).resolve().parents[1]


def uploaded(data: bytes) -> UploadedFile:
    return UploadedFile(UploadedFileRec(file_id="7", name="x.csv", type="text/csv", data=data), FileURLs())


def test_the_server_lets_in_what_the_app_says() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["maxUploadSize"] == uploads.LARGEST <= 200


def test_a_file_is_read_from_its_beginning_each_time() -> None:
    file = uploaded(b"a,b\n")
    assert uploads.table_of(file) == uploads.table_of(file) == b"a,b\n"
    assert uploads.stream_of(file, 1, "") is file


def test_a_file_that_is_too_large_names_the_command_that_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MEGABYTE", 3)
    assert uploads.stream_of(uploaded(b"12345678" * 7 + b"1234"), 20, "some command")
    with pytest.raises(InputError) as refused:
        uploads.table_of(uploaded(b"1" * 61))
    assert (refused.value.code, refused.value.details["given"]) == ("upload_too_large", 21)
    assert "attnviz train --csv FILE" in str(refused.value)


def test_every_field_for_files_sets_its_limit_and_nobody_copies_a_file() -> None:
    fields = 0
    for path in (ROOT / "attnviz" / "ui").rglob("*.py"):
        for node in ast.walk(tree_of(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr == "file_uploader":
                    fields += 1
                    assert "max_upload_size" in {word.arg for word in node.keywords}, path.name
                if node.func.attr == "getvalue":
                    assert not (isinstance(node.func.value, ast.Name) and node.func.value.id == "uploaded"), path.name
    assert fields >= 5
