"""A second run from a kept step of a first one, with changes."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from attnviz.errors import RunError
from attnviz.runs import database
from attnviz.runs.config import RunConfig
from attnviz.runs.contents import START, build_trainer, load_state
from attnviz.runs.creation import fill_folder
from attnviz.runs.errors import clear_errors
from attnviz.runs.folder import RunFolder
from attnviz.runs.memory import with_memory

HISTORY = ("set", "changed", "head")  # the kinds of events that a fork takes over
FRESH = ("seed", "initialiser", "start")  # what only a run from its very beginning can change


def fork_config(folder: RunFolder, step: int, changes: Mapping[str, Any], name: str | None) -> RunConfig:
    """The parent's config as it stood at a step, changed."""
    config = folder.read_config()
    threads, compute = 0, config.compute
    with database.reading(folder.database) as connection:
        rows = connection.execute("SELECT details FROM events WHERE kind = 'set' AND step <= ? ORDER BY id", (step,))
        for (details,) in rows:
            config = config.changed(json.loads(details))
        state = connection.execute("SELECT value FROM meta WHERE key = 'state'").fetchone()
    if state is not None:
        now = json.loads(state[0])
        threads = now.get("threads") or 0  # another number of threads adds in another order
        compute = compute or now.get("compute")  # and so does another way to compute
    if step:
        for entry in FRESH:
            if entry in changes:
                raise RunError("run_fork", step=step, name=entry, problem="beginning_only")
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in changes.items()}
    origin = {"run": folder.path.name, "step": step, "changes": plain}
    config = replace(config, threads=config.threads or threads, compute=compute).changed(changes)
    config = replace(config, parent=origin, recipe=None)
    return config if name is None else replace(config, name=name)


def fill_fork(path: Path, parent: RunFolder, config: RunConfig, step: int) -> None:
    """Write a fork into an empty folder: the weights, what was recorded until then, and nothing else."""
    own = None if config.own_file is None else (parent.data / config.own_file).read_bytes()
    folder = RunFolder(path)
    with clear_errors(path):
        for part in (START, parent.task.name):
            source = parent.path / part
            if source.is_dir():
                shutil.copytree(source, path / part)
            elif source.is_file():
                shutil.copyfile(source, path / part)
    # The copied start stands for whatever `start` names, which may be gone.
    fill_folder(path, config, data=own, start_is_there=(path / START).is_dir())
    if step == 0:
        return
    state = load_state(parent, step)
    if not state.finite:
        raise RunError("run_snapshot_bad", step=step, problem="not_finite")
    state = with_memory(parent, state)
    trainer = build_trainer(folder, config)
    shapes = {name: value.shape for name, value in state.model.items()}
    same = {name: value.shape for name, value in trainer.model.state_dict().items()} == shapes
    try:
        trainer.restore(state if same else state.fitted_to(trainer.model), settings=False)
    except (RuntimeError, ValueError, KeyError) as error:
        raise RunError("run_fork", step=step, name="model", problem=error) from None
    with clear_errors(path):
        trainer.capture().save(folder.snapshot(step))
        with database.reading(parent.database) as old, closing(database.open_writer(folder.database)) as new:
            earlier = copy_snapshots(old, parent, folder, step) if same else []
            with database.writing(new):
                copy_rows(old, new, step)
                (inside,) = new.execute("SELECT COALESCE(MAX(id), 0) FROM events").fetchone()
                rows = [(kept, 1, inside) for kept in (*earlier, step)]
                new.executemany("INSERT INTO snapshots (step, kept, settings) VALUES (?, ?, ?)", rows)


def copy_rows(old: sqlite3.Connection, new: sqlite3.Connection, step: int) -> None:
    """What was recorded up to a step."""
    kinds = ", ".join(f"'{kind}'" for kind in HISTORY)
    for table, order, more in (
        ("metrics", "step", ""),
        ("events", "id", f"AND kind IN ({kinds})"),
        ("samples", "step", ""),
    ):
        rows = old.execute(f"SELECT * FROM {table} WHERE step <= ? {more} ORDER BY {order}", (step,)).fetchall()
        if rows:
            new.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)


def copy_snapshots(old: sqlite3.Connection, parent: RunFolder, folder: RunFolder, step: int) -> list[int]:
    """The parent's kept steps before `step`, so that the fork's past can be looked at; the files take no room twice."""
    kept = [row[0] for row in old.execute("SELECT step FROM snapshots WHERE kept AND step < ? ORDER BY step", (step,))]
    for one in kept:
        source, target = parent.snapshot(one), folder.snapshot(one)
        try:
            os.link(source, target)
        except OSError:  # a file system without hard links
            shutil.copyfile(source, target)
    return kept
