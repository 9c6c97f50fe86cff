"""One example under one model: what the browser wishes is taken in, computed and drawn, in a fragment of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from attnviz.language import spoken
from attnviz.ui.fields import link, models
from attnviz.ui.fields.claim import Claim
from attnviz.ui.fields.look import Look
from attnviz.ui.fields.scene import FieldModel, Scene, right_at
from attnviz.ui.fields.stage import field_stage, said
from attnviz.ui.fields.wish import ROLLOUT, Limits, Wish, heard
from attnviz.ui.frame import shared_link
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.claim import Trial, claim_row
from attnviz.ui.frame.link import Field, Link, here, read, written
from attnviz.ui.frame.notices import notice_lines
from attnviz.ui.frame.page import Frame
from attnviz.ui.front import pack
from attnviz.ui.text import texts

FIELDS = {"pictures": link.PICTURES, "graphs": link.GRAPHS}
CHANGES = {"pictures": link.HIDDEN, "graphs": link.EDGES}


def explore(frame: Frame, scene: Scene, model: FieldModel, *, claims: bool = True) -> None:
    """Draw everything about the example that the session looks at. Call it inside a fragment.

    A model that has learned nothing gives nothing to claim.
    """
    limits = limits_of(scene, model)
    wish = _wish(frame, scene, model, limits)
    pair = model.examples[wish.example]
    source = pair.source
    intact = models.looked(model.key, source, (), (), scene, model)
    now = models.looked(model.key, source, wish.changed, wish.off, scene, model)
    claim = models.claimed(model.key, source, _answered(model, pair.target), scene, model) if claims else None
    with st.container():
        notice_lines(scene.remarks(frame.t, model.task, source, wish.changed), "warning")
    with st.container():
        _say(frame, scene, model, wish, claim, now, intact)
    values, arrays = _drawn(frame, scene, model, wish, now, intact)
    field_stage(scene.page, pack(values, arrays), key=f"{scene.page}-stage")
    _mirror(scene, wish, own=model.is_own(wish.example))


def limits_of(scene: Scene, model: FieldModel) -> Limits:
    """What a session can wish for under a model."""
    task = model.task
    return Limits(
        examples=len(model.examples),
        sites=model.model.sites,
        heads=max(map(model.model.heads, model.model.sites)),
        positions=len(scene.positions(task, model.examples[0].source)),
        possible=lambda example: scene.possible(task, model.examples[example].source),
    )


def _answered(model: FieldModel, target: tuple[str, ...]) -> tuple[int, ...]:
    """The positions whose answers count: CLS, or the nodes that are asked for."""
    if not model.task.per_token:
        return (0,)
    return tuple(node for node, label in enumerate(target, start=1) if label in model.task.labels)


# ---- what is looked at -------------------------------------------------------------------------------------------


def _kept(scene: Scene) -> dict[str, Wish]:
    kept: dict[str, Wish] = st.session_state.setdefault(f"{scene.page}-wishes", {})
    return kept


def _wish(frame: Frame, scene: Scene, model: FieldModel, limits: Limits) -> Wish:
    kept = _kept(scene)
    if model.scope not in kept:
        asked = read(FIELDS[scene.page], here()) if not kept else Link()
        with frame.notices:
            notice_lines([frame.t(one.key, **one.values) for one in asked.remarks], "warning")
        kept[model.scope] = limits.fitted(_first(scene, model, limits, asked))
    before = limits.fitted(kept[model.scope])
    kept[model.scope] = heard(said(f"{scene.page}-stage"), before, model.scope, limits)
    return kept[model.scope]


def _first(scene: Scene, model: FieldModel, limits: Limits, asked: Link) -> Wish:
    """What a link asks for; else the first example whose answer one change turns, under the last layer's first head."""
    example, layer, head = asked[shared_link.EXAMPLE], asked[shared_link.LAYER], asked[shared_link.HEAD]
    chosen = _telling(scene, model) if example is None else example - 1
    pair = model.examples[min(chosen, limits.examples - 1)]
    claim = models.claimed(model.key, pair.source, _answered(model, pair.target), scene, model)
    start = 0 if claim is None or not model.task.per_token else claim.position
    query = asked[link.QUERY] if asked.says(link.QUERY) else start
    return Wish(
        example=chosen,
        layer=len(limits.sites) - 1 if layer is None else layer - 1,
        head=ROLLOUT if asked[link.ROLLOUT] else 0 if head is None else head - 1,
        query=query or 0,
        off=asked[link.OFF] or (),
        changed=asked[CHANGES[scene.page]] or (),
    )


def _telling(scene: Scene, model: FieldModel) -> int:
    """The first example of the gallery that is read right and whose answer one change turns."""
    shown = models.gallery(model.key, scene.thumbnails, model)
    telling = []
    for number, right in shown:
        pair = model.examples[number]
        claim = models.claimed(model.key, pair.source, _answered(model, pair.target), scene, model)
        if right and claim is not None and claim.flips:
            if not scene.adds(pair.source, claim.change):
                return number
            telling.append(number)
    return telling[0] if telling else shown[0][0] if shown else 0


