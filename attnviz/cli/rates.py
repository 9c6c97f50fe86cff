"""`attnviz rates`: which learning rate suits each strategy of a fine-tuning, by the same small search for every one."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from attnviz.cli.terminal import table

if TYPE_CHECKING:
    from argparse import _SubParsersAction

EXAMPLES = 200  # of the validation split


def add(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    command = commands.add_parser("rates", help="search the learning rate of each fine-tuning strategy on validation")
    command.add_argument("preset", nargs="*", metavar="PRESET", help="which fine-tunings; none: list them")
    command.add_argument("--strategies", metavar="A,B", help="which strategies (default: all)")
    command.add_argument("--limit", type=int, default=EXAMPLES, metavar="N", help=f"examples (default: {EXAMPLES})")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Search, say each strategy's best factor as soon as it is there, and print every factor's score and loss."""
    from attnviz.config import Strategy
    from attnviz.training.finetuning.presets import PRESETS

    presets = tuple(name for name, preset in PRESETS.items() if preset.task)
    if not arguments.preset:
        print("\n".join(presets))
        return 0
    strategies = tuple(arguments.strategies.split(",")) if arguments.strategies else get_args(Strategy)
    _check(arguments.preset, presets)
    _check(strategies, get_args(Strategy))
    if arguments.limit < 1:
        raise ValueError("--limit is at least 1")
    rows = [row for name in arguments.preset for row in _searched(name, strategies, arguments.limit)]
    if arguments.json:
        print(json.dumps(rows, indent=2))
    else:
        print(table([("fine-tuning", "strategy", "factor", "score", "loss", ""), *map(_cells, _flat(rows))]))
    return 0


def _check(names: tuple[str, ...] | list[str], known: tuple[str, ...]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{name!r} is not known; there are: {', '.join(known)}")


def _searched(name: str, strategies: tuple[Any, ...], limit: int) -> list[dict[str, Any]]:
    from attnviz.data import tasks
    from attnviz.errors import InputError
    from attnviz.training.finetuning.presets import PRESETS
    from attnviz.training.finetuning.rates import tuned_rates
    from attnviz.training.start import from_checkpoint

    preset = PRESETS[name]
    start, task = from_checkpoint(preset.start), tasks.get(preset.task, **preset.task_options)
    rows = []
    for strategy in strategies:
        entry = {strategy: replace(preset.finetune, strategy=strategy)}
        try:
            found = tuned_rates(start, task, entry, preset.train, limit=limit)[strategy]
        except InputError as error:  # an adapter finds no place in every model
            print(f"{name}, {strategy}: {error}", file=sys.stderr)
            continue
        print(f"{name}, {strategy}: x{found.factor:g}", file=sys.stderr, flush=True)
        tried = {f"{factor:g}": {"score": score, "loss": loss} for factor, (score, loss) in found.tried.items()}
        rows.append({"preset": name, "strategy": strategy, "factor": found.factor, "tried": tried})
    return rows


def _flat(rows: list[dict[str, Any]]) -> list[tuple[dict[str, Any], str]]:
    return [(row, factor) for row in rows for factor in row["tried"]]


def _cells(at: tuple[dict[str, Any], str]) -> tuple[str, ...]:
    row, factor = at
    tried, best = row["tried"][factor], float(factor) == row["factor"]
    return row["preset"], row["strategy"], f"x{factor}", f"{tried['score']:.3f}", f"{tried['loss']:.3f}", "best" * best
