"""The page of the documentation that says how fast it is: every figure with its machine, load and command, and a chart.

Figures are kept in a file and joined there by name, for not everything is measured at once.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

from attnviz.bench.figures import Figure, Result
from attnviz.bench.growth import series

KEPT, PAGE, CHART = "speed.json", "speed.md", "speed-growth.svg"
_COLOURS = ("#0f766e", "#b45309", "#6d28d9")
_WIDTH, _HEIGHT, _LEFT, _TOP = 250, 190, 50, 30


def keep(folder: Path, results: Sequence[Result], *, command: str, machine: Mapping[str, Any]) -> None:
    """Join the results with those that the folder holds, and write its page and chart."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / KEPT
    rows: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    measured = {"command": command, "day": date.today().isoformat(), **machine}
    for one in results:
        rows[one.name] = {**one.to_dict(), "measured": measured}
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    figures = [_figure(row) for row in rows.values() if "ratio" in row]
    chart = drawn(series(figures))
    if chart:
        (folder / CHART).write_text(chart, encoding="utf-8")
    (folder / PAGE).write_text(page(rows, chart=bool(chart)), encoding="utf-8")


def _figure(row: Mapping[str, Any]) -> Figure:
    return Figure(**{name: value for name, value in row.items() if name not in ("met", "reached", "measured")})


def page(rows: Mapping[str, Mapping[str, Any]], *, chart: bool) -> str:
    """The page in Markdown."""
    lines = [
        "# Speed",
        "",
        "Ratios of things timed in turns in one run, so that a busy machine slows both sides. `attnviz bench` measures",
        "them and ends with 1 where a must is missed; `attnviz bench NAME … --keep docs` writes this page.",
        "",
        "| Figure | Ratio | Must | Aim | Timed | 1 = | Run |",
        "|---|---|---|---|---|---|---|",
    ]
    runs: dict[str, int] = {}
    for name, row in rows.items():
        if name.startswith("growth/"):
            continue
        number = runs.setdefault(json.dumps(row["measured"], sort_keys=True), len(runs) + 1)
        if "ratio" not in row:
            lines.append(f"| {name} | not measured: {_cell(row['why'])} | | | | | {number} |")
            continue
        sign = "≤" if row["smaller_is_better"] else "≥"
        must, aim = (_limit(sign, row[limit], row[kept]) for limit, kept in (("must", "met"), ("aim", "reached")))
        what, against = _cell(row["what"]), _cell(row["against"])
        lines.append(f"| {name} | {row['ratio']:.3g} | {must} | {aim} | {what} | {against} | {number} |")
    lines += ["", "## Runs", "", "| Run | Day | Command | Machine | Load | Versions |", "|---|---|---|---|---|---|"]
    for text, number in runs.items():
        run = json.loads(text)
        device = run["processor"] if run["gpu"] == "none" else f"{run['gpu']}, {run['processor']}"
        machine = f"{device}, {run['cores']} cores, {run['threads']} threads"
        versions = f"Python {run['python']}, PyTorch {run['torch']}, Streamlit {run['streamlit']}"
        lines.append(f"| {number} | {run['day']} | `{run['command']}` | {machine} | {run['load']:.1f} | {versions} |")
    if chart:
        lines += ["", "## Growth", "", f"![Time by length, heads and layers]({CHART})", ""]
        lines += ["Milliseconds of CPU time; both axes are logarithmic, the rest of the model stays as it is."]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _limit(sign: str, value: float | None, kept: bool | None) -> str:
    return "" if value is None else f"{sign} {value:g} {'✓' if kept else '✗'}"


def drawn(found: Mapping[str, Mapping[str, Sequence[tuple[int, float]]]]) -> str:
    """One diagram an axis, side by side, as SVG; "" where there is nothing to draw."""
    if not found:
        return ""
    every = [milliseconds for acts in found.values() for points in acts.values() for _, milliseconds in points]
    low, high = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)))
    high = max(high, low + 1)
    total = len(found) * (_WIDTH + _LEFT) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {_HEIGHT + _TOP + 60}" font-size="11" '
        'font-family="sans-serif" fill="#444"><rect width="100%" height="100%" fill="#fff"/>'
    ]
    for index, (axis, acts) in enumerate(found.items()):
        left = index * (_WIDTH + _LEFT) + _LEFT
        sizes = sorted({size for points in acts.values() for size, _ in points})
        first, last = math.log2(sizes[0]), math.log2(max(sizes[-1], 2 * sizes[0]))

        def x(size: float, left: int = left, first: float = first, last: float = last) -> float:
            return left + (math.log2(size) - first) / (last - first) * (_WIDTH - 30)

        def y(milliseconds: float) -> float:
            return _TOP + (high - math.log10(milliseconds)) / (high - low) * _HEIGHT

        parts.append(f'<text x="{left}" y="16" font-weight="bold">{escape(axis)}</text>')
        for power in range(low, high + 1):
            line = y(10.0**power)
            parts.append(f'<path d="M{left} {line:.1f}h{_WIDTH - 30}" stroke="#ddd"/>')
            parts.append(f'<text x="{left - 4}" y="{line + 4:.1f}" text-anchor="end">{10.0**power:g} ms</text>')
        for size in sizes:
            parts.append(f'<text x="{x(size):.1f}" y="{_TOP + _HEIGHT + 16}" text-anchor="middle">{size}</text>')
        for colour, (act, points) in zip(_COLOURS, acts.items(), strict=False):
            ordered = sorted(points)
            path = "L".join(f"{x(size):.1f} {y(milliseconds):.1f}" for size, milliseconds in ordered)
            parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
            parts += [f'<circle cx="{x(size):.1f}" cy="{y(ms):.1f}" r="3" fill="{colour}"/>' for size, ms in ordered]
            if not index:
                place = left + 90 * list(acts).index(act)
                parts.append(f'<path d="M{place} {_TOP + _HEIGHT + 40}h18" stroke="{colour}" stroke-width="3"/>')
                parts.append(f'<text x="{place + 23}" y="{_TOP + _HEIGHT + 44}">{escape(act)}</text>')
    return "".join([*parts, "</svg>\n"])
