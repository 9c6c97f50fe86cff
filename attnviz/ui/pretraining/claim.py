"""What Pretraining claims about a run: what the untrained model makes of the sentence, and when a head formed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import streamlit as st

from attnviz.masks import kind_of
from attnviz.runs.feed import RunView
from attnviz.ui.attention import views
from attnviz.ui.frame.claim import Trial, claim_row
from attnviz.ui.frame.notices import shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs import console, dashboard
from attnviz.ui.runs.curves import number
from attnviz.ui.runs.heads import Reading, Watched
from attnviz.ui.runs.marks import EVENT, where_of
from attnviz.ui.runs.timeline import Moment, go
from attnviz.ui.text import words

QUOTED = 24  # characters of a sentence that a claim quotes


@dataclass(frozen=True)
class Birth:
    """A head that became something and still is: when, what, and how well the run wrote by then and writes now."""

    step: int
    site: str
    head: int
    kind: str
    share: float  # of its attention that the pattern has
    then: float | None  # share of free runs that were all right, by the last evaluation up to that step
    now: float | None


def birth(view: RunView) -> Birth | None:
    """Of all heads that have a pattern the one that shows it most clearly; None while there is none."""
    there: dict[tuple[str, int], tuple[int, str, float]] = {}
    for event in view.events:
        if event.kind != EVENT:
            continue
        given = event.details
        place = str(given.get("site", "")), int(given.get("head", 0))
        if given.get("became", True):
            there[place] = event.step, str(given.get("kind", "")), float(given.get("score", math.nan))
        else:
            there.pop(place, None)
    known = [(share, place, step, kind) for place, (step, kind, share) in there.items() if math.isfinite(share)]
    if not known:
        return None
    share, (site, head), step, kind = max(known)
    return Birth(step, site, head, kind, share, view.until(step).last("exact_match"), view.last("exact_match"))


def fallen(view: RunView) -> tuple[int, float, float] | None:
    """(step, loss of the first step, loss of this one) at the last evaluation; of the last step before there is one.

    None before there are two steps.
    """
    losses, rows = view.metrics.get("loss"), np.flatnonzero(view.evaluated)
    if losses is None or len(losses) < 2:
        return None
    last = int(rows[-1]) if rows.size else len(losses) - 1
    if not np.isfinite(losses[[0, last]]).all():
        return None
    return int(view.metrics["step"][last]), float(losses[0]), float(losses[last])


def of_run(
    frame: Frame, view: RunView, moment: Moment, model: Watched | None, found: Reading | None, *, controls: bool
) -> None:
    """The claim about a run, and the button that goes to where it can be seen."""
    born, fell = birth(view), fallen(view)
    if born is not None and view.kept:
        _born(frame, view, moment, born)
    elif fell is not None:
        values = {"step": f"{fell[0]:,}", "first": number(fell[1]), "now": number(fell[2])}
        if moment.step == 0:
            claim_row(frame.t("claim_begin", **values), _back(frame, view))
        else:
            go_there = Trial(frame.t("claim_fell_try", **values), lambda: go(dashboard.TIME, view.id, 0))
            claim_row(frame.t("claim_fell", **values), go_there if 0 in view.kept else None)
    elif model is not None and found is not None and not view.metrics.get("step", np.zeros(0)).size:
        if st.session_state.get(console.TOLD):
            st.rerun()  # the strip hears it, and stands outside of this part of the page
        untrained(frame, found, model, view.status.steps if controls else None)


def untrained(frame: Frame, found: Reading, model: Watched, steps: int | None) -> None:
    """What a model makes of the sentence before its first step; `steps` None: somebody else has to train it."""
    output, loss = found.wrote, found.picture.trace.loss
    if output is None and found.sentence.output is not None:
        output = views.written(model.task, found.sentence.output)
    if loss is None or output is None:
        return
    count = len(model.task.tgt_vocab)
    values = {
        "source": shortened(found.text, QUOTED),
        "output": shortened(output, QUOTED) or "∅",
        "loss": f"{loss:.2f}",
        "count": f"{count:,}",
        "guess": f"{math.log(count):.2f}",
    }
    trial = None
    if steps is not None:
        trial = Trial(frame.t("claim_new_try", steps=f"{steps:,}"), lambda: console.tell_soon("play"))
    claim_row(frame.t("claim_new", **values), trial)


def _born(frame: Frame, view: RunView, moment: Moment, born: Birth) -> None:
    t = words("runs", frame.language)
    nearest = min(view.kept, key=lambda step: (abs(step - born.step), step))
    there = moment.step == nearest and moment.head == (born.site, born.head)
    values = {
        "step": f"{born.step:,}",
        "head": f"{t(f'side_{kind_of(born.site)}')} {where_of(born.site, born.head)}",
        "short": where_of(born.site, born.head),
        "share": f"{100 * born.share:.0f}%",
        "pattern": frame.t(f"pattern_{born.kind.replace('-', '_')}"),
    }
    said = frame.t("claim_born" if there else "claim_birth", **values)
    if born.then is not None and born.now is not None and view.until(born.step).last("step") != view.last("step"):
        said += frame.t("claim_grown", then=f"{100 * born.then:.0f}%", now=f"{100 * born.now:.0f}%")
    if there:
        claim_row(said, _back(frame, view))
        return

    def look() -> None:
        go(dashboard.TIME, view.id, nearest, (born.site, born.head))

    claim_row(said, Trial(frame.t("claim_birth_try", **values), look))


def _back(frame: Frame, view: RunView) -> Trial:
    return Trial(frame.t("claim_latest"), lambda: go(dashboard.TIME, view.id, None), undoes=True)