def go_to(page: str, scope: str, example: int) -> None:
    """Look at another example of a model from now on."""
    kept: dict[str, Wish] = st.session_state.setdefault(f"{page}-wishes", {})
    before = kept.get(scope, Wish())
    kept[scope] = replace(before, example=example, changed=(), seq=before.seq + 1)


def _set(scene: Scene, scope: str, **values: Any) -> None:
    """A wish from here; it counts as newer than what the browser has said."""
    kept = _kept(scene)
    kept[scope] = replace(kept[scope], seq=kept[scope].seq + 1, **values)


def _mirror(scene: Scene, wish: Wish, *, own: bool) -> None:
    rollout = wish.head == ROLLOUT
    values: dict[Field[Any], Any] = {
        shared_link.EXAMPLE: None if own else wish.example + 1,
        shared_link.LAYER: wish.layer + 1,
        shared_link.HEAD: None if rollout else wish.head + 1,
        link.ROLLOUT: "rollout" if rollout else None,
        link.QUERY: wish.query,
        link.OFF: wish.off,
        CHANGES[scene.page]: None if own else wish.changed,
    }
    mirror("address-field", **written(values))


# ---- what is claimed ---------------------------------------------------------------------------------------------


def _say(
    frame: Frame, scene: Scene, model: FieldModel, wish: Wish, claim: Claim | None, now: Look, intact: Look
) -> None:
    """The change that matters most, or what has become of the answer, and the button that tries it or takes it back."""
    if claim is None:
        return
    t, task = frame.t, model.task
    labels = scene.labels(task, frame.language)
    place = claim.position
    values = {
        **scene.named(t, task, claim.change),
        "node": scene.positions(task, model.examples[wish.example].source)[place],
        "label": labels[claim.label],
        "instead": labels[claim.instead],
        "before": f"{claim.before:.2f}",
        "after": f"{claim.after:.2f}",
        "said": labels[int(now.chances[place].argmax())],
        "now": f"{now.chances[place, claim.label]:.2f}",
        "heads": len(wish.off),
        "changes": len(wish.changed),
    }
    source = model.examples[wish.example].source
    kind = ("nodes_" if task.per_token else "") + ("add_" if scene.adds(source, claim.change) else "")
    if wish.changed or wish.off:
        tried = wish.changed == (claim.change,) and not wish.off
        back = Trial(t("claim_back"), lambda: _set(scene, model.scope, off=(), changed=()), undoes=True)
        claim_row(t(f"claim_{kind}tried" if tried else "claim_changed", **values), back)
        return
    turn = "flips" if claim.flips else "falls" if claim.matters else "none"
    trial = Trial(
        t(f"claim_{'add_' if 'add_' in kind else ''}try", **values),
        lambda: _set(scene, model.scope, changed=(claim.change,), query=place),
    )
    claim_row(t(f"claim_{kind}{turn}", **values), trial)


# ---- what is drawn -----------------------------------------------------------------------------------------------


def _drawn(
    frame: Frame, scene: Scene, model: FieldModel, wish: Wish, now: Look, intact: Look
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    task, pair = model.task, model.examples[wish.example]
    shown = models.gallery(model.key, scene.thumbnails, model)
    board, arrays = scene.drawn(task, pair.source, [model.examples[number] for number, _ in shown])
    truth = scene.truth(task, pair, wish.changed)
    sites = model.model.sites
    values = {
        "state": {
            "scope": model.scope,
            "seq": wish.seq,
            "example": wish.example,
            "layer": wish.layer,
            "head": wish.head,
            "query": wish.query,
            "off": [[sites.index(site), head] for site, head in wish.off],
            "changed": list(wish.changed),
        },
        "model": {"layers": len(sites), "heads": max(map(model.model.heads, sites)), "perToken": task.per_token},
        "positions": scene.positions(task, pair.source),
        "labels": scene.labels(task, frame.language),
        "truth": [None if label is None else task.labels.index(label) for label in truth],
        "right": right_at(task, truth, now.chances),
        "asked": _answered(model, pair.target),
        "gallery": [
            {"example": number, "label": task.title(model.examples[number].target[0], frame.language), "right": right}
            for number, right in shown
        ],
        "title": scene.title(frame.t, wish.example, task, pair),
        "facts": scene.facts(frame.t, task, pair, now, wish.changed),
        "board": board,
        "text": spoken(texts(scene.page), frame.language),
        "language": frame.language,
        "name": f"attnviz-{scene.page}-{task.info.name}-{wish.example + 1}",
    }
    arrays |= {
        "weights": now.weights.astype(np.float32),
        "mask": now.mask,
        "rollout": now.rollout.astype(np.float32),
        "now": now.chances.astype(np.float32),
        "before": intact.chances.astype(np.float32),
    }
    return values, arrays
