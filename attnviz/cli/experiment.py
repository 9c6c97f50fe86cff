"""`attnviz experiment`: run a comparison whose outcome is stated beforehand, and say whether it came out so."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any, get_args

from attnviz.cli.terminal import Progress, table
from attnviz.config import Strategy

if TYPE_CHECKING:
    from argparse import _SubParsersAction
    from collections.abc import Sequence

    from attnviz.training.finetuning.experiments import Experiment
    from attnviz.training.finetuning.race import RaceRow

FAILED = 1


def add(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    command = commands.add_parser("experiment", help="run a comparison and hold it against what must come out")
    command.add_argument("name", nargs="?", metavar="NAME", help="which one; none: list them")
    command.add_argument("--seeds", type=_positive, default=3, metavar="N", help="repetitions (default: 3)")
    command.add_argument(
        "--strategies", nargs="+", choices=get_args(Strategy), metavar="S", help="only these of its strategies"
    )
    command.add_argument("--start", metavar="NAME|PATH", help="begin from another checkpoint")
    command.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, mps or auto (default: cpu)")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is below 1")
    return number


def run(arguments: argparse.Namespace) -> int:
    """Run it, print table or JSON; 1 when something did not come out as expected."""
    from attnviz.training.finetuning.experiments import EXPERIMENTS

    if arguments.name is None:
        print(table([("experiment", "question"), *((name, one.question) for name, one in EXPERIMENTS.items())]))
        return 0
    if arguments.name not in EXPERIMENTS:
        raise ValueError(f"there is no experiment {arguments.name!r}; there are: {', '.join(EXPERIMENTS)}")
    experiment = EXPERIMENTS[arguments.name]
    rows = _raced(experiment, arguments)
    by_name = {row.entry: row for row in rows}
    outcomes = [(one, one.value(by_name), one.met(by_name)) for one in experiment.expected]
    if arguments.json:
        found = {
            "experiment": experiment.name,
            "seeds": arguments.seeds,
            "rows": [row.to_dict() for row in rows],
            "baselines": experiment.baselines(),
            "expected": [{"what": str(one), "value": value, "met": met} for one, value, met in outcomes],
        }
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        print(_as_table(rows))
        for name, accuracy in experiment.baselines().items():
            print(f"baseline {name}: {accuracy:.3f}")
        for one, value, met in outcomes:
            shown = "not measured" if value is None else f"{value:.3f}"
            print(f"{'?' if met is None else 'ok' if met else 'FAILED'}  {one}  ({shown})")
    return FAILED if any(met is False for _, _, met in outcomes) else 0


def _raced(experiment: Experiment, arguments: argparse.Namespace) -> Sequence[RaceRow]:
    from attnviz.cli.devices import device_from
    from attnviz.training.finetuning.race import RaceResult
    from attnviz.training.finetuning.race import table as race_table

    device = device_from(arguments.device)
    results: list[RaceResult] = []
    progress: Progress | None = None
    options: dict[str, Any] = {"strategies": arguments.strategies, "start": arguments.start, "device": device}
    for found in experiment.run(seeds=range(arguments.seeds), **options):
        if isinstance(found, RaceResult):
            results.append(found)
            if progress is not None:
                progress.say(f"{found.entry}, seed {found.seed}: {found.score:.3f}")
        else:
            progress = progress or Progress(found.total, sys.stderr)
            progress.update(found.done, f"{found.entry}, seed {found.seed}, loss {found.record.loss:.3f}")
    if progress is not None:
        progress.close()
    return race_table(results)


def _as_table(rows: Sequence[RaceRow]) -> str:
    lines = [("strategy", "new task", "macro F1", "old task", "trained", "of", "memory", "seconds")]
    for row in rows:
        lines.append(
            (
                row.entry,
                str(row.score),
                "-" if row.macro_f1 is None else str(row.macro_f1),
                "-" if row.old_score is None else str(row.old_score),
                f"{row.cost.trained:,}",
                f"{row.cost.parameters:,}",
                f"{row.cost.bytes / 2**20:.1f} MiB",
                f"{row.seconds.mean:.1f}",
            )
        )
    return table(lines)
