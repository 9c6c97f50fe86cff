"""The measured numbers: a table whose rows are bars, with the spread, every seed and the bounds that decide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from attnviz.experiments import Bound, Found, Row
from attnviz.ui.experiments.words import digits
from attnviz.ui.frame.page import Frame

WHOLE = {"share": (0.0, 1.0), "weight": (0.0, 1.0), "correlation": (-1.0, 1.0)}  # units with ends of their own


@dataclass(frozen=True)
class Scale:
    """From where to where the bars of one unit go; 0 is on it."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """Percent of the way, at most 0 … 100."""
        return 100 * min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


def scale_of(unit: str, rows: Sequence[Row]) -> Scale:
    """One scale for all rows of a unit, so that their bars can be compared."""
    values = [v for row in rows if row.quantity.unit == unit for v in row.spread.values if math.isfinite(v)]
    low, high = WHOLE.get(unit, (0.0, 0.0))
    low, high = min([low, *values]), max([high, *values])
    if unit == "correlation" and low >= -1 and not any(value < 0 for value in values):
        low = 0.0
    return Scale(low, high if high > low else low + 1.0)


def table(frame: Frame, found: Found) -> str:
    """All rows, as HTML."""
    t, lang = frame.t, frame.language
    rows = found.rows
    scales = {row.quantity.unit: scale_of(row.quantity.unit, rows) for row in rows}
    bounds = [bound for choice in found.experiment.choices for bound in choice.when]
    decide = {name for bound in bounds for name in (bound.quantity, bound.minus)}
    expected = found.experiment.choice(found.experiment.expected).when
    spread = t("mean_sd") if len(found.seeds) > 1 else t("value")
    quantity, *others = (f"<th>{escape(name)}</th>" for name in (t("quantity"), spread, t("unit")))
    head = f"{quantity}<td></td>{''.join(others)}"
    body = "".join(
        f"<tr{' class=av-exp-decides' if row.quantity.name in decide else ''}>"
        f"<th>{escape(row.quantity.title[lang])}</th>"
        f"<td>{bar(row, scales[row.quantity.unit], [b for b in expected if b.quantity == row.quantity.name])}</td>"
        f"<td>{escape(_said(row, t('no_number')))}</td>"
        f"<td>{escape(t(f'unit_{row.quantity.unit}'))}</td></tr>"
        for row in rows
    )
    return f'<table class="av-exp-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _said(row: Row, none: str) -> str:
    return digits(row.said) if math.isfinite(row.mean) else none


def bar(row: Row, scale: Scale, bounds: Sequence[Bound] = ()) -> str:
    """From 0 to the mean, a line a standard deviation to either side, a dot a seed, a mark at each bound."""
    if not math.isfinite(row.mean):
        return '<div class="av-exp-bar"></div>'
    zero, mean = scale.place(0.0), scale.place(row.mean)
    parts = [f'<i style="left:{min(zero, mean):.2f}%;width:{abs(mean - zero):.2f}%"></i>']
    if row.spread.count > 1:
        left, right = scale.place(row.mean - row.spread.sd), scale.place(row.mean + row.spread.sd)
        parts.append(f'<u style="left:{left:.2f}%;width:{right - left:.2f}%"></u>')
        parts += [f'<b style="left:{scale.place(value):.2f}%"></b>' for value in row.spread.values]
    for bound in bounds:
        ends = [] if bound.minus else [end for end in (bound.at_least, bound.at_most) if end is not None]
        parts += [f'<s style="left:{scale.place(end):.2f}%"></s>' for end in ends if scale.low < end < scale.high]
    return f'<div class="av-exp-bar" aria-hidden="true">{"".join(parts)}</div>'


def origin(frame: Frame, found: Found, *, here: bool) -> str:
    """Where the numbers come from: recorded when and with what, or run here."""
    t = frame.t
    seeds = t("seeds", seeds=", ".join(map(str, found.seeds)))
    if here or found.recorded is None:
        mark, rest = t("run_here"), ""
    else:
        made = ", ".join(f"{name} {version}" for name, version in found.recorded.made_with.items())
        mark, rest = t("recorded"), t("made", date=found.recorded.date, made=made)
    look = "here" if here else "recorded"
    said = " · ".join(part for part in (seeds, rest) if part)
    return f'<p class="av-exp-origin"><b class="{look}">{escape(mark)}</b> {escape(said)}</p>'
