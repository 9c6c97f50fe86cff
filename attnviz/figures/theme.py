"""The one place for colours, fonts and sizes of everything drawn: Plotly figures, the canvas and the app's own CSS.

Colour says what a thing is, and one colour says one thing: a role is a field of `Palette`. Query, key and value;
weights in one sequential scale; blocked hatched in warm grey; right and wrong; before and after; taught and tested (the
two curves of a training); runs. Texts that name a colour take the name from here (`Palette.named`). Importing this
module does not import Plotly, so the app's first paint may use it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from attnviz.figures import colour
from attnviz.language import Text

if TYPE_CHECKING:
    import plotly.graph_objects as go

QUERY = "#1f5fd0"
KEY = "#b04c00"
VALUE = "#a82c78"
BLOCKED = "#b9b4a8"

# Equal steps of OKLab lightness, so that a greyscale print keeps the order and the distances.
WEIGHTS = ("#f7fbfa", "#d3e9e3", "#aed7cc", "#88c5b5", "#5fb39f", "#4c9d8a", "#388775", "#247261", "#0b5d4e")
WEIGHTS_DARK = ("#1b2024", "#233837", "#28524b", "#2b6d5f", "#2a8a75", "#45a38d", "#5ebca5", "#76d6be", "#8ff0d8")
# Less (rust) … no change … more (sea blue). Two hues that every common colour-blindness keeps apart.
DIFFERENCE = ("#8a3504", "#b26531", "#da9557", "#eac5a6", "#f6f5f1", "#b3d6da", "#6bb6c2", "#3d8796", "#025b6c")
DIFFERENCE_DARK = ("#ffb37a", "#cd844e", "#9c5722", "#5d402d", "#22272b", "#294c58", "#24748a", "#52a7bc", "#7fdcf0")
# For up to eight runs; told apart under protanopia and deuteranopia too, and never without a name beside the line. No
# run has a colour that says something else.
RUNS = ("#12306e", "#d0569f", "#3d93dd", "#6b3410", "#8f8a1e", "#58012b", "#3a4db3", "#e25273")
RUNS_DARK = ("#e8f0ff", "#d058ae", "#3f86dc", "#f4f27a", "#fab8ac", "#5f8f3a", "#a8492c", "#edb1fb")
DASHES = ("solid", "dash", "dot", "dashdot")

# Unquoted on purpose: quotes inside SVG style attributes do not survive every exporter. CJK comes from the system.
FONT_FAMILY = (
    "-apple-system, BlinkMacSystemFont, Segoe UI, PingFang SC, Hiragino Sans GB, Microsoft YaHei, "
    "Noto Sans CJK SC, Noto Sans SC, Source Han Sans SC, WenQuanYi Micro Hei, system-ui, sans-serif"
)
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
    accent: str  # what one acts with: buttons, links, what is chosen
    on_accent: str  # text on it
    query: str
    key: str
    value: str
    visible: str  # a cell of a mask that may be attended to
    blocked: str  # hatch lines of a blocked cell
    blocked_fill: str  # between the hatch lines
    alarm: str  # wrong, leaks, NaN, painted cells that differ
    alarm_fill: str
    caution: str  # what one should know before going on
    right: str  # a prediction that equals the reference
    before: str  # the old value where an old and a new one stand together; weights that stay
    after: str  # the new one; weights that learn
    added: str  # weights that were not there before
    taught: str  # the curve of what is learned from: training data, right answers as input
    tested: str  # the curve of what counts: data held out, answers of its own
    weights: tuple[str, ...]
    difference: tuple[str, ...]
    runs: tuple[str, ...]

    def ink_on(self, background: str) -> str:
        """Black or white, whichever reads better on a colour."""
        return max(("#000000", "#ffffff"), key=lambda ink: colour.contrast(ink, background))

    @property
    def less(self) -> str:
        """The colour of what became less."""
        return self.difference[0]

    @property
    def more(self) -> str:
        """The colour of what became more."""
        return self.difference[-1]

    def named(self, role: str) -> Text:
        """What people call the colour of a role, for texts that speak of it: 'right' → 绿色, green."""
        return colour.name(getattr(self, role))

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
    muted="#62615b",
    line="#e4e1d9",
    accent="#1f5fd0",
    on_accent="#ffffff",
    query=QUERY,
    key=KEY,
    value=VALUE,
    visible="#cfe0fb",
    blocked=BLOCKED,
    blocked_fill="#f3f0e8",
    alarm="#b3261e",
    alarm_fill="#f7d5d0",
    caution="#7a5900",
    right="#3a7a12",
    before="#cdc7ba",
    after="#6a45c2",
    added="#6f6a00",
    taught="#5c6670",
    tested="#0b7396",
    weights=WEIGHTS,
    difference=DIFFERENCE,
    runs=RUNS,
)
DARK = Palette(
    dark=True,
    page="#101315",
    surface="#171b1e",
    ink="#eceae4",
    muted="#aaa79f",
    line="#343a3f",
    accent="#79a9ff",
    on_accent="#101315",
    query="#79a9ff",
    key="#f29a50",
    value="#f08cc6",
    visible="#27497f",
    blocked="#7d7a72",
    blocked_fill="#2b2b29",
    alarm="#ff7b70",
    alarm_fill="#5a2623",
    caution="#e3c04f",
    right="#9ad862",
    before="#6b675f",
    after="#b7a5ff",
    added="#d5d84f",
    taught="#a3adb8",
    tested="#55c3ea",
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
