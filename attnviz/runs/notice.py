"""notice.json: what stands in the way of a run, said also when the disk has no room for a row."""

from __future__ import annotations

import json
from typing import Any

from attnviz.runs.folder import NOTICE_BYTES, RunFolder


def write_notice(folder: RunFolder, value: dict[str, Any]) -> None:
    """Overwrite notice.json in place: no new room on the disk is needed."""
    text = json.dumps(value, ensure_ascii=False, default=str).encode("utf-8")[:NOTICE_BYTES]
    try:
        with folder.notice.open("r+b" if folder.notice.exists() else "wb") as file:
            file.write(text.ljust(NOTICE_BYTES))
    except OSError:
        return  # a folder that cannot be written at all is said by whoever reads it


def read_notice(folder: RunFolder) -> dict[str, Any] | None:
    """What stands in the way; None where nothing does."""
    try:
        found = json.loads(folder.notice.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "code" in found else None
