"""Making the folder of a new run: whole, or not at all."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from attnviz.data import Task
from attnviz.errors import RunError
from attnviz.masks.parse import parse
from attnviz.model import Transformer
from attnviz.model.lora import plain_copy
from attnviz.runs import database
from attnviz.runs.config import RunConfig
from attnviz.runs.contents import READERS, START, own_task
from attnviz.runs.errors import clear_errors, from_system
from attnviz.runs.folder import TRASH, RunFolder, slug, write_whole
from attnviz.runs.notice import write_notice
from attnviz.runs.run import Run, open_run
from attnviz.training import Manifest, checkpoint
from attnviz.training.build import plan_model_config, plan_task
from attnviz.training.start import from_checkpoint

MOST_TRIES = 10_000


def make_folder(root: Path, name: str) -> Path:
    """A new folder for a run of that name; two programs never get the same one."""
    base = slug(name)
    try:
        root.mkdir(parents=True, exist_ok=True)
        for number in range(1, MOST_TRIES):
            path = root / (base if number == 1 else f"{base}-{number}")
            if (root / TRASH / path.name).exists():
                continue  # it may come back
            try:
                path.mkdir()
            except FileExistsError:
                continue
            return path
    except OSError as error:
        raise from_system(error, root) from error
    raise RunError("run_folder", path=str(root), problem="many_of_one_name")


def fill_folder(path: Path, config: RunConfig, *, data: bytes | None = None, start_is_there: bool = False) -> RunFolder:
    """Write a new run into an empty folder. Raises InputError or ValueError for a config that cannot be trained.

    With `start_is_there` the weights that it begins from lie in the folder already; else they are copied from what
    `start` names, a checkpoint or a run beside this one.
    """
    folder = RunFolder(path)
    check_plan(config, data)
    with clear_errors(path):
        folder.snapshots.mkdir(exist_ok=True)
        if data is not None and config.own_file is not None:
            folder.data.mkdir(exist_ok=True)
            write_whole(folder.data / config.own_file, data)
    if config.start is not None and not start_is_there:
        copy_start(folder, config, path.parent)
    write_notice(folder, {})
    write_whole(folder.config, config.to_json().encode("utf-8"))
    database.create(folder.database)  # last: a folder without it is not a run
    return folder


def check_plan(config: RunConfig, data: bytes | None) -> Task:
    """The task of a run. Refuses what could not be trained: an unknown task or shape, a file that cannot be read."""
    if (config.own_file is None) != (data is None) or (config.task in READERS and data is None):
        raise RunError("run_own_file", task=config.task)
    task = plan_task(config, own_task(config, data)) if data is not None else plan_task(config)
    if config.train.cross_mask:
        parse(config.train.cross_mask)
    if config.start is None and config.finetune is None:
        shape = plan_model_config(config, task)
        longest = max(task.max_tgt_len, task.max_src_len if shape.has_encoder else 0)
        if shape.positions == "learned" and shape.max_len < longest:
            raise RunError("run_too_short", max_len=shape.max_len, longest=longest)
    return task


def copy_start(folder: RunFolder, config: RunConfig, root: Path) -> None:
    """Keep the weights that a run begins from with it: where they come from may go."""
    assert config.start is not None, "called for runs that begin from given weights"
    target = folder.path / START
    if "checkpoint" in config.start:
        source = checkpoint.find(str(config.start["checkpoint"]))
        from_checkpoint(str(source))  # refuses what cannot be loaded
        with clear_errors(folder.path):
            target.mkdir(exist_ok=True)
            for name in checkpoint.FILES:
                if (source / name).exists():
                    shutil.copyfile(source / name, target / name)
    elif "run" in config.start:
        run = open_run(root, str(config.start["run"]))
        step = last_of(run.kept_steps()) if config.start.get("step") is None else int(config.start["step"])
        model, task = run.model_at(step)
        model = plain_copy(model)  # a LoRA is merged: the next run has weights of its own to change
        checkpoint.save(target, model, manifest_of(run.config, model, task, step))
    else:
        raise RunError("run_start", problem="no_start")


def manifest_of(config: RunConfig, model: Transformer, task: Task, step: int) -> Manifest:
    """What a checkpoint of a run's step says about itself; nothing is measured."""
    return Manifest(
        name=config.name,
        model=model.config,
        train=config.train,
        task=task.state(),
        steps_done=step,
        seconds=0.0,
        parameters=sum(p.numel() for p in model.parameters()),
    )


def last_of(kept: list[int]) -> int:
    """The last kept step; RunError if there is none."""
    if not kept:
        raise RunError("run_snapshot_gone", step=0)
    return kept[-1]


def build_whole(root: Path, name: str, fill: Callable[[Path], object]) -> Run:
    """Make a folder, fill it and give it its name; when that fails nothing is left."""
    path = make_folder(root, name)
    try:
        fill(path)
        values = [("name", json.dumps(name)), ("created", json.dumps(time.time()))]
        with database.changing(RunFolder(path).database) as connection:
            connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return Run(RunFolder(path))
