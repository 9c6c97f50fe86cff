"""The one place for colours, fonts and sizes of everything drawn: Plotly figures, the canvas and the app's own CSS.

Colour says what a thing is: query blue, key orange, value green, weights in one sequential scale, blocked hatched
in warm grey. Importing this module does not import Plotly, so the app's first paint may use it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from attnviz.figures import colour

if TYPE_CHECKING:
    import plotly.graph_objects as go

QUERY = "#2f6fde"
KEY = "#e07b28"
VALUE = "#2e9e5b"
BLOCKED = "#b9b4a8"

# Equal steps of OKLab lightness, so that a greyscale print keeps the order and the distances.
WEIGHTS = ("#f7fbfa", "#d3e9e3", "#aed7cc", "#88c5b5", "#5fb39f", "#4c9d8a", "#388775", "#247261", "#0b5d4e")
WEIGHTS_DARK = ("#1b2024", "#233837", "#28524b", "#2b6d5f", "#2a8a75", "#45a38d", "#5ebca5", "#76d6be", "#8ff0d8")
# Less (rust) … no change … more (sea blue). Two hues that every common colour-blindness keeps apart.
DIFFERENCE = ("#8a3504", "#b26531", "#da9557", "#eac5a6", "#f6f5f1", "#b3d6da", "#6bb6c2", "#3d8796", "#025b6c")
DIFFERENCE_DARK = ("#ffb37a", "#cd844e", "#9c5722", "#5d402d", "#22272b", "#294c58", "#24748a", "#52a7bc", "#7fdcf0")
# For up to eight runs; told apart under protanopia and deuteranopia too, and never without a name beside the line.
RUNS = ("#0b7a66", "#d9670f", "#6d48c4", "#3d93dd", "#8c1d2c", "#3f6b00", "#12306e", "#c94fb0")
RUNS_DARK = ("#4fd1b5", "#ff9a4d", "#b19bff", "#2f7fd6", "#f2e14c", "#f0506a", "#e8f0ff", "#2f8f2f")
DASHES = ("solid", "dash", "dot", "dashdot")

# Unquoted on purpose: quotes inside SVG style attributes do not survive every exporter. CJK comes from the system.
FONT_FAMILY = (
    "-apple-system, BlinkMacSystemFont, Segoe UI, PingFang SC, Hiragino Sans GB, Microsoft YaHei, "
    "Noto Sans CJK SC, Noto Sans SC, Source Han Sans SC, WenQuanYi Micro Hei, system-ui, sans-serif"
)
MONO_FAMILY = "ui-monospace, SFMono-Regular, Menlo, Consolas, Noto Sans Mono CJK SC, monospace"
FONT_SIZE = 14
# Off in every figure: what would send it to a server (people's text stays on their machine), and selections of points.
NO_BUTTONS = ("sendChartToCloud", "sendDataToCloud", "editInChartStudio", "select2d", "lasso2d")
HATCH_SIZE = 7  # pixels between two hatch lines


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Every colour of one appearance. Scales are tuples of equally spaced '#rrggbb' stops."""

    dark: bool
    page: str  # behind everything
    surface: str  # behind a figure
    ink: str  # text
    muted: str  # secondary text
    line: str  # grid lines, frames
    query: str
    key: str
    value: str
    visible: str  # a cell of a mask that may be attended to
    blocked: str  # hatch lines of a blocked cell
    blocked_fill: str  # between the hatch lines
    alarm: str  # leaks, NaN, painted cells that differ
    alarm_fill: str
    right: str  # a prediction that equals the reference
    before: str  # the old value where an old and a new one stand together
    after: str  # the new one
    weights: tuple[str, ...]
    difference: tuple[str, ...]
    runs: tuple[str, ...]

    def ink_on(self, background: str) -> str:
        """Black or white, whichever reads better on a colour."""
        return max(("#000000", "#ffffff"), key=lambda ink: colour.contrast(ink, background))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for a front end: JSON-ready."""
        return asdict(self)

    def css_variables(self) -> dict[str, str]:
        """The single colours as CSS custom properties: '--av-query': '#2f6fde' and so on."""
        named = {name: value for name, value in asdict(self).items() if isinstance(value, str)}
        return {f"--av-{name.replace('_', '-')}": value for name, value in named.items()}


LIGHT = Palette(
    dark=False,
    page="#fcfbf8",
    surface="#ffffff",
    ink="#1d1d1f",
    muted="#66655f",
    line="#e4e1d9",
    query=QUERY,
    key=KEY,
    value=VALUE,
    visible="#cfe0fb",
    blocked=BLOCKED,
    blocked_fill="#f3f0e8",
    alarm="#b3261e",
    alarm_fill="#f7d5d0",
    right="#2a7d46",
    before="#cdc7ba",
    after="#0b7a66",
    weights=WEIGHTS,
    difference=DIFFERENCE,
    runs=RUNS,
)
DARK = Palette(
    dark=True,
    page="#101315",
    surface="#171b1e",
    ink="#eceae4",
    muted="#a5a29a",
    line="#343a3f",
    query="#6ea2ff",
    key="#f29a50",
    value="#52c784",
    visible="#27497f",
    blocked="#7d7a72",
    blocked_fill="#2b2b29",
    alarm="#ff7b70",
    alarm_fill="#5a2623",
    right="#5fd08a",
    before="#6b675f",
    after="#4fd1b5",
    weights=WEIGHTS_DARK,
    difference=DIFFERENCE_DARK,
    runs=RUNS_DARK,
)


def palette(dark: bool = False) -> Palette:
    """The light or the dark palette."""
    return DARK if dark else LIGHT


def colorscale(stops: tuple[str, ...], power: float = 1.0, steps: int = 17) -> list[list[float | str]]:
    """Stops as a Plotly colour scale; power 0.5 spreads small values (square-root scale), values stay what they are."""
    positions = [i / (steps - 1) for i in range(steps)]
    return [
        [p ** (1 / power), colour.hex_colour(c)] for p, c in zip(positions, colour.at(stops, positions), strict=True)
    ]


def plotly_template(dark: bool = False) -> go.layout.Template:
    """Fonts, backgrounds, axes and hover boxes shared by all figures."""
    import plotly.graph_objects as go

    p = palette(dark)
    axis = {
        "gridcolor": p.line,
        "linecolor": p.line,
        "zerolinecolor": p.line,
        "tickfont": {"color": p.ink},
        "title": {"font": {"color": p.muted, "size": FONT_SIZE - 1}},
        "automargin": True,
        "zeroline": False,
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT_FAMILY, "size": FONT_SIZE, "color": p.ink},
            "title": {"font": {"size": FONT_SIZE + 3, "color": p.ink}, "x": 0, "xref": "container", "xanchor": "left"},
            "paper_bgcolor": p.surface,
            "plot_bgcolor": p.surface,
            "colorway": list(p.runs),
            "colorscale": {"sequential": colorscale(p.weights), "diverging": colorscale(p.difference)},
            "xaxis": axis,
            "yaxis": axis,
            "legend": {"font": {"color": p.ink}, "bgcolor": "rgba(0,0,0,0)"},
            "hoverlabel": {
                "bgcolor": p.ink,
                "bordercolor": p.ink,
                "font": {"family": FONT_FAMILY, "size": FONT_SIZE, "color": p.surface},
                "align": "left",
            },
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": p.muted, "activecolor": p.ink, "remove": list(NO_BUTTONS)},
        }
    )
