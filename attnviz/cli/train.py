"""`attnviz train`: train a model from a recipe or from options, with progress; Ctrl-C keeps what was learned.

The folder that it writes is a run, which the app shows while it is being made, and a checkpoint when it is done.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.cli import own_file
from attnviz.cli.terminal import duration
from attnviz.settings import MODEL, TRAINING, Setting

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from attnviz.model import Transformer
    from attnviz.runs import RunConfig
    from attnviz.runs.work.session import Session
    from attnviz.training import Manifest, Recipe
    from attnviz.training.distributed import Ranks
    from attnviz.training.held_out import Examples

FAILED, INTERRUPTED = 1, 130


def names(text: str) -> tuple[str, ...]:
    """Names separated by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


# The settings of a model and of its training that have an option.
_SHAPE, _TRAIN = ({name: row for name, row in rows.items() if row.option} for rows in (MODEL, TRAINING))


def add(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    command = commands.add_parser("train", help="train a model; writes a run and a checkpoint")
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("--recipe", metavar="NAME", help="make a shipped model again, e.g. pinyin")
    what.add_argument("--task", metavar="NAME", help="any task that `attnviz tasks` lists")
    what.add_argument("--text", type=Path, metavar="FILE", help="a language model of your own text")
    what.add_argument("--csv", type=Path, metavar="FILE", help="sequence to sequence from your own two columns")
    command.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: runs/NAME)")
    command.add_argument("--overwrite", action="store_true", help="replace a checkpoint that is already there")
    command.add_argument(
        "--option", action="append", default=[], metavar="KEY=VALUE", help="an option of the task; may be repeated"
    )
    command.add_argument("--device", default="auto", help="cpu, cuda, cuda:1, mps or auto (default)")
    command.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: torch's choice)")
    for title, rows in (("model", _SHAPE), ("training", _TRAIN)):
        group = command.add_argument_group(title)
        for row in rows.values():
            group.add_argument(row.option, dest=row.name, default=argparse.SUPPRESS, **_described(row))
    own_file.add(command)
    command.set_defaults(run=run)


def _described(row: Setting) -> dict[str, Any]:
    """What argparse is told of a setting."""
    text = (row.label.en if row.help is None else f"{row.label.en}. {row.help.en}").replace("%", "%%")
    match row.kind:
        case "choice":
            return {"choices": row.values, "help": text}
        case "names":
            return {"type": names, "metavar": "NAMES", "help": f"{text}: {', '.join(row.values)}, with commas"}
        case "text":
            return {"metavar": "TEXT", "help": text}
    return {"type": int if row.kind == "whole" else float, "metavar": "N", "help": f"{text} ({row.range})"}


def run(arguments: argparse.Namespace) -> int:
    """Train, measure, save. Under torchrun every process comes here; the first one writes."""
    from attnviz.cli.devices import device_from
    from attnviz.runs.config import MOST_THREADS
    from attnviz.training.distributed import joined, local_device

    if arguments.threads is not None and not 1 <= arguments.threads <= MOST_THREADS:
        raise ValueError(f"threads is {arguments.threads}; it must be 1 … {MOST_THREADS}")
    recipe, changed = _recipe(arguments)
    together = int(os.environ.get("WORLD_SIZE", "1")) > 1
    device = local_device(device_from(arguments.device)) if together else device_from(arguments.device)
    content = own_file.content_of(arguments)
    how = own_file.how_read(arguments, content, recipe.task_options)
    if arguments.preview:
        print(how.shown)
        return 0
    recipe = replace(recipe, task_options={**recipe.task_options, **how.options})
    config = _run_config(arguments, recipe, None if changed else arguments.recipe, content)
    with joined(device) as ranks:
        if ranks is None or ranks.writes:
            return _train(arguments, recipe, config, content, str(device), ranks)
        return _follow(config, content, str(device), arguments.threads, ranks)


