"""From a run's folder to what trains: its task, the weights it begins with, its trainer, and the model of a step."""

from __future__ import annotations

import json
from collections.abc import Mapping

import torch

from attnviz.data import InputError, Task, tasks
from attnviz.errors import Notice, RunError
from attnviz.model import Transformer
from attnviz.runs.config import RunConfig
from attnviz.runs.errors import clear_errors
from attnviz.runs.folder import RunFolder, write_whole
from attnviz.training import Trainer, TrainingState
from attnviz.training.build import build_trainer as from_plan
from attnviz.training.distributed import Ranks
from attnviz.training.start import Start, from_checkpoint

START = "start"  # in the run's folder: the checkpoint that its weights begin with
MAX_OWN_FILE = 200_000_000
READERS: Mapping[str, str] = {
    "user-text": "from_text",
    "user-pairs": "from_csv",
    "user-labels": "from_labels",
    "user-pictures": "from_pictures",
}


def own_task(config: RunConfig, content: bytes) -> Task:
    """The task of the user's own file. Raises InputError when the file cannot be used."""
    if config.task not in READERS:
        raise RunError(
            "run_config", file="config.json", entry="own_file", problem=Notice("reason_no_file", {"task": config.task})
        )
    read = getattr(tasks, READERS[config.task])
    made: Task = read(content, name=config.own_file or "", **config.task_options)
    return made


def load_task(folder: RunFolder, config: RunConfig) -> Task:
    """The run's task, with the vocabularies that it had when the run began."""
    if config.own_file is not None:
        path = folder.data / config.own_file
        with clear_errors(folder.path):
            if not path.is_file() or path.stat().st_size > MAX_OWN_FILE:
                raise RunError("run_own_file", task=config.task)
            return own_task(config, path.read_bytes())
    if config.task in READERS:
        raise RunError("run_own_file", task=config.task)
    if folder.task.is_file():
        try:
            with clear_errors(folder.path):
                state = json.loads(folder.task.read_text(encoding="utf-8"))
            if not isinstance(state, dict) or state.get("name") != config.task:
                raise RunError("run_damaged", file=folder.task.name, problem="another_task")
            return tasks.restore(**state)
        except InputError:
            raise
        except (TypeError, ValueError, KeyError, AttributeError, RecursionError) as error:
            raise RunError("run_damaged", file=folder.task.name, problem=error) from None
    return tasks.get(config.task, **config.task_options)


def remember_task(folder: RunFolder, config: RunConfig, task: Task) -> None:
    """Write down the vocabularies: a corpus may change with the package that it comes from."""
    if config.own_file is None and not folder.task.exists():
        write_whole(folder.task, json.dumps(task.state(), ensure_ascii=False).encode("utf-8"))


def load_start(folder: RunFolder, config: RunConfig) -> Start | None:
    """The model that the run begins from, when it does not begin with random weights: a copy lies in its folder."""
    if config.start is None:
        return None
    if not (folder.path / START).is_dir():
        raise RunError("run_start", problem=Notice("reason_missing", {"name": START}))
    return from_checkpoint(str(folder.path / START))


def build_trainer(
    folder: RunFolder, config: RunConfig, device: torch.device | str = "cpu", ranks: Ranks | None = None
) -> Trainer:
    """The trainer of a run at step 0; nothing is written."""
    return from_plan(
        config, task=load_task(folder, config), start=load_start(folder, config), device=device, ranks=ranks
    )


def load_state(folder: RunFolder, step: int) -> TrainingState:
    """The snapshot of a step; RunError if it is not there or damaged."""
    path = folder.snapshot(step)
    if not path.is_file():
        raise RunError("run_snapshot_gone", step=step)
    try:
        return TrainingState.load(path)
    except ValueError as error:
        raise RunError("run_snapshot_bad", step=step, problem=error) from None


def model_of(folder: RunFolder, config: RunConfig, step: int) -> tuple[Transformer, Task]:
    """The model as it was after `step` updates, on the CPU and in evaluation mode, and its task."""
    state = load_state(folder, step)
    trainer = build_trainer(folder, config)
    try:
        trainer.restore(state)
    except (RuntimeError, ValueError, KeyError) as error:
        raise RunError("run_snapshot_bad", step=step, problem=error) from None
    return trainer.model.eval(), trainer.task


def describe(problem: object) -> str:
    """A short text of anything, for the details of an error."""
    return " ".join(str(problem).split())[:200] or type(problem).__name__
