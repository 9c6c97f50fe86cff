"""What a link to Masks holds: `view=paint&kind=cross&mask.cross.2=causal+%26+~cells(2:1)`. Nothing of it is private."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from attnviz.masks import KINDS, MaskError
from attnviz.model import heads_of
from attnviz.trace.application import APPLICATIONS, PRECISIONS
from attnviz.ui.frame.link import Count, Field, Fields, Link, Name, OneOf, Refused
from attnviz.ui.frame.link import written as fields_written
from attnviz.ui.frame.shared_link import FIELDS as SHARED
from attnviz.ui.frame.shared_link import HEAD, KIND, LAYER
from attnviz.ui.masks.lab import Lab
from attnviz.ui.masks.practice import LONGEST as LONGEST_SEQUENCE
from attnviz.ui.masks.practice import SHORTEST
from attnviz.ui.masks.setting import ALL_LAYERS, Setting, Target, exists, read, written
from attnviz.ui.masks.subject import Subject

WHATS = ("sentence", "tokens")
PAINT, INVESTIGATE = "paint", "investigate"  # where a mask is painted, and what follows from it
VIEWS = (PAINT, INVESTIGATE)
LONGEST = 6000  # characters of all masks together; longer addresses are cut by servers on their way


@dataclass(frozen=True)
class Formulas(Field[Mapping[str, str]]):
    """Every name that begins with the field's: `mask.cross.2` holds the formula of the target `cross.2`."""

    def found(self, params: Mapping[str, str]) -> tuple[Mapping[str, str] | None, tuple[Refused, ...]]:
        """Names and formulas as they stand; only a subject can say which of them can be used."""
        return {name: text for name, text in params.items() if name.startswith(self.name)} or None, ()


@dataclass(frozen=True)
class RefusedFormula(Refused):
    """A formula that is none."""

    why: MaskError


WHAT = OneOf("what", WHATS, default="sentence")
VIEW = OneOf("view", VIEWS)  # always written: of links made before there were views, `view_of` says which
TOKENS = Count("tokens", low=SHORTEST, high=LONGEST_SEQUENCE)
AT = Name("at")
MASKS = Formulas("mask.", complaint="url_value")
HOW = OneOf("how", APPLICATIONS, default="own", complaint="url_value")
PRECISION = OneOf("precision", PRECISIONS, default="fp32", complaint="url_value")
PADS = Count("pads", low=0, high=999, default=0, complaint="url_value")
SETTLED: Fields = (MASKS, HOW, PRECISION, PADS)
FIELDS: Fields = (*SHARED, WHAT, TOKENS, VIEW, AT, *SETTLED)


def says_something(link: Link) -> bool:
    """Whether a link describes a setting of the lab."""
    return any(link.says(one) for one in SETTLED) or any(one.of in SETTLED for one in link.refused)


def view_of(link: Link) -> str:
    """The view that a link names; where it names none, the one that shows what it is about."""
    looked_into: Fields = (HOW, PRECISION, PADS)
    about = any(link[of] not in (None, of.default) for of in looked_into)
    return link[VIEW] or (INVESTIGATE if about else PAINT)


def target_named(name: str) -> Target | None:
    """The inverse of `Target.name`."""
    kind, *numbers = name.split(".")
    every = numbers[:1] == [ALL_LAYERS] and len(numbers) == 2
    numbers = numbers[1:] if every else numbers
    for known in KINDS:
        if known == kind and len(numbers) <= 2 and all(n.isascii() and n.isdigit() and 0 < len(n) < 4 for n in numbers):
            layer, head = ([int(n) - 1 for n in numbers] + [None, None])[:2]
            layer, head = (None, layer) if every else (layer, head)
            if (layer is None or layer >= 0) and (head is None or head >= 0):
                return Target(known, layer, head)
    return None


def setting_of(link: Link, subject: Subject) -> tuple[Setting, tuple[Refused, ...]]:
    """The setting that a link describes, for a subject without PADs; and what of it was left out."""
    setting, refused, own = Setting(), list[Refused](), subject.own
    for name, formula in (link[MASKS] or {}).items():
        target = target_named(name.removeprefix(MASKS.name))
        if target is None or target.kind not in subject.sizes or not exists(target, subject.model):
            refused.append(Refused(MASKS, name, formula))
            continue
        try:
            setting = setting.with_edit(target, read(formula, subject.reals[target.kind], own.of(target.kind)))
        except MaskError as problem:
            refused.append(RefusedFormula(MASKS, name, formula, problem))
    others = "apply" in subject.model.can
    for application in APPLICATIONS if others else ():
        if application == link[HOW]:
            setting = replace(setting, application=application)
    for precision in PRECISIONS if others else ():
        if precision == link[PRECISION]:
            setting = replace(setting, precision=precision)
    pads = link[PADS] or 0
    setting = replace(setting, pads=min(pads, subject.most_pads))
    refused += [one for one in link.refused if one.of in SETTLED]
    if not others:
        refused += [Refused(of, of.name, str(link[of])) for of in (HOW, PRECISION) if link[of] != of.default]
    if pads > subject.most_pads:
        refused.append(Refused(PADS, PADS.name, str(pads)))
    return setting, tuple(refused)


def target_of(link: Link, subject: Subject, default: Target) -> tuple[Target, tuple[int, int]]:
    """Where a lab opens and which head it looks at: `kind`, `layer`, `head` of the link; else the default's."""
    kind = next((one for one in subject.sizes if one == link[KIND]), default.kind)
    counts = ((LAYER, len(subject.model.sites_of(kind))), (HEAD, heads_of(subject.model)))
    asked = [(link[of] or 1, count) for of, count in counts]
    layer, head = (number - 1 if number <= count else 0 for number, count in asked)
    target = target_named(link[AT] or "")
    fits = target is not None and target.kind == kind and exists(target, subject.model)
    return target if fits and target is not None else Target(kind), (layer, head)


def parameters(lab: Lab, subject: Subject) -> tuple[dict[str, str | None], bool]:
    """What the address must say; None takes a name out. Also whether every mask was short enough to be in it."""
    setting = lab.setting
    settled: dict[Field[Any], Any] = {HOW: setting.application, PRECISION: setting.precision, PADS: setting.pads}
    place: dict[Field[Any], Any] = {
        KIND: lab.target.kind,
        LAYER: lab.look[0] + 1,
        HEAD: lab.look[1] + 1,
        AT: lab.target.name if lab.target != Target(lab.target.kind) else None,
    }
    values = fields_written({**place, **settled})
    masks = {MASKS.name + target.name: written(mask, subject.reals[target.kind]) for target, mask in setting.edits}
    room, whole = LONGEST, True
    for name, text in masks.items():
        room -= len(text)
        whole = whole and room >= 0
        values[name] = text if room >= 0 else None
    # An address without any mask would open the lab with its first example; one that says so keeps it plain.
    if not masks and all(value == one.default for one, value in settled.items()):
        values[HOW.name] = HOW.default
    return values, whole
