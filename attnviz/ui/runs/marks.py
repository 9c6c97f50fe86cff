"""Steps at which a head became something, as the worker recorded them."""

from __future__ import annotations

from attnviz.masks import kind_of
from attnviz.runs.feed import RunView
from attnviz.ui.runs.timeline import Mark
from attnviz.ui.text import Words, texts

EVENT = "head"


def marks_of(view: RunView, t: Words) -> tuple[Mark, ...]:
    """A mark for every head that became something, in order of steps."""
    found = []
    for event in view.events:
        if event.kind != EVENT or not event.details.get("became", True):
            continue
        what = str(event.details.get("kind", ""))
        key = f"mark_{what.replace('-', '_')}"
        name = t(key) if key in texts("runs") else what
        site = str(event.details.get("site", ""))
        head = int(event.details.get("head", 0))
        where = f"{t(f'side_{kind_of(site)}')} {where_of(site, head)}"
        found.append(Mark(event.step, what, t("mark_label", where=where, what=name), (site, head)))
    return tuple(sorted(found, key=lambda mark: mark.step))


def where_of(site: str, head: int) -> str:
    """A head's short name: "decoder.1.cross_attn", 2 → "L2 H3"."""
    parts = site.split(".")
    layer = int(parts[1]) + 1 if len(parts) > 1 and parts[1].isdecimal() else 1
    return f"L{layer} H{head + 1}"
