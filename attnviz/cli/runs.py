"""`attnviz runs`: list runs and tell them what to do, from the command line."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.cli.terminal import duration, table

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from attnviz.runs import Library, RunSummary
    from attnviz.runs.work.session import Session

FAILED, INTERRUPTED = 1, 130
ROOT_HELP = "where runs lie (default: $ATTNVIZ_RUNS, else runs)"
_TOLD = {
    "play": "train, in a worker of its own",
    "pause": "pause after the present step",
    "stop": "stop and let go of the memory",
}


def add(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    command = commands.add_parser("runs", help="list training runs; resume, fork, export, import, delete them")
    command.add_argument("--root", type=Path, metavar="DIR", help=ROOT_HELP)
    command.set_defaults(run=_list, json=False, deleted=False)
    actions = command.add_subparsers(metavar="ACTION")

    one = _parser(actions, "list", "every run, the newest first (default)")
    one.add_argument("--json", action="store_true", help="print JSON")
    one.add_argument("--deleted", action="store_true", help="those in the trash")
    one.set_defaults(run=_list)
    for kind, text in _TOLD.items():
        one = _action(actions, kind, text, _tell)
        one.set_defaults(kind=kind)
    one = _action(actions, "set", "change settings from the next step on", _set)
    one.add_argument("changes", nargs="+", metavar="NAME=VALUE", help="e.g. learning_rate=0.001")
    one = _action(actions, "resume", "go on with a run here, with progress; Ctrl-C stops it", _resume)
    one.add_argument("--device", default="auto", help="cpu, cuda, cuda:1, mps or auto (default)")
    one = _action(actions, "fork", "a second run from a kept step, with changes", _fork)
    one.add_argument("changes", nargs="*", metavar="NAME=VALUE", help="e.g. learning_rate=0.001 positions=none")
    one.add_argument("--step", type=int, default=0, metavar="N", help="a kept step (default: 0, the beginning)")
    one.add_argument("--name", help="what the new run is called")
    one = _action(actions, "rename", "call a run something else", _rename)
    one.add_argument("name")
    _action(actions, "delete", "move a run to the trash", _delete)
    _action(actions, "restore", "take a run back from the trash", _restore)
    one = _action(actions, "export", "write a run's folder as a zip file", _export)
    one.add_argument("file", type=Path, nargs="?", help="default: ID.zip")
    one = _parser(actions, "import", "read a run from a zip file")
    one.add_argument("file", type=Path)
    one.add_argument("--name", help="what the run is called")
    one.set_defaults(run=_import)


def _parser(actions: Any, name: str, text: str) -> argparse.ArgumentParser:
    one: argparse.ArgumentParser = actions.add_parser(name, help=text)
    # Before or after the action; one that is not given here must not undo the one before.
    one.add_argument("--root", type=Path, metavar="DIR", default=argparse.SUPPRESS, help=ROOT_HELP)
    return one


def _action(actions: Any, name: str, text: str, act: Any) -> argparse.ArgumentParser:
    one = _parser(actions, name, text)
    one.add_argument("id", help="as `attnviz runs` lists it")
    one.set_defaults(run=act)
    return one


def _library(arguments: argparse.Namespace) -> Library:
    from attnviz.runs import Library

    return Library(arguments.root)


def _list(arguments: argparse.Namespace) -> int:
    library = _library(arguments)
    found = library.trashed() if arguments.deleted else library.list()
    if arguments.json:
        print(json.dumps([dataclasses.asdict(one) for one in found], ensure_ascii=False, indent=1, default=dict))
        return 0
    if not found:
        print(f"no runs in {library.root}")
        return 0
    print(table([("id", "name", "task", "state", "step", "left", ""), *map(_row, found)]))
    return 0


def _row(one: RunSummary) -> tuple[str, ...]:
    status = one.status
    if status is None:
        return one.id, one.name, one.task, "unreadable", "", "", str(one.error)
    left = "" if status.seconds_left is None or status.state != "running" else duration(status.seconds_left)
    return one.id, one.name, one.task, status.state, f"{status.step}/{status.steps}", left, str(status.error or "")


def _tell(arguments: argparse.Namespace) -> int:
    _library(arguments).open(arguments.id).send(arguments.kind)
    return 0


def _set(arguments: argparse.Namespace) -> int:
    _library(arguments).open(arguments.id).send("set", **dict(map(_change, arguments.changes)))
    return 0


def _resume(arguments: argparse.Namespace) -> int:
    """Train in this process: also a folder that lies elsewhere, as `attnviz train --out` makes it."""
    from attnviz.cli.devices import device_from
    from attnviz.cli.foreground import train_here
    from attnviz.errors import Notice
    from attnviz.runs.devices import default_threads
    from attnviz.runs.folder import RunFolder

    given = RunFolder(Path(arguments.id))
    folder = given if given.exists else _library(arguments).open(arguments.id).folder

    def describe(session: Session) -> str:
        step, steps = session.trainer.step_number, session.trainer.config.steps
        return f"{folder.path.name}: from step {step} of {steps}, on {session.trainer.device}"

    device = str(device_from(arguments.device))
    session, interrupted = train_here(folder, device=device, threads=default_threads(), describe=describe)
    if session.state["state"] == "failed":
        error = session.state["error"]
        print(f"attnviz: {Notice(error['code'], error['details'])}", file=sys.stderr)
        return FAILED
    print(f"{folder.path}: step {session.trainer.step_number} of {session.trainer.config.steps}")
    return INTERRUPTED if interrupted else 0


def _fork(arguments: argparse.Namespace) -> int:
    changes = dict(map(_change, arguments.changes))
    print(_library(arguments).fork(arguments.id, arguments.step, changes, arguments.name).id)
    return 0


def _rename(arguments: argparse.Namespace) -> int:
    _library(arguments).rename(arguments.id, arguments.name)
    return 0


def _delete(arguments: argparse.Namespace) -> int:
    _library(arguments).delete(arguments.id)
    print(f"undo: attnviz runs restore {arguments.id}")
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    _library(arguments).restore(arguments.id)
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from attnviz.runs.zip.pack import write_zip

    target: Path = arguments.file or Path(f"{arguments.id}.zip")
    if target.exists():
        raise ValueError(f"{target} exists already")
    write_zip(_library(arguments).open(arguments.id), target)
    print(target)
    return 0


def _import(arguments: argparse.Namespace) -> int:
    if not arguments.file.is_file():
        raise ValueError(f"there is no file {arguments.file}")
    print(_library(arguments).import_zip(arguments.file, arguments.name).id)
    return 0


def _change(text: str) -> tuple[str, Any]:
    """NAME=VALUE; the value is JSON where it can be, else text."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ValueError(f"{text!r} must look like NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
