"""What the browser asks for, checked and carried out: one pure function from lab to lab.

The browser sends every operation that has not been answered yet, numbered; whatever is not understood changes nothing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from attnviz.masks import Kind, Mask, MaskError, MaskPlan, own_at, site_of
from attnviz.masks.files import from_csv, from_npy, painted
from attnviz.masks.snippets import APIS
from attnviz.model import WatchedModel, heads_of
from attnviz.trace.application import APPLICATIONS, PRECISIONS
from attnviz.ui.masks.lab import UNTOUCHED, FileFormat, Lab
from attnviz.ui.masks.painting import paint
from attnviz.ui.masks.setting import MOST_PADS, Target, exists, read

MOST_AREAS = 512 * 512  # rectangles of one message


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What the operations refer to: the model, its own masks, and the sizes of each kind of attention."""

    model: WatchedModel
    own: MaskPlan
    sizes: Mapping[Kind, tuple[int, int]]  # queries, keys
    reals: Mapping[Kind, int]  # keys that are not padding
    most_pads: int = MOST_PADS

    def mask(self, lab: Lab) -> Mask:
        """The mask at the lab's target, as the layer that is looked at has it."""
        return own_at(lab.setting.mask_at(lab.target, self.own), self.own.at(site_of(lab.target.kind, lab.look[0])))


def pending(value: object, answered: int) -> list[Mapping[str, Any]]:
    """The operations in what the browser sent that come after `answered`, in order."""
    sent = value.get("operations") if isinstance(value, Mapping) else None
    if not isinstance(sent, Sequence) or isinstance(sent, str):
        return []
    known = [one for one in sent if isinstance(one, Mapping) and _number(one.get("seq")) is not None]
    return sorted((one for one in known if one["seq"] > answered), key=lambda one: int(one["seq"]))


def carry_out(lab: Lab, operation: Mapping[str, Any], around: Surroundings) -> Lab:
    """The lab after one operation, with `answered` moved on."""
    action = _ACTIONS.get(str(operation.get("op")))
    lab = replace(lab, file=None)  # handed out once
    if action is not None:
        try:
            lab = action(lab, operation, around)
        except MaskError as problem:
            text = operation.get("text")
            lab = replace(lab, problem=problem, draft=text if isinstance(text, str) else None)
    return replace(lab, answered=max(lab.answered, int(operation["seq"])))


def with_mask(lab: Lab, mask: Mask, around: Surroundings, stroke: int | None = None) -> Lab:
    """The lab with a mask for its target; one that the target has anyway is no edit."""
    if lab.target.layer is None:
        mask = own_at(mask, around.own.of(lab.target.kind))
    plain = mask == lab.setting.inherited(lab.target, around.own)
    return lab.changed(lab.setting.with_edit(lab.target, None if plain else mask), stroke=stroke)


def _paint(lab: Lab, operation: Mapping[str, Any], around: Surroundings) -> Lab:
    queries, keys = around.sizes[lab.target.kind]
    cells = _cells(operation.get("areas"), queries, keys)
    if cells is None:
        return lab
    mask = paint(
        around.mask(lab),
        cells,
        bool(operation.get("visible")),
        heads=heads_of(around.model),
        queries=queries,
        keys=keys,
    )
    return with_mask(lab, mask, around, _number(operation.get("stroke")))


def _cells(areas: object, queries: int, keys: int) -> set[tuple[int, int]] | None:
    """The cells of rectangles (first row, last row, first column, last column), as far as they lie in the mask."""
    if not isinstance(areas, Sequence) or len(areas) > 4 * MOST_AREAS or len(areas) % 4:
        return None
    numbers = [number for number in map(_number, areas) if number is not None]
    if len(numbers) != len(areas):
        return None
    found: set[tuple[int, int]] = set()
    for top, bottom, left, right in zip(*(numbers[i::4] for i in range(4)), strict=True):
        rows, columns = range(top, min(bottom + 1, queries)), range(left, min(right + 1, keys))
        found.update((q, k) for q in rows for k in columns)
    return found


