"""The verdict in plain words: does anything see the future, see padding, see nothing, or break?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from attnviz.figures.text import printable
from attnviz.masks import Kind, MaskPlan, kind_of
from attnviz.model import heads_of
from attnviz.trace.leakage import verdict as verdict_on
from attnviz.ui.masks.measuring import Measurement, from_the_future, heads_moved
from attnviz.ui.masks.setting import Setting
from attnviz.ui.masks.subject import Subject

Level = Literal["leak", "dead", "fine"]
FILLS = frozenset({"-1e9", "none"})  # ways of applying a mask under which a row without a key gets something of all
WORSE = 0.0005  # nats a token that the loss must rise by to be shown as higher
SMALLEST = 0.005  # what two decimals would show as nothing


@dataclass(frozen=True)
class Said:
    """A key of the page's text table and what fills it."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Conclusion:
    """One sentence, how grave it is, and what else is worth saying."""

    level: Level
    sentence: Said
    details: tuple[Said, ...] = ()


def conclude(subject: Subject, setting: Setting, measured: Measurement, kind: Kind) -> Conclusion:
    """The gravest finding first: numbers that are none, the future seen, rows without a key, padding seen, changes."""
    details = [
        *(_dead_rows(subject, measured.plan) if setting.application not in FILLS else ()),
        *_seen_padding(subject, measured),
        *_summary(measured),
        *_turned(subject, measured),
    ]
    logits = measured.seen.logits
    broken = int(np.isnan(logits).any(axis=-1).sum())
    if broken:
        return Conclusion("dead", Said("verdict_nan", {"broken": broken, "all": len(logits)}), tuple(details))
    leak = _leak(subject, measured, kind)
    if leak is not None:
        sentence, more = leak
        return Conclusion("leak", sentence, (*more, *(detail for detail in details if detail.key != "verdict_moved")))
    findings: tuple[tuple[Level, str], ...] = (("dead", "verdict_dead"), ("leak", "verdict_padding"))
    for level, key in findings:
        for detail in details:
            if detail.key == key:
                others = tuple(one for one in details if one is not detail)
                return Conclusion(level, detail, (_nothing_leaks(subject, measured), *others))
    return Conclusion("fine", _nothing_leaks(subject, measured), tuple(details))


def _nothing_leaks(subject: Subject, measured: Measurement) -> Said:
    if subject.model.has_decoder:
        return Said("verdict_causal")
    return Said("verdict_changed" if heads_moved(measured.moved) else "verdict_encoder")


def _leak(subject: Subject, measured: Measurement, kind: Kind) -> tuple[Said, list[Said]] | None:
    """An output that sees a later decoder input through all layers; `kind` says whose influence was measured."""
    reached = measured.reach.decoder
    if reached is None:
        return None
    shown = measured.influence if kind == "decoder_self" else None
    future = from_the_future(reached[-1].shape)
    found = verdict_on(reached[-1] & future)
    if found.first is None:
        return None
    tokens = tuple(map(printable, subject.labels("decoder_self")[0]))
    row, token = _worst(reached[0] & future, shown) or (found.first.row, found.first.token)
    values = {"row": row + 1, "row_token": tokens[row], "token": token + 1, "key_token": tokens[token]}
    more = []
    if shown is not None and np.isfinite(shown[row, token]) and shown[row, token] >= 0:
        amount = float(shown[row, token])
        key = "leak_amount" if amount > 0 else "leak_still"
        more.append(Said(key, {"amount": f"{amount:.2f}" if amount >= SMALLEST else "< 0.01"}))
    if token == row + 1:
        more.append(Said("leak_answer"))
    before, now = measured.own.loss, measured.seen.loss
    if before is not None and now is not None and now - before > WORSE:
        more.insert(0, Said("leak_unused"))
    if len(found.rows) > 1:
        more.append(Said("leak_more", {"count": len(found.rows), "rows": _listed(found.rows)}))
    return Said("verdict_leak", values), more


def _worst(opened: NDArray[np.bool_], influence: NDArray[np.floating[Any]] | None) -> tuple[int, int] | None:
    """Of the cells (T, T) that one layer opens the one that matters most: the strongest where that was measured."""
    cells = np.argwhere(opened)
    if not len(cells):
        return None
    if influence is None or influence.shape != opened.shape:
        row, token = cells[0]
    else:
        row, token = cells[int(np.nan_to_num(influence[opened], nan=-1.0).argmax())]
    return int(row), int(token)


def _dead_rows(subject: Subject, plan: MaskPlan) -> list[Said]:
    """Queries that may see nothing, at the first site where there are some."""
    heads = heads_of(subject.model)
    for site in subject.model.sites:
        queries, keys = subject.sizes[kind_of(site)]
        visible = plan.at(site).broadcast(batch=1, heads=heads, queries=queries, keys=keys)[0].any(dim=-1)
        dead = (~visible).expand(-1, queries).any(dim=0).nonzero()[:, 0].tolist()
        if dead:
            return [
                Said(
                    "verdict_dead",
                    {"rows": _listed(dead), "layer": subject.model.sites_of(kind_of(site)).index(site) + 1},
                )
            ]
    return []


def _seen_padding(subject: Subject, measured: Measurement) -> list[Said]:
    reached = measured.reach.source if measured.reach.source is not None else measured.reach.encoder
    if not subject.pads or reached is None:
        return []
    outputs = int(reached[-1][:, subject.real_source :].any(axis=-1).sum())
    return [Said("verdict_padding", {"outputs": outputs, "pads": subject.pads})] if outputs else []


def _summary(measured: Measurement) -> list[Said]:
    count = heads_moved(measured.moved)
    return [Said("verdict_moved", {"count": count, "all": sum(map(len, measured.moved.values()))})] if count else []


def _turned(subject: Subject, measured: Measurement) -> list[Said]:
    """How far the vector of the whole text has turned, where that is all a model says."""
    if subject.scored != "vector" or not heads_moved(measured.moved):
        return []
    now, before = measured.seen.logits.mean(axis=0), measured.own.logits.mean(axis=0)
    turned = 1 - float(now @ before / max(float(np.linalg.norm(now) * np.linalg.norm(before)), 1e-12))
    return [Said("verdict_vector", {"amount": f"{turned:.3f}"})]


def _listed(rows: list[int] | tuple[int, ...], most: int = 6) -> str:
    shown = ", ".join(str(row + 1) for row in rows[:most])
    return shown if len(rows) <= most else f"{shown} …"
