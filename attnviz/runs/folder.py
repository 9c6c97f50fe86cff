"""The files of a run and the folder in which runs lie."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from attnviz import environment
from attnviz.errors import Notice, RunError
from attnviz.runs import config as run_config
from attnviz.runs.config import RunConfig
from attnviz.runs.errors import clear_errors

DATABASE = "run.sqlite"
SNAPSHOTS = "snapshots"
DATA = "data"
TASK = "task.json"  # the task with its vocabularies, as they were when the run began
NOTICE = "notice.json"  # written in place, so that it can be written to a full disk
NOTICE_BYTES = 2048
TRASH = ".trash"
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_SNAPSHOT = re.compile(r"step-(\d{8,12})\.safetensors")


@dataclass(frozen=True)
class RunFolder:
    """Where a run's files are."""

    path: Path

    @property
    def config(self) -> Path:
        """The JSON of what the run was made from."""
        return self.path / run_config.FILE

    @property
    def database(self) -> Path:
        """The SQLite file of metrics, events, samples and commands."""
        return self.path / DATABASE

    @property
    def snapshots(self) -> Path:
        """The folder of kept steps."""
        return self.path / SNAPSHOTS

    @property
    def data(self) -> Path:
        """The folder of the user's own file, where there is one."""
        return self.path / DATA

    @property
    def task(self) -> Path:
        """The JSON of the task: vocabularies and lengths."""
        return self.path / TASK

    @property
    def notice(self) -> Path:
        """The file in which a worker leaves a word when it cannot write to the database."""
        return self.path / NOTICE

    def snapshot(self, step: int) -> Path:
        """The weights of a kept step."""
        return self.snapshots / f"step-{step:08d}.safetensors"

    @property
    def exists(self) -> bool:
        """Whether a run is there."""
        try:
            return self.config.is_file() and self.database.is_file()
        except OSError:
            return False

    @property
    def traces(self) -> bool:
        """Whether there is anything of a run, damaged or not."""
        try:
            return self.config.is_file() or self.database.is_file()
        except OSError:
            return False

    def read_config(self) -> RunConfig:
        """config.json; RunError if there is none or it is wrong."""
        if not self.traces:
            raise RunError("run_unknown", name=self.path.name)
        for needed in (self.config, self.database):
            if not needed.is_file():
                raise RunError("run_damaged", file=needed.name, problem=Notice("reason_gone"))
        with clear_errors(self.config), self.config.open("rb") as file:
            content = file.read(run_config.MAX_BYTES + 1)
        if len(content) > run_config.MAX_BYTES:
            raise RunError("run_config_file", file=run_config.FILE, problem="too_large")
        try:
            return RunConfig.from_json(content.decode("utf-8"))
        except UnicodeDecodeError:
            raise RunError("run_config_file", file=run_config.FILE, problem="not_utf8") from None


def default_root() -> Path:
    """The environment variable ATTNVIZ_RUNS, else `runs` in the current folder."""
    return Path(os.environ.get(environment.RUNS) or "runs").absolute()


def is_id(text: object) -> bool:
    """Whether a text may be the name of a run's folder: nothing that leads out of the root is."""
    return isinstance(text, str) and bool(_ID.fullmatch(text))


def slug(name: str) -> str:
    """The letters and digits of a name that are fit for a folder and a link; "run" where there are none."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower().encode("ascii", "ignore").decode()).strip("-")
    return plain[:48].strip("-") or "run"


def step_of(file: str) -> int | None:
    """The step in a snapshot's file name; None if it is not one."""
    found = _SNAPSHOT.fullmatch(file)
    return int(found[1]) if found else None


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a kill."""
    with clear_errors(path):
        part = path.with_name(path.name + ".part")
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
