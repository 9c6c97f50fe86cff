"""Matrices drawn as cells: one tile, or layers × heads tiles in a single heat map, with numbers, hatching and marks.

One heat map for all tiles, because a subplot a head takes seconds in a browser.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from attnviz.figures import colour
from attnviz.figures.axes import layout_matrix
from attnviz.figures.hatch import hatched, outline, rectangles
from attnviz.figures.scales import Scale
from attnviz.figures.text import label, width_em, word
from attnviz.figures.theme import FONT_SIZE, Palette, palette
from attnviz.figures.tiles import Tiles
from attnviz.language import Language

NUMBERS_FROM = 28  # pixels a cell needs before its number is printed
SMALLEST_NUMBER = 9.5  # pixels
BLANK = "\u00a0"
MAX_NUMBERS = 5_000  # text elements in one figure
HOVER_CELLS = 20_000  # beyond this the hover box gives numbers only: its text would outweigh the picture


@dataclass(kw_only=True)
class Drawing:
    """Values (L, H, T, S) on tiles; `draw` returns the figure."""

    tiles: Tiles
    values: NDArray[np.floating]
    visible: NDArray[np.bool_]  # same shape, True = may attend
    rows: list[str]
    columns: list[str]
    scale: Scale
    language: Language = "en"
    dark: bool = False
    title: str | None = None
    hide_blocked: bool = True  # a blocked 0 is hatched without a number
    axis_titles: tuple[str, str] = ("query", "key")
    figure: go.Figure = field(default_factory=go.Figure)

    @property
    def palette(self) -> Palette:
        """The colours of its appearance, light or dark."""
        return palette(self.dark)

    def draw(self) -> go.Figure:
        """Cells, hatching, marks, numbers, frame, labels and size."""
        blocked = ~self.visible | np.isneginf(self.values)
        leaks = blocked & np.isfinite(self.values) & (self.values != 0) & self.hide_blocked
        over = blocked & np.isfinite(self.values) & (not self.hide_blocked)
        self._cells()
        self._hatch(blocked & ~leaks & ~over, "blocked", self.palette.blocked, self.palette.blocked_fill)
        self._hatch(over, "blocked", colour.rgba(self.palette.blocked, 0.75), "rgba(0,0,0,0)")
        self._hatch(leaks, "blocked_yet", colour.rgba(self.palette.alarm, 0.55), "rgba(0,0,0,0)", frame=True)
        odd = np.isnan(self.values) | np.isposinf(self.values)
        self._hatch(odd, "nan", self.palette.alarm_fill, self.palette.alarm_fill)
        self._numbers(blocked & ~leaks & ~over)
        self._marks()
        self._frame()
        layout_matrix(
            self.figure,
            self.tiles,
            self.rows,
            self.columns,
            title=self.title,
            legend=sum(trace.showlegend is True for trace in self.figure.data),
            language=self.language,
            dark=self.dark,
            axis_titles=self.axis_titles,
        )
        return self.figure

    def outline(self, cells: NDArray[np.bool_], inset: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """True cells of (L, H, T, S) as polygons in axis coordinates, `inset` pixels smaller on each side."""
        t = self.tiles
        parts = [
            outline(
                rectangles(cells[layer, head], merge=t.tiny),
                corner=(head * t.stride_x - 0.5, layer * t.stride_y - 0.5),
                inset=(inset / t.cell_width, inset / t.cell_height),
            )
            for layer in range(t.layers)
            for head in range(t.heads)
        ]
        return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])

    def _cells(self) -> None:
        t, muted = self.tiles, self.palette.muted
        heat = go.Heatmap(
            z=t.sheet(self.values),
            x=None if t.single else t.x_edges,
            y=None if t.single else t.y_edges,
            zmin=self.scale.low,
            zmax=self.scale.high,
            colorscale=self.scale.plotly(),
            xgap=self.tiles.cell_gap,
            ygap=self.tiles.cell_gap,
            hoverongaps=t.single,
            name=self.scale.title,
            colorbar={
                "title": {"text": self.scale.title, "side": "right", "font": {"size": FONT_SIZE - 1, "color": muted}},
                "thickness": 10,
                "outlinewidth": 0,
                "len": min(1.0, 240 / t.height),
                "y": 1,
                "yanchor": "top",
                "ypad": 0,
                "tickfont": {"color": muted, "size": FONT_SIZE - 2},
                "nticks": 5 if t.height > 100 else 3,
                "x": 1,
                "xpad": 14,
            },
        )
        if self.values.size <= HOVER_CELLS:
            heat.hovertext = t.sheet(self._hover(), empty="")
            heat.hovertemplate = "%{hovertext}<extra></extra>"
        else:
            query, key = word("query", self.language), word("key", self.language)
            where = f"{query} %{{y}} · {key} %{{x}}  " if t.single else ""
            heat.hovertemplate = f"{where}<b>%{{z:.4f}}</b><extra></extra>"
        self.figure.add_trace(heat)

    def _hover(self) -> NDArray[np.object_]:
        pairs = self.axis_titles == ("query", "key")
        query, key, blocked = (word(name, self.language) for name in (*self.axis_titles, "blocked"))
        rows = [label(token, 40) for token in self.rows]
        columns = [label(token, 40) for token in self.columns]
        out = np.empty(self.values.shape, dtype=object)
        for (layer, head, i, j), value in np.ndenumerate(self.values):
            name = "" if self.tiles.single else word("head", self.language, layer=layer + 1, head=head + 1) + "  "
            number = f"{value:.4f}".replace("-", "−") if np.isfinite(value) else self.scale.number(float(value))
            text = f"{name}{rows[i]} {'←' if pairs else ''} {columns[j]}  <b>{number}</b>"
            if pairs:
                text += f"<br>{query} {i} · {key} {j}" + ("" if self.visible[layer, head, i, j] else f" · {blocked}")
            out[layer, head, i, j] = text
        return out

    def _hatch(self, cells: NDArray[np.bool_], name: str, line: str, fill: str, *, frame: bool = False) -> None:
        if cells.any():
            x, y = self.outline(cells, 0 if self.tiles.tiny else 1 if frame else self.tiles.cell_gap / 2)
            edge = self.palette.alarm if frame and not self.tiles.tiny else None
            shown = word(name, self.language).lstrip("■ ")
            self.figure.add_trace(
                hatched(x, y, name=shown, line=line, fill=fill, frame=edge, size=14 if frame else None)
            )

    def _numbers(self, hidden: NDArray[np.bool_]) -> None:
        """Numbers in black or white, whichever reads better on its cell; they shrink with a figure that is squeezed.

        Plotly gives all text of a heat map one colour (or its own greys), so each ink has a transparent heat map. It
        sizes the text by the distance between neighbours, hence blanks where the other ink writes.
        """
        t = self.tiles
        shown = np.isfinite(self.values) & ~hidden
        if not 0 < shown.sum() <= MAX_NUMBERS or t.cell_height < NUMBERS_FROM * 0.75:
            return
        texts = np.full(self.values.shape, "", dtype=object)
        texts[shown] = [self.scale.number(v) for v in self.values[shown]]
        room = max(width_em(text) for text in texts[shown]) * SMALLEST_NUMBER + 4
        if t.cell_width < max(room, NUMBERS_FROM):
            return
        inks = np.full(self.values.shape, "", dtype=object)
        inks[shown] = [self.palette.ink_on(colour.hex_colour(c)) for c in self.scale.backgrounds(self.values[shown])]
        for ink in sorted(set(inks[shown])):
            self.figure.add_heatmap(
                z=t.sheet(np.where(shown, np.float32(0), np.float32(np.nan))),
                x=None if t.single else t.x_edges,
                y=None if t.single else t.y_edges,
                colorscale=[[0, "rgba(0,0,0,0)"], [1, "rgba(0,0,0,0)"]],
                showscale=False,
                text=t.sheet(np.where(inks == ink, texts, np.where(shown, BLANK, "")), empty=""),
                texttemplate="%{text}",
                textfont={"color": ink},
                hoverinfo="skip",
                name="",
            )

    def _marks(self) -> None:
        """× for NaN, ∞ and −∞ for what they are."""
        t, p = self.tiles, self.palette
        signs = ~np.isfinite(self.values)
        size = min(t.cell_width, t.cell_height) * 0.6
        if not signs.any() or size < 5:
            return
        found = self.values[signs]
        x, y = t.centres(signs)
        texts = np.where(np.isnan(found), "×", np.where(found > 0, "∞", "−∞"))
        colours = np.where(np.isneginf(found), p.muted, p.alarm)
        font = {"size": min(size, FONT_SIZE + 6), "color": colours}
        self.figure.add_trace(go.Scatter(x=x, y=y, mode="text", text=texts, textfont=font, **_SILENT))

    def _frame(self) -> None:
        t = self.tiles
        corners = [(h * t.stride_x - 0.5, l * t.stride_y - 0.5) for l in range(t.layers) for h in range(t.heads)]
        path = "".join(f"M{x:.6g},{y:.6g}H{x + t.columns:.6g}V{y + t.rows:.6g}H{x:.6g}Z" for x, y in corners)
        self.figure.add_shape(type="path", path=path, line={"color": self.palette.line, "width": 1})


_SILENT = {"hoverinfo": "skip", "showlegend": False, "name": ""}
