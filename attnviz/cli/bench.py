"""`attnviz bench`: figures as ratios, both sides timed in turns in one run.

To add one: a function (quick) -> results, and a line in BENCHES.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING

from attnviz.cli import bench_browser, bench_model, bench_watching
from attnviz.cli.bench_figures import Figure, Result, Skipped
from attnviz.cli.terminal import table

if TYPE_CHECKING:
    from argparse import _SubParsersAction

BENCHES: Mapping[str, Callable[[bool], Iterable[Result]]] = {
    "attention": bench_model.attention,
    "cache": bench_model.cache,
    "heads": bench_model.heads,
    "paint": bench_browser.paint,
    "watching": bench_watching.watching,
}


def add(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    command = commands.add_parser("bench", help="measure speed, as ratios")
    command.add_argument("bench", nargs="*", metavar="NAME", help=f"which ones (default: all): {', '.join(BENCHES)}")
    command.add_argument("--quick", action="store_true", help="few repeats: a smoke test, not a measurement")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    names = tuple(dict.fromkeys(arguments.bench)) or tuple(BENCHES)
    for name in names:
        if name not in BENCHES:
            raise ValueError(f"there is no benchmark {name!r}; there are: {', '.join(BENCHES)}")
    found: list[Result] = []
    for name in names:
        if not arguments.json:
            print(f"{name} …", file=sys.stderr, flush=True)
        found += BENCHES[name](arguments.quick)
    if arguments.json:
        print(json.dumps({"machine": machine(), "figures": [one.to_dict() for one in found]}, indent=1))
        return 0
    rows = [("figure", "ratio", "aim", "", "ms", "of ms", "what", "1 =")]
    print(table(rows + [_row(one) for one in found if isinstance(one, Figure)]))
    for one in found:
        if isinstance(one, Skipped):
            print(f"{one.name}: skipped, {one.why}")
    return 0


def machine() -> dict[str, str | int]:
    """What the figures were taken on."""
    import torch

    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "streamlit": version("streamlit"),
        "system": platform.system(),
        "cores": os.cpu_count() or 1,
        "threads": torch.get_num_threads(),
    }


def _row(figure: Figure) -> tuple[str, ...]:
    sign = "≤" if figure.smaller_is_better else "≥"
    return (
        figure.name,
        f"{figure.ratio:.2f}",
        "" if figure.aim is None else f"{sign} {figure.aim:g}",
        {True: "✓", False: "✗", None: ""}[figure.reached],
        f"{figure.milliseconds:.1f}",
        f"{figure.base_milliseconds:.1f}",
        figure.what,
        figure.against,
    )
