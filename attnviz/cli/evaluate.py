"""`attnviz eval`: measure checkpoints on held-out data, beside what their manifests say."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.cli.terminal import table

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from attnviz.data import Task
    from attnviz.errors import Notice
    from attnviz.training.evaluation import Metrics
    from attnviz.training.manifest import Manifest

BAD_USAGE = 2


def add(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    command = commands.add_parser("eval", help="measure checkpoints on held-out data")
    command.add_argument("checkpoint", nargs="*", metavar="NAME|PATH", help="a shipped model or a folder")
    command.add_argument("--all", action="store_true", help="all shipped models")
    command.add_argument(
        "--data", type=Path, metavar="FILE", help="of a model of your own file: that file, where no run holds it"
    )
    command.add_argument("--split", choices=("train", "validation", "test"), default="test")
    command.add_argument("--limit", type=_positive, default=None, metavar="N", help="only the first N examples")
    command.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, mps (default: cpu)")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is below 1")
    return number


def run(arguments: argparse.Namespace) -> int:
    """Evaluate each and print a table or JSON."""
    from attnviz.training import checkpoint

    names = [*arguments.checkpoint, *(checkpoint.every_shipped() if arguments.all else ())]
    if not names:
        print(
            f"attnviz eval: name a checkpoint, or --all. Shipped: {', '.join(checkpoint.every_shipped())}",
            file=sys.stderr,
        )
        return BAD_USAGE
    found = [_measure(name, arguments) for name in dict.fromkeys(names)]
    if arguments.json:
        print(json.dumps([_as_json(one) for one in found], ensure_ascii=False, indent=1))
        return 0
    rows = [("model", "split", "examples", "loss", "perplexity", "tokens right", "exact match", "alignment", "head")]
    print(table(rows + [_as_row(one) for one in found]))
    for one in found:
        if one.remark is not None:
            print(f"{one.name}: {one.remark}", file=sys.stderr)
    return 0


@dataclass(frozen=True)
class _Measured:
    """A checkpoint's figures on a split."""

    name: str
    split: str
    manifest: Manifest
    metrics: Metrics
    remark: Notice | None  # where the installed data are no longer those of the manifest


def _measure(name: str, arguments: argparse.Namespace) -> _Measured:
    from attnviz.cli.devices import device_from
    from attnviz.training import checkpoint, held_out
    from attnviz.training.evaluation import evaluate

    model, task, manifest = checkpoint.load(name)
    task, remark = _with_data(name, task, manifest, arguments)
    model.to(device_from(arguments.device))
    metrics = evaluate(model, task, arguments.split, limit=arguments.limit)
    return _Measured(name, arguments.split, manifest, metrics, remark or held_out.moved(task, manifest))


def _with_data(name: str, task: Task, manifest: Manifest, arguments: argparse.Namespace) -> tuple[Task, Notice | None]:
    """The task with its data at hand: those of somebody's own file lie in the run's folder, or are named."""
    from attnviz.cli.own_file import content_of_file
    from attnviz.errors import CheckpointError
    from attnviz.runs.own_data import is_own, own_file, with_data
    from attnviz.training import checkpoint

    given: Path | None = arguments.data
    if not is_own(task):
        if given is not None:
            raise CheckpointError("data_not_own", name=name, task=task.info.name)
        return task, None
    content = own_file(checkpoint.find(name)) if given is None else content_of_file(given)
    if content is None:
        raise CheckpointError("data_needed", name=name)
    return with_data(task, manifest, content, arguments.split)


def _alignment(manifest: Manifest, metrics: Metrics) -> tuple[tuple[str, int] | None, float | None]:
    """The head chosen on the validation split, and its share here."""
    report = manifest.report
    head = None if report is None else report.aligned_head
    if head is None and metrics.alignment is not None:
        head = metrics.alignment.best_head
    return head, None if head is None or metrics.alignment is None else metrics.alignment.of(head)


def _as_row(one: _Measured) -> tuple[str, ...]:
    metrics = one.metrics
    head, share = _alignment(one.manifest, metrics)
    return (
        one.name,
        one.split,
        str(metrics.examples),
        f"{metrics.loss:.4f}",
        f"{metrics.perplexity:.2f}",
        f"{metrics.token_accuracy:.4f}",
        "-" if metrics.exact_match is None else f"{metrics.exact_match:.4f}",
        "-" if share is None else f"{share:.4f}",
        "-" if head is None else f"{head[0]} head {head[1]}",
    )


def _as_json(one: _Measured) -> dict[str, Any]:
    head, share = _alignment(one.manifest, one.metrics)
    stated = one.manifest.metrics.get(one.split)
    return {
        "name": one.name,
        "split": one.split,
        **one.metrics.to_dict(),
        "aligned_head": None if head is None else list(head),
        "aligned_share": share,
        "baselines": dict(one.manifest.baselines),
        "manifest": None if stated is None else stated.to_dict(),
        "remark": None if one.remark is None else str(one.remark),
    }
