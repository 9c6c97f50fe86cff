"""The one picture: four numbers (what trains, memory, gained, forgotten) above the model drawn tensor by tensor."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from attnviz.language import Language
from attnviz.model.parts import parts
from attnviz.training.finetuning.drift import Drift
from attnviz.training.finetuning.freezing import Cost
from attnviz.training.finetuning.prepare import Prepared
from attnviz.ui.finetuning import drawing
from attnviz.ui.finetuning.task_measures import Change
from attnviz.ui.frame.page import Frame
from attnviz.ui.text import Words

EVEN = 0.01  # a change of less than that is none


def show(
    frame: Frame,
    prepared: Prepared,
    optimizer: str,
    step: int,
    changes: tuple[Change, Change],
    drift: Sequence[Drift] | None = None,
) -> None:
    """Draw it as it is for the update after `step`."""
    t = frame.t
    st.html(tiles(prepared.cost(optimizer), changes, t, frame.language))
    st.html(drawing.draw(parts(prepared.model), prepared.plans, step, t, drift) + drawing.legend(t))


def tiles(cost: Cost, changes: tuple[Change, Change], t: Words, language: Language) -> str:
    """The four numbers."""
    share = cost.trained_share
    meter = f'<div class="ft-meter"><i class="ft-a" style="width:{100 * share:.1f}%"></i></div>'
    trained = _tile(
        "trained",
        t("tile_trained"),
        f"{cost.trained:,}",
        f"{meter}<p>{escape(t('tile_of', total=f'{cost.parameters:,}', share=_percent(share)))}</p>",
    )
    pieces = (("a", cost.weight_bytes), ("c", cost.gradient_bytes), ("d", cost.optimizer_bytes))
    bar = "".join(f'<i class="ft-{kind}" style="width:{100 * size / cost.bytes:.1f}%"></i>' for kind, size in pieces)
    said = t("tile_memory_parts", **{f"part{i}": size_of(size) for i, (_, size) in enumerate(pieces)})
    short = "".join(f'<span><i class="ft-{kind}"></i>{escape(t(f"memory_{kind}"))}</span>' for kind, _ in pieces)
    memory = _tile(
        "memory",
        t("tile_memory"),
        size_of(cost.bytes),
        f'<div class="ft-meter">{bar}</div><p class="ft-keys">{short}</p>',
        said,
    )
    gained, lost = (_changed(name, change, t, language) for name, change in zip(("new", "old"), changes, strict=True))
    return f'<div class="ft-tiles">{trained}{memory}{gained}{lost}</div>'


def _tile(name: str, label: str, value: str, more: str, hint: str = "") -> str:
    head = f"<small>{escape(label)}</small><b>{value}</b>"
    return f'<div class="ft-tile" data-tile="{name}" title="{escape(hint)}">{head}{more}</div>'


def _changed(name: str, change: Change, t: Words, language: Language) -> str:
    """Before → now, and what is measured."""
    if change.before is None and change.now is None:
        value = "–"
    elif change.now is None:
        value = f"{_percent(change.before)} <em>→ ?</em>"
    else:
        moved = 0.0 if change.before is None else change.now - change.before
        look = "ft-up" if moved > EVEN else "ft-down" if moved < -EVEN else ""
        sign = "▲" if moved > EVEN else "▼" if moved < -EVEN else ""
        first = "" if change.before is None else f"<em>{_percent(change.before)} →</em> "
        value = f'{first}<span class="{look}">{_percent(change.now)} {sign}</span>'
    title = change.task.info.title[language]
    said = f"{title} · {t(change.measure.text)}"
    return _tile(name, t(f"tile_{name}"), value, f'<p title="{escape(said)}">{escape(said)}</p>')


def _percent(share: float | None) -> str:
    if share is None:
        return "–"
    return f"{100 * share:.0f}%" if share in (0, 1) or 0.01 <= share <= 0.99 else f"{100 * share:.1f}%"


def size_of(count: int) -> str:
    """Bytes as people say them."""
    if count < 1024:
        return f"{count} B"
    for unit in ("KB", "MB"):
        count_in = count / 1024 if unit == "KB" else count / 1024**2
        if count_in < 1024:
            return f"{count_in:.0f} {unit}" if count_in >= 10 else f"{count_in:.1f} {unit}"
    return f"{count / 1024**3:.1f} GB"