def _train(
    arguments: argparse.Namespace,
    recipe: Recipe,
    config: RunConfig,
    content: bytes | None,
    device: str,
    ranks: Ranks | None,
) -> int:
    """Make the run's folder, train it, and put a checkpoint into it."""
    import torch

    from attnviz.cli.foreground import train_here
    from attnviz.errors import Notice
    from attnviz.runs.creation import check_plan, fill_folder
    from attnviz.runs.folder import default_root, slug
    from attnviz.training import finish, held_out

    path = _free_folder(arguments.out or default_root() / slug(recipe.name), arguments.overwrite)
    _check_listed(path, default_root())
    for notice in check_plan(config, content).notices:
        print(f"attnviz: {notice}", file=sys.stderr)
    _clear(path)
    path.mkdir(parents=True, exist_ok=True)
    folder = fill_folder(path, config, data=content)

    def describe(session: Session) -> str:
        parameters = sum(p.numel() for p in session.trainer.model.parameters())
        examples = len(session.trainer.task.split("train"))
        device = f"{session.trainer.device} ({session.trainer.compute}, {session.threads} threads)"
        return f"{recipe.name}: {parameters:,} parameters, {examples:,} training examples, on {device}"

    threads = arguments.threads or torch.get_num_threads()
    session, interrupted = train_here(folder, device=device, threads=threads, ranks=ranks, describe=describe)
    trainer = session.trainer
    if session.state["state"] == "failed":
        problem = session.state["error"]
        if problem["code"] == "run_diverged":
            details = problem["details"]
            print(
                f"attnviz: the loss is {details['loss']} at step {details['step']}; nothing was saved", file=sys.stderr
            )
        else:
            print(f"attnviz: {Notice(problem['code'], problem['details'])}", file=sys.stderr)
        return FAILED
    print(f"{trainer.step_number} steps in {duration(trainer.seconds)}; measuring …", file=sys.stderr)
    manifest = finish(trainer, name=recipe.name, stored=recipe.stored, recipe=config.recipe)
    _put_checkpoint(path, trainer.model, manifest, held_out.of(trainer.task))
    print(f"{path}: {_summary(manifest)}")
    print(f"{path} holds the run too, with its kept steps: `attnviz runs resume {path}` goes on", file=sys.stderr)
    return INTERRUPTED if interrupted else 0


def _follow(config: RunConfig, content: bytes | None, device: str, threads: int | None, ranks: Ranks) -> int:
    """What the other processes of torchrun do: train along, and write nothing."""
    import torch

    from attnviz.runs.contents import own_task
    from attnviz.runs.work.claim import RATIO_EVERY
    from attnviz.runs.work.ranks import follow
    from attnviz.training.build import build_trainer

    torch.set_num_threads(threads or torch.get_num_threads())
    task = None if content is None else own_task(config, content)
    trainer = build_trainer(config, task=task, device=device, ranks=ranks)
    trainer.ratio_every = RATIO_EVERY
    follow(trainer)
    return 0


def _run_config(
    arguments: argparse.Namespace, recipe: Recipe, followed: str | None, content: bytes | None
) -> RunConfig:
    """The run that a recipe asks for."""
    from attnviz.runs import RunConfig

    own: Path | None = arguments.text or arguments.csv
    return RunConfig(
        name=recipe.name,
        task=recipe.task,
        task_options=dict(recipe.task_options),
        own_file=None if own is None or content is None else re.sub(r"[/\\:]", "_", own.name),
        shape=dict(recipe.shape),
        train=recipe.train,
        device=arguments.device,
        threads=arguments.threads or 0,
        recipe=followed,
    )


def _put_checkpoint(path: Path, model: Transformer, manifest: Manifest, kept: Examples) -> None:
    """Save a checkpoint beside the run's own files."""
    from attnviz.training.checkpoint import FILES, save

    made = save(path / "checkpoint.part", model, manifest, kept)
    for name in FILES:
        if (made / name).exists():
            (made / name).replace(path / name)
    made.rmdir()


