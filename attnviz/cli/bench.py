"""`attnviz bench`: figures as ratios, both sides timed in turns in one run. It ends with 1 where a must is missed."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz import environment
from attnviz.bench.figures import Figure, Options, Result, Skipped
from attnviz.bench.page import keep
from attnviz.bench.rows import GROUPS, group
from attnviz.cli.terminal import table

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    command = commands.add_parser("bench", help="measure speed, as ratios; ends with 1 where a must is missed")
    command.add_argument("bench", nargs="*", metavar="NAME", help=f"which ones (default: all): {', '.join(GROUPS)}")
    command.add_argument("--quick", action="store_true", help="few repeats: a smoke test that judges nothing")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--device", default="cpu", help="where the rows that have a choice compute (default: cpu)")
    command.add_argument(
        "--nanogpt", type=Path, metavar="FOLDER", help="a checkout of nanoGPT (default: ATTNVIZ_NANOGPT)"
    )
    command.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="join the figures with those kept there, and write speed.md of all"
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    names = tuple(dict.fromkeys(arguments.bench)) or tuple(GROUPS)
    for name in names:
        if name not in GROUPS:
            raise ValueError(f"there is no benchmark {name!r}; there are: {', '.join(GROUPS)}")
    where = os.environ.get(environment.NANOGPT, "")
    options = Options(
        quick=arguments.quick, device=arguments.device, nanogpt=arguments.nanogpt or (Path(where) if where else None)
    )
    found: list[Result] = []
    for name in names:
        if not arguments.json:
            print(f"{name} …", file=sys.stderr, flush=True)
        found += group(name)(options)
    missed = [] if options.quick else [one.name for one in found if isinstance(one, Figure) and one.met is False]
    if arguments.keep is not None:
        if options.quick:
            raise ValueError("--keep is for measurements, and --quick makes none")
        options_said = "" if options.device == "cpu" else f" --device {options.device}"
        keep(arguments.keep, found, command=f"attnviz bench {' '.join(names)}{options_said}", machine=machine())
    if arguments.json:
        print(json.dumps({"machine": machine(), "figures": [one.to_dict() for one in found]}, indent=1))
        return 1 if missed else 0
    rows = [("figure", "ratio", "must", "", "aim", "", "ms", "of ms", "what", "1 =")]
    print(table(rows + [_row(one) for one in found if isinstance(one, Figure)]))
    for one in found:
        if isinstance(one, Skipped):
            print(f"{one.name}: skipped, {one.why}")
    if missed:
        print(f"missed: {', '.join(missed)}")
    return 1 if missed else 0


def machine() -> dict[str, str | int | float]:
    """What the figures were taken on."""
    import torch

    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "streamlit": version("streamlit"),
        "system": platform.system(),
        "processor": _processor(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "cores": os.cpu_count() or 1,
        "threads": torch.get_num_threads(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else -1.0,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _row(figure: Figure) -> tuple[str, ...]:
    sign = "≤" if figure.smaller_is_better else "≥"
    marks = {True: "✓", False: "✗", None: ""}
    return (
        figure.name,
        f"{figure.ratio:.2f}",
        "" if figure.must is None else f"{sign} {figure.must:g}",
        marks[figure.met],
        "" if figure.aim is None else f"{sign} {figure.aim:g}",
        marks[figure.reached],
        _amount(figure.milliseconds, figure.unit),
        _amount(figure.base_milliseconds, figure.unit),
        figure.what,
        figure.against,
    )


def _amount(value: float, unit: str) -> str:
    return f"{value:.1f}" if unit == "ms" else f"{value:.1f} {unit}"
