"""How a lab opens when the address says nothing: one cell painted that lets a row read its own answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnviz.model import heads_of
from attnviz.trace.application import MaskApplication
from attnviz.trace.predictions import log_probabilities
from attnviz.ui.frame.link import Link, Refused
from attnviz.ui.frame.shared_link import HEAD
from attnviz.ui.masks import link
from attnviz.ui.masks.lab import Lab
from attnviz.ui.masks.lens import run
from attnviz.ui.masks.measuring import Baseline, moved_share, passes_unasked
from attnviz.ui.masks.painting import Cell, paint
from attnviz.ui.masks.setting import Setting, Target, plan_of
from attnviz.ui.masks.subject import Subject

TRIED = 10  # rows whose leak is tried
FIRST_ROW = 1  # row 0 reads nothing but the beginning; its leak teaches less


def default_target(subject: Subject) -> Target:
    """Decoder self-attention, where a mask matters most; else the first kind there is."""
    return Target("decoder_self") if "decoder_self" in subject.sizes else Target(next(iter(subject.sizes)))


@dataclass(frozen=True)
class TellingLeak:
    """A cell that lets a row read its own answer, and what it does."""

    cell: Cell
    look: tuple[int, int]  # the head (layer, head) whose weights move most
    flips: bool  # whether a prediction becomes another one


def telling_leak(subject: Subject, own: Baseline) -> TellingLeak | None:
    """Of the cells (i, i + 1), by which row i reads the token it has to predict, the one that changes most."""
    if "decoder_self" not in subject.sizes:
        return None
    queries, _ = subject.sizes["decoder_self"]
    sites, before = subject.model.sites_of("decoder_self"), np.exp(log_probabilities(own.logits))
    best, most = None, -1.0
    tried = min(TRIED, passes_unasked(subject))
    for row in range(FIRST_ROW, min(queries - 1, FIRST_ROW + tried)):
        cell = (row, row + 1)
        plan = plan_of(_leaking(subject, cell), subject.own, subject.model)
        seen = run(subject.model, subject.batch, plan, MaskApplication(), sites[0], 0)
        change = float(np.abs(np.exp(log_probabilities(seen.logits)) - before).sum(axis=-1).max())
        if change > most:
            moved = np.stack([moved_share(seen.weights[site], own.weights[site]) for site in sites])
            layer, head = divmod(int(moved.argmax()), moved.shape[1])
            flips = bool((seen.logits.argmax(axis=-1) != own.logits.argmax(axis=-1)).any())
            best, most = TellingLeak(cell, (layer, head), flips), change
    return best


def _leaking(subject: Subject, cell: Cell) -> Setting:
    """The model's own masks, but that one cell of the decoder's self-attention is open in every head."""
    queries, keys = subject.sizes["decoder_self"]
    own, heads = subject.own.of("decoder_self"), heads_of(subject.model)
    return Setting().with_edit(
        Target("decoder_self"), paint(own, [cell], True, heads=heads, queries=queries, keys=keys)
    )


def opened(asked: Link, subject: Subject, leak: TellingLeak | None) -> tuple[Lab, tuple[Refused, ...]]:
    """A new lab: as a link describes it, else with `leak` painted in the decoder's self-attention."""
    default = default_target(subject)
    target, look = link.target_of(asked, subject, default)
    if link.says_something(asked):
        setting, refused = link.setting_of(asked, subject)
        return Lab(target=target, look=look, setting=setting), refused
    setting = Setting()
    if leak is not None:
        setting = _leaking(subject, leak.cell)
        look = leak.look if target == Target("decoder_self") and not asked.says(HEAD) else look
    return Lab(target=target, look=look, setting=setting), ()
