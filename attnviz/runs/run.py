"""A run as others see it: read-only, opened for a moment at each look, so that any number may watch."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.errors import RunError
from attnviz.runs import database
from attnviz.runs.commands import checked
from attnviz.runs.config import RunConfig
from attnviz.runs.folder import RunFolder, is_id
from attnviz.runs.registry import Registry
from attnviz.runs.samples import Sample
from attnviz.runs.status import RunStatus, asked_device, owner_of, read_status

if TYPE_CHECKING:
    from attnviz.data import Task
    from attnviz.model import Transformer
    from attnviz.training.phase_reports import PhaseReport


@dataclass(frozen=True)
class Event:
    """Something that happened: "set", "finished", "failed", "head", "device_full" …"""

    id: int
    step: int
    kind: str
    details: Mapping[str, Any] = field(default_factory=dict)
    time: float = 0.0  # by the computer's clock, for display only


class Run:
    """A run on disk. Every method reads the folder anew and raises RunError when it cannot."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder

    @property
    def id(self) -> str:
        """The name of its folder, as in links."""
        return self.folder.path.name

    @cached_property
    def config(self) -> RunConfig:
        """What the run was asked to do at its beginning; what was set on the way is in `events`."""
        return self.folder.read_config()

    @property
    def name(self) -> str:
        """What people call it; may change."""
        with database.reading(self.folder.database) as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = 'name'").fetchone()
            return str(json.loads(row[0])) if row else self.config.name

    def status(self) -> RunStatus:
        """How it stands."""
        with database.reading(self.folder.database) as connection:
            return read_status(self.folder, connection, self.config.train.steps)

    def metrics(self, since: int = 0) -> dict[str, np.ndarray]:
        """The figures of all steps after `since`, each as an array of one length; NaN where there is none.

        "validation_loss", "validation_token_accuracy" and "exact_match" have numbers at evaluated steps only; other
        figures of evaluations stand under their own names.
        """
        with database.reading(self.folder.database) as connection:
            rows = connection.execute(
                f"SELECT {', '.join(database.NUMBERS)}, more FROM metrics WHERE step > ? ORDER BY step", (since,)
            ).fetchall()
            return _columns(rows)

    def events(self, since: int = 0) -> list[Event]:
        """What happened after event number `since`, in order."""
        with database.reading(self.folder.database) as connection:
            rows = connection.execute(
                "SELECT id, step, kind, details, time FROM events WHERE id > ? ORDER BY id", (since,)
            ).fetchall()
            return [Event(row[0], row[1], row[2], json.loads(row[3]), row[4] or 0.0) for row in rows]

    def samples(self, since: int = -1) -> list[Sample]:
        """What the model said to fixed inputs at steps after `since`."""
        with database.reading(self.folder.database) as connection:
            rows = connection.execute(
                "SELECT step, number, source, output, reference FROM samples WHERE step > ? ORDER BY step, number",
                (since,),
            ).fetchall()
        return [Sample(*row) for row in rows]

    def kept_steps(self) -> list[int]:
        """The steps that can be gone back to, in order: those kept, and the last."""
        with database.reading(self.folder.database) as connection:
            return [row[0] for row in connection.execute("SELECT step FROM snapshots ORDER BY step")]

    def phase_reports(self) -> tuple[PhaseReport, ...]:
        """The numbers of every phase done of the step that was last walked through."""
        from attnviz.training.phase_reports import PhaseReport

        with database.reading(self.folder.database) as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = 'phase_reports'").fetchone()
            return tuple(PhaseReport.from_dict(one) for one in json.loads(row[0])) if row else ()

    def model_at(self, step: int) -> tuple[Transformer, Task]:
        """The model as it was after a kept step, on the CPU and in evaluation mode, and the task."""
        from attnviz.runs.contents import model_of

        kept = self.kept_steps()
        if step not in kept:
            raise RunError("run_no_snapshot", step=step, known=", ".join(map(str, kept)))
        return model_of(self.folder, self.config, step)

    # ---- the only things that an onlooker writes ------------------------------------------------------------

    def send(self, kind: str, **arguments: Any) -> None:
        """Tell the run something; see `attnviz.runs.commands`. A worker is started if none is alive."""
        values = checked(kind, arguments)
        with database.changing(self.folder.database) as connection:
            connection.execute(
                "INSERT INTO commands (kind, arguments, time) VALUES (?, ?, ?)",
                (kind, json.dumps(values), time.time()),
            )
        try:
            self.wake()
        except RunError:
            if kind != "delete" or self.folder.traces:
                raise  # else a worker that was awake has done it already

    def wake(self) -> None:
        """See to it that a worker looks at the run."""
        from attnviz.runs.devices import resolve

        device, _ = resolve(asked_device(self.folder))
        registry = Registry(self.folder.path.parent)
        with database.reading(self.folder.database) as connection:
            owner = owner_of(connection)
        if owner is not None and owner.alive:
            worker = registry.worker(device)
            if worker is None or worker.identity != owner:
                return  # a command line trains it, which sees the command by itself
        registry.request(device, self.id)

    def rename(self, name: str) -> None:
        """Call it something else; its id and links stay."""
        from attnviz.runs.config import MAX_NAME

        if not 1 <= len(name.strip()) <= MAX_NAME:
            raise RunError("run_name", limit=MAX_NAME)
        with database.changing(self.folder.database) as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('name', ?)", (json.dumps(name.strip()),))


def open_run(root: Path, run: str) -> Run:
    """A run of a folder by its id. Cheap: nothing is loaded."""
    folder = RunFolder(root / run) if is_id(run) else None
    if folder is None or not folder.exists:
        raise RunError("run_unknown", name=str(run)[:80])
    return Run(folder)


def _columns(rows: list[tuple[Any, ...]]) -> dict[str, np.ndarray]:
    """Rows of `metrics` as columns; the JSON in the last place gives columns of its own."""
    table = np.array([row[:-1] for row in rows], dtype=np.float64).reshape(len(rows), len(database.NUMBERS))
    found = {name: table[:, i] for i, name in enumerate(database.NUMBERS)}
    found["step"] = found["step"].astype(np.int64)
    for i, row in enumerate(rows):
        for name, value in (json.loads(row[-1]) if row[-1] else {}).items():
            if name not in database.NUMBERS:
                found.setdefault(name, np.full(len(rows), math.nan))[i] = value
    return found
