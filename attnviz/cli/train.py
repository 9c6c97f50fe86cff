"""`attnviz train`: train a model from a recipe or from options, with progress; Ctrl-C keeps what was learned."""

from __future__ import annotations

import argparse
import math
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, get_args

from attnviz.cli.terminal import Progress, duration
from attnviz.config import Activation, Norm, Positions, Schedule

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from attnviz.data import Task
    from attnviz.training import Manifest, Recipe, StepRecord, Trainer

FAILED, INTERRUPTED = 1, 130
MAX_FILE_BYTES = 200_000_000

# Command-line option → (field, type or choices, help).
_SHAPE: Mapping[str, tuple[str, Any, str]] = {
    "--d-model": ("d_model", int, "width of every hidden state"),
    "--heads": ("n_heads", int, "heads an attention"),
    "--encoder-layers": ("n_encoder_layers", int, "0: the decoder attends straight to the source embeddings"),
    "--decoder-layers": ("n_decoder_layers", int, ""),
    "--d-ff": ("d_ff", int, "inner width of the feed-forward network"),
    "--max-len": ("max_len", int, "positions that a table holds"),
    "--dropout": ("dropout", float, ""),
    "--norm": ("norm", get_args(Norm), ""),
    "--positions": ("positions", get_args(Positions), ""),
    "--activation": ("activation", get_args(Activation), ""),
}
_TRAIN: Mapping[str, tuple[str, Any, str]] = {
    "--steps": ("steps", int, "updates"),
    "--batch-size": ("batch_size", int, "sequences a step"),
    "--learning-rate": ("learning_rate", float, "the peak, reached after the warm-up"),
    "--warmup-steps": ("warmup_steps", int, ""),
    "--schedule": ("schedule", get_args(Schedule), "what follows the warm-up"),
    "--weight-decay": ("weight_decay", float, ""),
    "--clip-norm": ("clip_norm", float, "0: never clip"),
    "--label-smoothing": ("label_smoothing", float, ""),
    "--cross-mask": ("cross_mask", str, "hides cells of cross-attention while training, e.g. ~window(1)"),
    "--cross-mask-share": ("cross_mask_share", float, "share of the steps in which it does"),
    "--eval-every": ("eval_every", int, "steps between evaluations; 0: only at the end"),
    "--seed": ("seed", int, "decides weights, dropout and the order of the data"),
}


