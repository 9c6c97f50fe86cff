"""The chart as a Streamlit element. Hovering reads the values; nothing comes back to the server."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from attnviz.figures.theme import DARK, LIGHT
from attnviz.ui.front import bundle
from attnviz.ui.front.plain_data import plain_data
from attnviz.ui.runs.series import Series

ASSETS = Path(__file__).parent / "front"
DIGITS = 5  # significant ones that travel


@dataclass(frozen=True, eq=False)
class Line:
    """A named curve. Its colour is that of its role in the palette; without one, that of the run at its place."""

    name: str
    series: Series
    role: str | None = None


@cache
def _component() -> Callable[..., Any]:
    import streamlit as st

    html, css = ((ASSETS / f"chart.{kind}").read_text(encoding="utf-8") for kind in ("html", "css"))
    return st.components.v2.component("attnviz_chart", html=html, css=css, js=bundle(ASSETS / "chart.js"))


def payload(
    lines: Sequence[Line],
    *,
    baselines: Mapping[str, float],
    at: int | None,
    mark: str,
    log: bool,
    share: bool,
    height: int,
    label: str,
) -> dict[str, Any]:
    """What the browser draws: finite points only, above 0 where the axis is logarithmic."""
    drawn = []
    for place, line in enumerate(lines):
        points = [
            (float(x), float(f"{y:.{DIGITS}g}"))
            for x, y in zip(*line.series, strict=True)
            if math.isfinite(y) and (y > 0 or not log)
        ]
        colours = [getattr(p, line.role) if line.role else p.runs[place % len(p.runs)] for p in (LIGHT, DARK)]
        drawn.append({"name": line.name, "points": points, "light": colours[0], "dark": colours[1]})
    return {
        "lines": [line for line in drawn if line["points"]],
        "baselines": [[name, float(value)] for name, value in baselines.items() if value > 0 or not log],
        "at": at,
        "mark": mark,
        "log": log,
        "share": share,
        "height": height,
        "label": label,
    }


def chart(
    lines: Sequence[Line],
    *,
    key: str,
    height: int,
    label: str,
    baselines: Mapping[str, float] | None = None,
    at: int | None = None,
    mark: str = "",
    log: bool = False,
    share: bool = False,
) -> None:
    """Draw curves over steps, `height` pixels high. `at`: a vertical line, named `mark`; `share`: 0 to 100 %."""
    data = payload(lines, baselines=baselines or {}, at=at, mark=mark, log=log, share=share, height=height, label=label)
    _component()(key=key, data=plain_data(data), height=height)
