"""A user's own file found again for a model that was trained on it: a run's folder holds it, or somebody names it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attnviz.data import InputError, Task, tasks
from attnviz.errors import Notice
from attnviz.runs.config import RunConfig
from attnviz.runs.contents import MAX_OWN_FILE, READERS
from attnviz.runs.errors import clear_errors
from attnviz.runs.folder import RunFolder
from attnviz.training.manifest import Manifest

_READERS: Mapping[str, str] = {**READERS, "user-pictures": "from_pictures"}


def is_own(task: Task) -> bool:
    """Whether a task's data are a file of somebody's own, which no checkpoint holds."""
    return task.info.name in _READERS


def own_file(folder: Path) -> bytes | None:
    """The file that a run in this folder was trained on; None where there is none. RunError if it cannot be read."""
    run = RunFolder(folder)
    if not run.config.is_file():
        return None
    config: RunConfig = run.read_config()
    path = run.data / (config.own_file or "")
    with clear_errors(folder):
        if config.own_file is None or not path.is_file() or path.stat().st_size > MAX_OWN_FILE:
            return None
        return path.read_bytes()


def with_data(task: Task, manifest: Manifest, content: bytes, split: str) -> tuple[Task, Notice | None]:
    """The checkpoint's task with its data, in the model's own vocabularies, and a word where these are other data.

    Raises InputError for a file that cannot be read as the task's was, or of which nothing falls into `split`.
    """
    options = {name: value for name, value in task.options.items() if name != "objective"}
    made: Task = getattr(tasks, _READERS[task.info.name])(content, **options)
    made.freeze(task.src_vocab, task.tgt_vocab, task.max_src_len, task.max_tgt_len)
    if not made.split(split):
        raise InputError("data_empty", split=split)
    other = any(made.fingerprint(name) != size.fingerprint for name, size in manifest.splits.items())
    return made, Notice("data_other") if other else None
