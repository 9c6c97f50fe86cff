"""`attnviz experiment`: run an experiment whose outcome is stated beforehand, and say whether it came out so."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.cli.experiment_document import UNITS, written
from attnviz.cli.terminal import Progress, duration, table
from attnviz.language import Language

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from attnviz.experiments import Catalogue, Experiment, Found, Lab

FAILED = 1
_LANGUAGE: Language = "en"  # as everywhere on the command line; the interface has both


def add(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    command = commands.add_parser("experiment", help="run an experiment and hold it against what must come out")
    command.add_argument("name", nargs="*", metavar="NAME", help="which ones, e.g. E1; none: list them")
    command.add_argument("--all", action="store_true", help="every experiment of the catalogue")
    command.add_argument("--list", action="store_true", help="list them")
    command.add_argument("--seeds", type=_positive, default=3, metavar="N", help="repetitions (default: 3)")
    command.add_argument("--size", type=_share, default=1.0, metavar="SHARE", help="share of the steps (default: 1)")
    command.add_argument("--recorded", action="store_true", help="show the recorded result instead of running")
    command.add_argument("--record", action="store_true", help="keep the result as the recorded one")
    command.add_argument("--folder", type=Path, metavar="DIR", help="read more experiments from DIR: it runs its files")
    command.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, mps or auto (default: cpu)")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--markdown", action="store_true", help="print a document: a table, and every number")
    command.set_defaults(run=run)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is below 1")
    return number


def _share(text: str) -> float:
    number = float(text)
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError(f"{text} must be above 0 and at most 1")
    return number


def run(arguments: argparse.Namespace) -> int:
    """Run them, print tables or JSON; 1 when something did not come out as expected."""
    from attnviz.errors import ExperimentError
    from attnviz.experiments import Lab, load

    if arguments.record and arguments.size < 1:
        raise ValueError("a recorded result has the size of its recipe: --record goes without --size")
    catalogue = load(arguments.folder)
    for problem in catalogue.problems:
        print(f"attnviz: {problem}", file=sys.stderr)
    if arguments.list or not (arguments.name or arguments.all):
        _list(catalogue, as_json=arguments.json)
        return 0
    chosen = catalogue.experiments.values() if arguments.all else [catalogue.get(name) for name in arguments.name]
    lab = Lab(_device(arguments.device))
    results = []
    for experiment in chosen:
        try:
            result = _result(experiment, lab, arguments)
        except ExperimentError as error:
            if not (arguments.all and error.code == "experiment_no_recording"):
                raise
            print(f"attnviz: {error}", file=sys.stderr)
            continue
        results.append(result)
        if not (arguments.json or arguments.markdown):
            _print(result)
    if arguments.markdown:
        print(written(results))
    elif arguments.json:
        found = [_as_json(result) for result in results]
        print(json.dumps(found if arguments.all or len(found) > 1 else found[0], ensure_ascii=False, indent=1))
    elif len(results) > 1:
        _print_summary(results)
    return FAILED if any(not result.verdict.came_out for result in results) else 0


def _device(name: str) -> str:
    from attnviz.cli.devices import device_from

    return str(device_from(name))


def _list(catalogue: Catalogue, *, as_json: bool) -> None:
    every = catalogue.experiments.values()
    if as_json:
        rows = [
            {"name": one.name, **{key: asdict(getattr(one, key)) for key in ("title", "claim", "question", "truth")}}
            for one in every
        ]
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    heading = ("experiment", "claim", "a seed")
    print(table([heading, *((one.name, one.claim[_LANGUAGE], _expected_time(one)) for one in every)]))


def _expected_time(experiment: Experiment) -> str:
    return f"about {duration(experiment.seconds)}" if experiment.seconds else "moments"


def _result(experiment: Experiment, lab: Lab, arguments: argparse.Namespace) -> Found:
    from attnviz.experiments import Found, record, recorded

    if arguments.recorded:
        return recorded(experiment)
    progress: Progress | None = None
    result = None
    for step in lab.run(experiment, seeds=range(arguments.seeds), size=arguments.size):
        if isinstance(step, Found):
            result = step
        else:
            progress = progress or Progress(step.total, sys.stderr)
            note = f"{step.experiment}: {step.model}, seed {step.seed}, loss {step.record.loss:.3f}"
            progress.update(step.done, note)
    if progress is not None:
        progress.close()
    assert result is not None, "an experiment ends with what was found"
    if arguments.record:
        print(f"recorded: {record(result)}", file=sys.stderr)
    return result


def _as_json(result: Found) -> dict[str, object]:
    made = result.recorded
    mark = None if made is None else {"date": made.date, "made_with": dict(made.made_with)}
    return {**result.to_dict(), "recorded": mark}


def _print(result: Found) -> None:
    one = result.experiment
    print(f"{one.name}  {one.question[_LANGUAGE]}")
    if result.recorded is not None:
        print(f"recorded on {result.recorded.date}, seeds {', '.join(map(str, result.seeds))}")
    rows = [("quantity", "mean ± sd" if len(result.seeds) > 1 else "value")]
    rows += [(row.quantity.title[_LANGUAGE], row.said + UNITS[row.quantity.unit]) for row in result.rows]
    print(table(rows))
    verdict = result.verdict
    titles = one.titles(_LANGUAGE)
    for check in verdict.checks:
        print(f"{'ok' if check.met else 'FAILED'}  {check.bound.said(titles)}  ({check.value:.4g})")
    said = "nothing that was offered" if verdict.choice is None else one.choice(verdict.choice).title[_LANGUAGE]
    print(f"the numbers say: {said}\n")


def _print_summary(results: list[Found]) -> None:
    rows = [("experiment", "came out", "the numbers say", "time")]
    for result in results:
        choice = result.verdict.choice
        said = "-" if choice is None else result.experiment.choice(choice).title[_LANGUAGE]
        rows.append(
            (result.experiment.name, "yes" if result.verdict.came_out else "NO", said, duration(result.seconds))
        )
    print(table(rows))
