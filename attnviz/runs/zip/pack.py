"""A run as a zip file: its config, what was recorded and its kept steps."""

from __future__ import annotations

import io
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from pathlib import Path
from typing import IO

from attnviz.errors import RunError
from attnviz.runs import database
from attnviz.runs.contents import START
from attnviz.runs.errors import clear_errors
from attnviz.runs.folder import DATABASE, RunFolder
from attnviz.runs.run import Run

LOCAL = ("owner", "phase_reports")  # entries of `meta` that mean nothing elsewhere


def zipped(run: Run) -> bytes:
    """The zip file's content."""
    stream = io.BytesIO()
    write_zip(run, stream)
    return stream.getvalue()


def write_zip(run: Run, target: IO[bytes] | Path) -> None:
    """Write the run's folder, as it is at this moment, also while it is being trained."""
    folder = run.folder
    with clear_errors(folder.path), tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / DATABASE
        steps = _copy_database(folder, copy)
        # A clock set before 1980 is no reason to fail.
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
            for path, name in (
                (folder.config, folder.config.name),
                (copy, DATABASE),
                (folder.task, folder.task.name),
                *((path, f"data/{path.name}") for path in _files(folder.data)),
                *((path, f"{START}/{path.name}") for path in _files(folder.path / START)),
            ):
                if path.is_file():
                    archive.write(path, name, zipfile.ZIP_DEFLATED)
            written = 0
            for step in steps:
                path = folder.snapshot(step)
                if path.is_file():  # the last one may have been replaced since
                    archive.write(path, f"{folder.snapshots.name}/{path.name}")
                    written += 1
    if steps and not written:
        raise RunError("run_snapshot_gone", step=steps[-1])


def _copy_database(folder: RunFolder, target: Path) -> list[int]:
    """A consistent copy, whoever is writing; returns the kept steps in it."""
    with database.reading(folder.database) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        marks = ", ".join("?" * len(LOCAL))
        copy.execute(f"DELETE FROM meta WHERE key IN ({marks})", LOCAL)
        copy.execute("DELETE FROM commands")
        copy.commit()
        copy.execute("VACUUM")
        return [row[0] for row in copy.execute("SELECT step FROM snapshots ORDER BY step")]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
