"""Deleting with undo: a deleted run is moved aside."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from attnviz.errors import RunError
from attnviz.runs.errors import clear_errors
from attnviz.runs.folder import TRASH, RunFolder, is_id

PATIENCE = 5.0  # seconds; on Windows a folder cannot be moved while somebody reads in it


def to_trash(root: Path, run: str) -> None:
    """Move a run into the trash; one of the same name that is there already goes for good."""
    place = root / TRASH / run
    with clear_errors(root):
        place.parent.mkdir(exist_ok=True)
        if place.exists():
            shutil.rmtree(place)
    _move(root / run, place)


def from_trash(root: Path, run: str) -> None:
    """Move a run back."""
    if not is_id(run) or not RunFolder(root / TRASH / run).traces:
        raise RunError("run_unknown", name=str(run)[:80])
    if (root / run).exists():
        raise RunError("run_exists", path=str(root / run))
    _move(root / TRASH / run, root / run)


def _move(source: Path, target: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            os.rename(source, target)
            return
        except PermissionError as error:
            if time.monotonic() > until or os.name != "nt":
                raise RunError("run_busy", name=source.name) from error
            time.sleep(0.05)
        except FileNotFoundError:
            raise RunError("run_unknown", name=source.name) from None
        except OSError as error:
            raise RunError("run_folder", path=str(target), problem=error) from error