def add(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    command = commands.add_parser("train", help="train a model and write a checkpoint")
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
    for title, options in (("model", _SHAPE), ("training", _TRAIN)):
        group = command.add_argument_group(title)
        for option, (field, kind, text) in options.items():
            values = (
                {"choices": kind}
                if isinstance(kind, tuple)
                else {"type": kind, "metavar": "MASK" if kind is str else "N"}
            )
            group.add_argument(option, dest=field, default=argparse.SUPPRESS, help=text, **values)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train, measure, save."""
    import torch

    from attnviz.cli.devices import device_from
    from attnviz.training import Trainer, finish, make_model
    from attnviz.training.checkpoint import save

    recipe, changed = _recipe(arguments)
    folder = _free_folder(arguments.out or Path("runs") / recipe.name, arguments.overwrite)
    if arguments.threads is not None:
        if arguments.threads < 1:
            raise ValueError(f"threads is {arguments.threads}; it must be at least 1")
        torch.set_num_threads(arguments.threads)
    device = device_from(arguments.device)

    task = _own_file(arguments, recipe) or recipe.make_task()
    for notice in task.notices:
        print(f"attnviz: {notice}", file=sys.stderr)
    model = make_model(recipe.model_config(task), recipe.train.seed)
    trainer = Trainer(model, task, recipe.train, device=device)
    folder.mkdir(parents=True, exist_ok=True)  # before training, so that a folder that cannot be made wastes no time
    parameters = sum(p.numel() for p in model.parameters())
    examples = len(task.split("train"))
    progress = Progress(recipe.train.steps)
    progress.say(f"{recipe.name}: {parameters:,} parameters, {examples:,} training examples, on {device}")
    with _gentle_interrupt(lambda: progress.say("stopping after this step …")) as interrupted:
        diverged = _train(trainer, progress, interrupted)
    if diverged:
        print(f"attnviz: the loss is {diverged} at step {trainer.step_number}; nothing was saved", file=sys.stderr)
        return FAILED
    progress.say(f"{trainer.step_number} steps in {duration(trainer.seconds)}; measuring …")
    manifest = finish(trainer, name=recipe.name, stored=recipe.stored, recipe=None if changed else arguments.recipe)
    save(folder, model, manifest)
    print(f"{folder}: {_summary(manifest)}")
    return INTERRUPTED if interrupted.is_set() else 0


def _recipe(arguments: argparse.Namespace) -> tuple[Recipe, bool]:
    """The recipe asked for, and whether its result differs from what the name promises."""
    from attnviz.data import tasks
    from attnviz.training import RECIPES, Recipe

    given = vars(arguments)
    shape = {field: given[field] for field, _, _ in _SHAPE.values() if field in given}
    train = {field: given[field] for field, _, _ in _TRAIN.values() if field in given}
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


def _own_file(arguments: argparse.Namespace, recipe: Recipe) -> Task | None:
    """The task of the user's own file, if one was named."""
    from attnviz.data import tasks

    path: Path | None = arguments.text or arguments.csv
    if path is None:
        return None
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(f"{path} has more than {MAX_FILE_BYTES:,} bytes; a smaller file is needed")
    read = tasks.from_text if arguments.text else tasks.from_csv
    return read(content, name=path.name, **recipe.task_options)


def _option(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise ValueError(f"--option is {text!r}; it must look like KEY=VALUE")
    return key, int(value) if value.lstrip("-").isdecimal() else value


def _free_folder(folder: Path, overwrite: bool) -> Path:
    """Refuse a folder whose content would be lost."""
    from attnviz.training.manifest import FILE

    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; --out must be a folder")
    if (folder / FILE).exists() and not overwrite:
        raise ValueError(f"{folder} already holds a checkpoint; choose another --out, or add --overwrite")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / FILE).exists():
        raise ValueError(f"{folder} is not empty and holds no checkpoint; choose another --out")
    return folder


def _train(trainer: Trainer, progress: Progress, interrupted: threading.Event) -> float | None:
    """Step until the end, an interrupt, or a loss that is no number, which is returned."""
    for record in trainer.run():
        if not math.isfinite(record.loss):
            progress.close()
            return record.loss
        progress.update(record.step, f"loss {record.loss:.3f}  {record.tokens_per_second:,.0f} tokens/s")
        if record.metrics is not None:
            progress.say(_evaluated(record))
        if interrupted.is_set():
            break
    progress.close()
    return None


def _evaluated(record: StepRecord) -> str:
    metrics = record.metrics
    assert metrics is not None, "called for evaluated steps only"
    text = f"step {record.step}: validation loss {metrics.loss:.3f}, tokens right {metrics.token_accuracy:.1%}"
    return text if metrics.exact_match is None else f"{text}, exact match {metrics.exact_match:.1%}"


def _summary(manifest: Manifest) -> str:
    report = manifest.report
    assert report is not None, "a finished run was measured on both splits"
    text = f"test loss {report.test.loss:.3f} nats/token"
    if report.test.exact_match is not None:
        text += f", exact match {report.test.exact_match:.1%}"
    if report.alignment is not None:
        text += f", alignment {report.alignment:.1%}"
    return text


@contextmanager
def _gentle_interrupt(announce: Callable[[], None]) -> Iterator[threading.Event]:
    """The first Ctrl-C sets the event, so that a step is never cut in half; the second one interrupts."""
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        announce()

    if threading.current_thread() is not threading.main_thread():  # only the main thread may set handlers
        yield asked
        return
    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