def _formula(lab: Lab, operation: Mapping[str, Any], around: Surroundings) -> Lab:
    text = operation.get("text")
    if not isinstance(text, str):
        return lab
    return with_mask(lab, read(text, around.reals[lab.target.kind], around.own.of(lab.target.kind)), around)


def _load(lab: Lab, operation: Mapping[str, Any], around: Surroundings) -> Lab:
    name, data = str(operation.get("name", "")), operation.get("data")
    if not isinstance(data, str):
        return lab
    try:
        content = base64.b64decode(data, validate=True)
    except binascii.Error:
        return lab
    reader = from_npy if name.lower().endswith(".npy") or content[:6] == b"\x93NUMPY" else from_csv
    return with_mask(lab, painted(reader(content, around.sizes[lab.target.kind])), around)


def _target(lab: Lab, operation: Mapping[str, Any], around: Surroundings) -> Lab:
    target = target_from(operation.get("kind"), operation.get("layer"), operation.get("head"))
    if target is None or not exists(target, around.model):
        return lab
    moved = lab.at(target)
    last = len(around.model.sites_of(target.kind)) - 1
    return replace(moved, look=(min(moved.look[0], last), moved.look[1]))


def _look(lab: Lab, operation: Mapping[str, Any], around: Surroundings) -> Lab:
    """Another head's computation. A target narrower than that head's whole kind follows it."""
    seen = target_from(operation.get("kind"), operation.get("layer"), operation.get("head"))
    if seen is None or seen.layer is None or seen.head is None or not exists(seen, around.model):
        return lab
    old = lab.target
    follow = Target(seen.kind, None if old.layer is None else seen.layer, None if old.head is None else seen.head)
    return replace(lab.at(follow), look=(seen.layer, seen.head))


def _drop(lab: Lab, operation: Mapping[str, Any], around: Surroundings) -> Lab:
    target = target_from(operation.get("kind"), operation.get("layer"), operation.get("head"))
    return lab if target is None else lab.changed(lab.setting.with_edit(target, None))


def _application(lab: Lab, operation: Mapping[str, Any], around: Surroundings) -> Lab:
    for one in APPLICATIONS if "apply" in around.model.can else ():
        if one == operation.get("value"):
            return lab.changed(replace(lab.setting, application=one))
    return lab


def _precision(lab: Lab, operation: Mapping[str, Any], around: Surroundings) -> Lab:
    for one in PRECISIONS if "apply" in around.model.can else ():
        if one == operation.get("value"):
            return lab.changed(replace(lab.setting, precision=one))
    return lab


def _pads(lab: Lab, operation: Mapping[str, Any], around: Surroundings) -> Lab:
    pads = _number(operation.get("value"))
    return lab if pads is None else lab.changed(replace(lab.setting, pads=min(pads, around.most_pads)))


def _code(lab: Lab, operation: Mapping[str, Any], around: Surroundings) -> Lab:
    return replace(lab, code=next((api for api in APIS if api == operation.get("api")), None))


def _export(lab: Lab, operation: Mapping[str, Any], around: Surroundings) -> Lab:
    for one in get_args(FileFormat):
        if one == operation.get("format"):
            return replace(lab, file=(int(operation["seq"]), one))
    return lab


_ACTIONS: Mapping[str, Callable[[Lab, Mapping[str, Any], Surroundings], Lab]] = {
    "paint": _paint,
    "formula": _formula,
    "load": _load,
    "target": _target,
    "look": _look,
    "drop": _drop,
    "how": _application,
    "precision": _precision,
    "pads": _pads,
    "code": _code,
    "export": _export,
    "measure": lambda lab, operation, around: replace(lab, measured=lab.setting),
    "undo": lambda lab, operation, around: lab.undone(),
    "redo": lambda lab, operation, around: lab.redone(),
    "reset": lambda lab, operation, around: lab.changed(UNTOUCHED),
}


def target_from(kind: object, layer: object, head: object) -> Target | None:
    """A target out of untrusted values, counted from 0; None when they make none."""
    for known in get_args(Kind):
        if known == kind:
            numbers = _number(layer), _number(head)
            return Target(known, *numbers)
    return None


def _number(value: object) -> int | None:
    """A whole number ≥ 0 as JSON may hold it; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53 or value != int(value):
        return None
    return int(value)
