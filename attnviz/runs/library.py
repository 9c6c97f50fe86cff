"""The folder in which runs lie: list, create, open, fork, rename, delete and undo, export and import."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from attnviz.data import InputError
from attnviz.errors import Notice, RunError
from attnviz.runs import creation, database, fork, trash
from attnviz.runs.config import RunConfig
from attnviz.runs.errors import clear_errors, damaged
from attnviz.runs.folder import TRASH, RunFolder, default_root, is_id
from attnviz.runs.registry import Registry
from attnviz.runs.run import Run, open_run
from attnviz.runs.status import RunStatus

STALE = 60.0  # seconds after which a restart that did not end is forgotten
PATIENCE = 10.0  # seconds until a worker must have let go of a run


@dataclass(frozen=True)
class RunSummary:
    """A line of the list of runs. A run that cannot be read has an `error` and no status."""

    id: str
    name: str
    task: str
    status: RunStatus | None
    created: float  # by the computer's clock then
    parent: Mapping[str, Any] | None = None
    error: Notice | None = None
    finetune: bool = False


class Library:
    """All runs of a folder (default: the environment variable ATTNVIZ_RUNS, else `runs`)."""

    def __init__(self, root: str | Path | None = None) -> None:
        self.root = default_root() if root is None else Path(root).absolute()

    def list(self) -> tuple[RunSummary, ...]:
        """Every run, the newest first."""
        return self._summaries(self.root)

    def trashed(self) -> tuple[RunSummary, ...]:
        """Deleted runs that can be restored."""
        return self._summaries(self.root / TRASH)

    def open(self, run: str) -> Run:
        """A run by its id. Cheap: nothing is loaded."""
        return open_run(self.root, run)

    def create(self, config: RunConfig, data: bytes | None = None) -> Run:
        """A new run, paused at step 0; `data` is the content of the user's own file.

        Raises InputError or ValueError for what cannot be trained; nothing is left then.
        """
        return creation.build_whole(self.root, config.name, lambda path: creation.fill_folder(path, config, data=data))

    def fork(self, run: str, step: int, changes: Mapping[str, Any] | None = None, name: str | None = None) -> Run:
        """A run that goes on from a kept step of another, with changes by name (fields of TrainConfig and ModelConfig).

        From step 0 it is a run of its own; later the weights, the optimizer's memory, the data's order and all that
        was recorded come along. Without changes the curve is the parent's. Raises RunError.
        """
        parent = self.open(run)
        kept = parent.kept_steps()
        if step != 0 and step not in kept:
            raise RunError("run_no_snapshot", step=step, known=", ".join(map(str, kept)))
        config = fork.fork_config(parent.folder, step, changes or {}, name)
        return creation.build_whole(
            self.root, config.name, lambda path: fork.fill_fork(path, parent.folder, config, step)
        )

    def restart(self, run: str) -> Run:
        """The same run from the beginning; what was made so far goes to the trash. Two at once make one."""
        old = self.open(run)
        with only_one(old.folder):
            new = self.fork(run, 0, {}, old.name)
            self.delete(run)
        return new

    def rename(self, run: str, name: str) -> None:
        """Call a run something else; links to it stay."""
        self.open(run).rename(name)

    def delete(self, run: str) -> None:
        """Move a run to the trash; a worker that trains it lets go first. A damaged one goes as it is."""
        folder = RunFolder(self.root / run)
        if not is_id(run) or not folder.traces:
            raise RunError("run_unknown", name=str(run)[:80])
        one = Run(folder)
        if being_trained(one):
            one.send("delete")
            until = time.monotonic() + PATIENCE
            while one.folder.exists and being_trained(one):
                if time.monotonic() > until:
                    raise RunError("run_busy", name=run)
                time.sleep(0.02)
        if folder.traces:
            trash.to_trash(self.root, run)

    def restore(self, run: str) -> Run:
        """Undo `delete`."""
        trash.from_trash(self.root, run)
        return Run(RunFolder(self.root / run))

    def wake(self) -> None:
        """Start workers for runs that should be going on and whose worker is gone. Cheap when all is well."""
        alive = Registry(self.root).alive()
        for one in self.list():
            if one.status is not None and one.status.state == "waiting" and (one.status.device or "") not in alive:
                self.open(one.id).wake()

    # ---- zip files ----------------------------------------------------------------------------------------

    def export_zip(self, run: str) -> bytes:
        """The run's folder as a zip file, also while it is being trained."""
        from attnviz.runs.zip.pack import zipped

        return zipped(self.open(run))

    def import_zip(self, source: Path | bytes | IO[bytes], name: str | None = None) -> Run:
        """A run from what `export_zip` made. Whatever is broken or hostile raises RunError; nothing stays."""
        from attnviz.runs.zip.unpack import import_zip

        return import_zip(self.root, source, name)

    # ---- inside -------------------------------------------------------------------------------------------

    def _summaries(self, root: Path) -> tuple[RunSummary, ...]:
        if not root.is_dir():
            return ()
        with clear_errors(root):
            paths = [path for path in root.iterdir() if is_id(path.name)]
        found = [_summary(RunFolder(path)) for path in paths if (path / database_name()).is_file()]
        return tuple(sorted(found, key=lambda one: (-one.created, one.id)))


def database_name() -> str:
    """The file that makes a folder a run."""
    return RunFolder(Path()).database.name


def _summary(folder: RunFolder) -> RunSummary:
    run = Run(folder)
    try:
        config = run.config
        with database.reading(folder.database) as connection:
            rows = connection.execute("SELECT key, value FROM meta WHERE key IN ('name', 'created')")
            meta = {key: json.loads(value) for key, value in rows}
        return RunSummary(
            id=run.id,
            name=str(meta.get("name", config.name)),
            task=config.task,
            status=run.status(),
            created=float(meta.get("created", 0.0)),
            parent=config.parent,
            finetune=config.finetune is not None,
        )
    except Exception as error:  # whatever is wrong with one run, the others are listed
        known = error if isinstance(error, InputError) else damaged(folder.database.name, error)
        return RunSummary(run.id, run.id, "", None, 0.0, error=Notice(known.code, known.details))


def being_trained(run: Run) -> bool:
    """Whether a worker trains the run; one that cannot be read is nobody's."""
    try:
        return run.status().worker_alive
    except Exception:
        return False


@contextmanager
def only_one(folder: RunFolder) -> Iterator[None]:
    """Keep others from the same while the block lasts. Raises RunError("run_restarting") when somebody is at it."""
    mark = folder.path / "restarting"
    with clear_errors(folder.path):
        if mark.exists() and time.time() - mark.stat().st_mtime > STALE:
            mark.unlink(missing_ok=True)  # whoever made it was killed
        try:
            mark.touch(exist_ok=False)
        except FileExistsError:
            raise RunError("run_restarting", name=folder.path.name) from None
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)
        (folder.path.parent / TRASH / folder.path.name / mark.name).unlink(missing_ok=True)
