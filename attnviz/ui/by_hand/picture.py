"""From a walk to what the browser is given: every matrix with its numbers, the code, and what was changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.trace.walkthrough import HeadSetup, Setup, Step, Walk, snippet
from attnviz.ui.by_hand.sheet import Sheet, unedited

Values = dict[str, Any]
Arrays = dict[str, NDArray[Any]]
SWITCHES = ("norm", "combine", "mask")


def values_and_arrays(done: Walk, own: Setup | HeadSetup, sheet: Sheet) -> tuple[Values, Arrays]:
    """The walk as plain values and arrays: step `q` is array `q`, and `before/q` what it was without edits."""
    setup = done.setup
    code = snippet(setup)
    arrays: Arrays = {name: step.values for name, step in done.steps.items()}
    if setup.edits:
        plain = unedited(setup)
        for name, step in done.steps.items():
            if not np.array_equal(step.values, plain[name].values, equal_nan=step.values.dtype != bool):
                arrays[f"before/{name}"] = plain[name].values
    values: Values = {
        "mode": "walk",
        "steps": [_step(step) for step in done.steps.values()],
        "screens": [{"stage": stage, "steps": names} for stage, names in done.screens],
        "rows": setup.row_labels,
        "columns": setup.column_labels,
        "site": setup.site,
        "heads": setup.n_heads,
        "head_dim": setup.head_dim,
        "eps": {name: norm.eps for name, norm in setup.norms.items()},
        "norm_kind": next(iter(norm.kind for norm in setup.norms.values()), "layer"),
        "activation": setup.feed_forward.activation if setup.feed_forward else "",
        **_own_ways(setup),
        "variant": _variant(setup),
        "own": _variant(own),
        "edits": len(setup.edits),
        "can_undo": bool(sheet.past),
        "can_redo": bool(sheet.future),
        "can_reset": bool(sheet.changes.edits or sheet.changes.switches),
        "code": [[line.text, line.step] for line in code.lines],
        "needs_file": code.needs_file,
    }
    return values, arrays


def _own_ways(setup: Setup | HeadSetup) -> Values:
    """What models from elsewhere do in their own way, and which switches make sense."""
    if isinstance(setup, Setup):
        return {"groups": setup.n_heads, "scaling": None, "softcap": None, "turn": None, "switches": list(SWITCHES)}
    turn = setup.turn
    return {
        "groups": setup.groups,
        "scaling": None if setup.divides else setup.scaling,
        "softcap": setup.softcap,
        "turn": None if turn is None else {"width": turn.width, "style": turn.style},
        "switches": ["mask"],
    }


def _variant(setup: Setup | HeadSetup) -> Values:
    variant = setup.variant
    return {
        "divide": variant.divide,
        "norm": variant.norm,
        "combine": variant.combine,
        "mask": variant.mask,
        "temperature": variant.temperature,
    }


def _step(step: Step) -> Values:
    return {
        "name": step.name,
        "symbol": step.symbol,
        "stage": step.stage,
        "operation": step.operation,
        "inputs": step.inputs,
        "shape": step.shape,
        "axes": (step.rows.kind, step.columns.kind),
        "edits": [(edit.head, edit.row, edit.column) for edit in step.edits],
    }


def problem_of(sheet: Sheet, say: Any) -> Mapping[str, Any] | None:
    """What was not taken, in words, with the draft and its cell, so that it can be mended."""
    problem = sheet.problem
    if problem is None:
        return None
    place = problem.place
    return {
        "sentence": say(problem.key, **problem.values),
        "draft": problem.draft,
        "place": None if place is None else [place.step, place.head, place.row, place.column],
    }
