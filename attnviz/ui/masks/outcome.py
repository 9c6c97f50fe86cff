"""What is predicted at every position, before and now, as the browser is handed it: `shot.js` reads it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.trace.predictions import Predictions, log_probabilities, predictions
from attnviz.ui.masks.measuring import Measurement
from attnviz.ui.masks.subject import Subject

TOP = 4  # candidates at a position


def outcome(subject: Subject, measured: Measurement) -> tuple[dict[str, Any], dict[str, NDArray[np.float32]]]:
    """Values and arrays: of every position the candidates, as places in `names`, with their probabilities now and
    before; where among them stands what was most likely before; the loss, before and now.

    A model that ends in a vector predicts nothing.
    """
    if subject.scored == "vector":
        return {"read": [], "loss": None, "scored": subject.scored}, {}
    before = measured.own.kept("said", lambda: _Said.of(subject, measured.own.logits))
    now = _Said.of(subject, measured.seen.logits)
    order = _candidates(before, now)
    tokens, places = np.unique(order, return_inverse=True)
    read = subject.labels("decoder_self" if subject.model.has_decoder else "encoder_self")[0]
    targets = subject.batch.target_labels[0] if subject.batch.target_labels else ()
    values = {
        "read": read,
        "targets": [target or None for target in targets],
        "names": [subject.vocabulary.label(token) for token in tokens.tolist()],
        "candidates": places.reshape(order.shape).tolist(),
        "own_first": (order == before.found.ids[0, :, :1]).argmax(axis=-1).tolist(),
        "loss": _loss(measured),
        "scored": subject.scored,
    }
    likely = {
        f"likely_{name}": np.take_along_axis(said.probabilities, order, axis=-1)
        for name, said in (("now", now), ("own", before))
    }
    return values, likely


@dataclass(frozen=True, eq=False)
class _Said:
    """What is predicted at every position."""

    found: Predictions
    probabilities: NDArray[np.float32]  # (T, V)

    @classmethod
    def of(cls, subject: Subject, logits: NDArray[np.float32]) -> _Said:
        with np.errstate(invalid="ignore"):
            return cls(predictions(logits[None], subject.vocabulary, TOP), np.exp(log_probabilities(logits)))


def _candidates(before: _Said, now: _Said) -> NDArray[np.int64]:
    """The most likely tokens now (before, where nothing can be said now), with the one that was most likely before."""
    broken = np.isnan(now.probabilities[:, 0])
    order = np.where(broken[:, None], before.found.ids[0], now.found.ids[0])
    first = before.found.ids[0, :, 0]
    lacking = ~(order == first[:, None]).any(axis=-1)
    order[lacking, min(TOP, order.shape[1]) - 1] = first[lacking]
    return order


def _loss(measured: Measurement) -> dict[str, float | None] | None:
    own, now = measured.own.loss, measured.seen.loss
    if own is None or now is None or not math.isfinite(own):
        return None
    return {"own": own, "now": now if math.isfinite(now) else None}
