"""The lab in the page's address: `kind=cross&mask.cross.2=causal+%26+~cells(2:1)&how=-1e9`. Nothing of it is private.

Reading is lenient: what cannot be used gives a remark and is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from attnviz.masks import KINDS, MaskError
from attnviz.model import heads_of
from attnviz.trace.application import APPLICATIONS, PRECISIONS
from attnviz.ui.masks.lab import Lab
from attnviz.ui.masks.setting import Setting, Target, exists, read, written
from attnviz.ui.masks.subject import Subject

PREFIX = "mask."
LONGEST = 6000  # characters of all masks together; longer addresses are cut by servers on their way
SETTLED = ("how", "precision", "pads")


@dataclass(frozen=True)
class Refused:
    """A part of the address that was left out: its name and value, and what was wrong if it was a mask."""

    name: str
    value: str
    why: MaskError | None = None


def says_something(params: Mapping[str, str]) -> bool:
    """Whether an address describes a setting of the lab."""
    return any(name in SETTLED or name.startswith(PREFIX) for name in params)


def target_named(name: str) -> Target | None:
    """The inverse of `Target.name`."""
    kind, *numbers = name.split(".")
    for known in KINDS:
        if known == kind and len(numbers) <= 2 and all(n.isascii() and n.isdigit() and 0 < len(n) < 4 for n in numbers):
            layer, head = ([int(n) - 1 for n in numbers] + [None, None])[:2]
            if (layer is None or layer >= 0) and (head is None or head >= 0):
                return Target(known, layer, head)
    return None


def setting_of(params: Mapping[str, str], subject: Subject) -> tuple[Setting, tuple[Refused, ...]]:
    """The setting that an address describes, for a subject without PADs."""
    setting, refused = Setting(), []
    for name, value in params.items():
        if name.startswith(PREFIX):
            target = target_named(name.removeprefix(PREFIX))
            if target is None or target.kind not in subject.sizes or not exists(target, subject.model):
                refused.append(Refused(name, value))
                continue
            try:
                setting = setting.with_edit(target, read(value, subject.reals[target.kind]))
            except MaskError as problem:
                refused.append(Refused(name, value, problem))
    for application in APPLICATIONS:
        if application == params.get("how"):
            setting = replace(setting, application=application)
    for precision in PRECISIONS:
        if precision == params.get("precision"):
            setting = replace(setting, precision=precision)
    pads = params.get("pads", "")
    if pads.isascii() and pads.isdigit() and len(pads) < 4:
        setting = replace(setting, pads=min(int(pads), subject.most_pads))
    used = {"how": setting.application, "precision": setting.precision, "pads": str(setting.pads)}
    refused += [Refused(name, params[name]) for name in SETTLED if params.get(name, used[name]) != used[name]]
    return setting, tuple(refused)


def target_of_address(params: Mapping[str, str], subject: Subject, default: Target) -> tuple[Target, tuple[int, int]]:
    """Where a lab opens and which head it looks at: `kind`, `layer`, `head` of the address; else the default's."""
    kind = next((one for one in subject.sizes if one == params.get("kind")), default.kind)
    counts = (len(subject.model.sites_of(kind)), heads_of(subject.model))
    numbers = [params.get(name, "") for name in ("layer", "head")]
    look = [
        int(n) - 1 if n.isascii() and n.isdigit() and len(n) <= 4 and 1 <= int(n) <= count else 0
        for n, count in zip(numbers, counts, strict=True)
    ]
    asked = target_named(params.get("at", ""))
    fits = asked is not None and asked.kind == kind and exists(asked, subject.model)
    return asked if fits and asked is not None else Target(kind), (look[0], look[1])


def parameters(lab: Lab, subject: Subject) -> tuple[dict[str, str | int | None], bool]:
    """What the address must say; None takes a name out. Also whether every mask was short enough to be in it."""
    setting = lab.setting
    values: dict[str, str | int | None] = {
        "kind": lab.target.kind,
        "layer": lab.look[0] + 1,
        "head": lab.look[1] + 1,
        "at": lab.target.name if lab.target.layer is not None else None,
        "how": setting.application if setting.application != "own" else None,
        "precision": setting.precision if setting.precision != "fp32" else None,
        "pads": setting.pads or None,
    }
    masks = {PREFIX + target.name: written(mask, subject.reals[target.kind]) for target, mask in setting.edits}
    room, whole = LONGEST, True
    for name, text in masks.items():
        room -= len(text)
        whole = whole and room >= 0
        values[name] = text if room >= 0 else None
    # An address without any mask would open the lab with its first example; one that says so keeps it plain.
    if not masks and not setting.pads and setting.application == "own" and setting.precision == "fp32":
        values["how"] = "own"
    return values, whole