def _recipe(arguments: argparse.Namespace) -> tuple[Recipe, bool]:
    """The recipe asked for, and whether its result differs from what the name promises."""
    from attnviz.data import tasks
    from attnviz.training import RECIPES, Recipe

    given = vars(arguments)
    shape = {field: given[field] for field in _SHAPE if field in given}
    train = {field: given[field] for field in _TRAIN if field in given}
    options = dict(map(_option, arguments.option))
    if own := arguments.text or arguments.csv:
        base = Recipe(name=own.stem, task="user-text" if arguments.text else "user-pairs")
    elif arguments.recipe is None:
        tasks.info(arguments.task)  # an unknown name is refused before anything is made
        base = Recipe(name=arguments.task, task=arguments.task)
    elif arguments.recipe in RECIPES:
        base = RECIPES[arguments.recipe]
    else:
        raise ValueError(f"there is no recipe {arguments.recipe!r}; there are: {', '.join(RECIPES)}")
    recipe = replace(
        base,
        task_options={**base.task_options, **options},
        shape={**base.shape, **shape},
        train=replace(base.train, **train),
    )
    return recipe, recipe != base


def _option(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise ValueError(f"--option is {text!r}; it must look like KEY=VALUE")
    return key, int(value) if value.lstrip("-").isdecimal() else value


def _free_folder(folder: Path, overwrite: bool) -> Path:
    """Refuse a folder whose content would be lost, and a run that is being trained."""
    from attnviz.runs import Run
    from attnviz.runs.folder import RunFolder
    from attnviz.runs.library import being_trained
    from attnviz.training.manifest import FILE

    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; --out must be a folder")
    run = RunFolder(folder)
    if (folder / FILE).exists() and not overwrite:
        raise ValueError(f"{folder} already holds a checkpoint; choose another --out, or add --overwrite")
    if run.traces and not overwrite:
        raise ValueError(
            f"{folder} already holds a run: go on with `attnviz runs resume {folder}`, "
            "choose another --out, or add --overwrite"
        )
    if run.traces and being_trained(Run(run)):
        raise ValueError(f"{folder} is being trained; stop it first")
    if folder.is_dir() and any(folder.iterdir()) and not ((folder / FILE).exists() or run.traces):
        raise ValueError(f"{folder} is not empty and holds no checkpoint; choose another --out")
    return folder


def _check_listed(path: Path, root: Path) -> None:
    """Refuse a folder among the runs whose name no list would show."""
    from attnviz.runs.folder import is_id, slug

    if path.absolute().parent == root.absolute() and not is_id(path.name):
        raise ValueError(
            f"{path.name!r} cannot be the name of a run in {root}: small letters a to z, digits and - can. "
            f"For example: --out {path.parent / slug(path.name)}"
        )


def _clear(path: Path) -> None:
    """Take away the run and the checkpoint that `--overwrite` replaces, and nothing else."""
    from attnviz.runs.config import FILE as CONFIG
    from attnviz.runs.contents import START
    from attnviz.runs.folder import DATA, DATABASE, NOTICE, SNAPSHOTS, TASK
    from attnviz.training.checkpoint import FILES

    for name in (CONFIG, DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", NOTICE, TASK, *FILES):
        (path / name).unlink(missing_ok=True)
    for name in (SNAPSHOTS, DATA, START):
        if (path / name).is_dir():
            shutil.rmtree(path / name)


def _summary(manifest: Manifest) -> str:
    report = manifest.report
    assert report is not None, "a finished run was measured on both splits"
    text = f"test loss {report.test.loss:.3f} nats/token, tokens right {report.test.token_accuracy:.1%}"
    if report.test.exact_match is not None:
        text += f", exact match {report.test.exact_match:.1%}"
    if report.alignment is not None:
        text += f", alignment {report.alignment:.1%}"
    return text
