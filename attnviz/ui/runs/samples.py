"""What the model writes when it runs freely: at the step shown, and how one example became better."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from attnviz.runs.feed import RunView
from attnviz.runs.samples import Sample
from attnviz.ui.frame.notices import shortened
from attnviz.ui.text import Words

SHOWN = 8  # examples
HISTORY = 14  # steps of one example
CUT = 90  # characters


def at_step(view: RunView, step: int | None) -> tuple[Sample, ...]:
    """The samples of the last time that some were written, not after `step`."""
    known = [one for one in view.samples if step is None or one.step <= step]
    latest = max((one.step for one in known), default=None)
    last = {one.source: one for one in known if one.step == latest}  # the probe may be one of the examples
    return tuple(last.values())


def history(view: RunView, source: str, step: int | None) -> list[Sample]:
    """One example at growing steps, the latest first, without repeating what did not change."""
    found: list[Sample] = []
    for one in sorted((one for one in view.samples if one.source == source), key=lambda one: one.step):
        if (step is None or one.step <= step) and (not found or found[-1].output != one.output):
            found.append(one)
    return found[::-1]


def table(samples: Sequence[Sample], t: Words) -> str:
    """Source, output and right answer; right ones are marked."""
    rows = []
    for one in samples[:SHOWN]:
        wanted, output = one.reference, one.output
        right = None if wanted is None else output == wanted
        sign = "" if right is None else ("✓" if right else "✗")
        rows.append(
            f'<tr class="{"" if right is None else "rn-right" if right else "rn-wrong"}">'
            f'<td dir="auto">{_text(one.source)}</td><td>{sign}</td><td dir="auto">{_text(output)}</td>'
            f'<td dir="auto">{"" if right or wanted is None else _text(wanted)}</td></tr>'
        )
    source, *others = (f"<th>{escape(t(f'samples_{name}'))}</th>" for name in ("source", "output", "reference"))
    head = f"{source}<td></td>{''.join(others)}"
    return f'<table class="rn-samples"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def story(found: Sequence[Sample], t: Words) -> str:
    """One example through time."""
    lines = "".join(
        f'<li><span>{escape(t("samples_step", step=f"{one.step:,}"))}</span><b dir="auto">{_text(one.output)}</b></li>'
        for one in found[:HISTORY]
    )
    return f'<h2 class="rn-small">{escape(t("samples_history"))}</h2><ol class="rn-story">{lines}</ol>'


def _text(text: str) -> str:
    return escape(shortened(text, CUT)) or "∅"
