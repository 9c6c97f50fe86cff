"""`attnviz tasks`: what there is to train on, and where it comes from."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import TYPE_CHECKING

from attnviz.cli.terminal import table

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    command = commands.add_parser("tasks", help="list the tasks, their sources and licences")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the registry."""
    from attnviz.data import tasks

    infos = [tasks.info(name) for name in tasks.names()]
    if arguments.json:
        print(json.dumps([dataclasses.asdict(info) for info in infos], ensure_ascii=False, indent=1, default=dict))
        return 0
    rows = [("task", "kind", "title", "licence", "source")]
    rows += [(i.name, i.kind, f"{i.title['zh']} / {i.title['en']}", i.licence["en"], i.source["en"]) for i in infos]
    print(table(rows))
    return 0
