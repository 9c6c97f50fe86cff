"""One number a head: layers going down, heads going right."""

from __future__ import annotations

import plotly.graph_objects as go
from numpy.typing import ArrayLike

from attnviz.figures import checks
from attnviz.figures.matrix import Drawing
from attnviz.figures.scales import Scale, largest, symmetric
from attnviz.figures.text import statistic
from attnviz.figures.theme import palette
from attnviz.figures.tiles import Tiles
from attnviz.language import Language

CELL = (64, 40)  # pixels
WIDTH = 880


def head_statistics(
    matrix: ArrayLike,
    name: str = "",
    *,
    unit: str = "",
    diverging: bool = False,
    maximum: float | None = None,
    digits: int = 2,
    title: str | None = None,
    language: Language = "en",
    dark: bool = False,
) -> go.Figure:
    """One statistic of every head, (L, H): a known `name` ('entropy', 'importance' …) is translated, others stay.

    `unit` stands behind the name ('nats'); `diverging` centres the colours on 0, as a change of loss needs, with more
    (worse) in rust; `maximum` is the value of the strongest colour, the largest found if None.
    """
    values = checks.array("matrix", matrix, 2, letters="(L, H)")
    layers, heads = values.shape
    top = float(maximum) if maximum is not None else symmetric(values) if diverging else largest(values)
    p = palette(dark)
    caption = " · ".join(statistic(part, language) for part in (name, unit) if part)
    scale = Scale(
        stops=p.difference[::-1] if diverging else p.weights,
        low=-top if diverging else 0.0,
        high=top,
        title=caption,
        signed=diverging,
        digits=digits,
    )
    drawing = Drawing(
        tiles=Tiles(rows=layers, columns=heads, cell_width=min(CELL[0], WIDTH / heads), cell_height=CELL[1]),
        values=values[None, None],
        visible=checks.mask("mask", None, values.shape)[None, None],
        rows=[f"L{i + 1}" for i in range(layers)],
        columns=[f"H{i + 1}" for i in range(heads)],
        scale=scale,
        language=language,
        dark=dark,
        title=title,
        axis_titles=("layer_axis", "head_axis"),
    )
    return drawing.draw()
