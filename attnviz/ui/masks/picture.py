"""From a lab and its measurement to what the browser is handed: plain values and arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.masks import Kind, Mask, Own, kind_of, own_at, site_of, written_out
from attnviz.masks.files import to_csv, to_npy
from attnviz.masks.snippets import Sizes, snippet
from attnviz.model import heads_of
from attnviz.trace.application import APPLICATIONS, PRECISIONS
from attnviz.ui.masks.lab import Lab
from attnviz.ui.masks.link import INVESTIGATE
from attnviz.ui.masks.measuring import MOST_MEASURED, Measurement, layers_of, most_moved
from attnviz.ui.masks.outcome import outcome
from attnviz.ui.masks.painting import matrix_of
from attnviz.ui.masks.presets import as_values
from attnviz.ui.masks.setting import Setting, Target, target_of, written
from attnviz.ui.masks.subject import Answer, Subject
from attnviz.ui.masks.terms import Term, terms_of
from attnviz.ui.masks.verdicts import Conclusion, Said
from attnviz.ui.text import Words

THUMBNAIL = 40  # cells of a side of the picture of one head's change
LONGEST_FORMULA = 120  # characters of a formula where it is only named

Arrays = dict[str, NDArray[Any] | bytes]


def values_and_arrays(
    lab: Lab,
    subject: Subject,
    measured: Measurement,
    conclusion: Conclusion,
    answers: Sequence[Answer],
    *,
    scope: str,
    view: str,
    name: str,
    t: Words,
    keys: Sequence[str],
    problem: str | None,
) -> tuple[dict[str, Any], Arrays]:
    """Everything that the lab shows in this `view`.

    `keys` are the texts it needs, `problem` says what was wrong with a typed formula.
    """
    kind, mask = lab.target.kind, lab.setting.mask_at(lab.target, subject.own)
    said, likely = outcome(subject, measured)
    arrays = {**_masks(lab, subject, mask, measured), **_numbers(lab, subject, measured), **likely}
    if view == INVESTIGATE:
        arrays |= _through(subject, measured, kind) | _changes(subject, measured)
    values: dict[str, Any] = {
        "scope": scope,
        "view": view,
        "seq": lab.answered,
        "name": name,
        "language": t.language,
        "text": t.table(*keys),
        "stroke": lab.stroke,
        **_choices(lab, subject),
        **_formula(lab, subject, mask, problem),
        **_labels(subject, kind),
        **said,
        "verdict": {
            "level": conclusion.level,
            "sentence": _said(conclusion.sentence, t),
            "details": [_said(detail, t) for detail in conclusion.details],
        },
        "moved_most": _moved_most(subject, measured),
        "telling_row": measured.telling_row,
        "telling_position": measured.telling_position,
        "blocked_score": _blocked_score(lab.setting),
        "has_future": kind == "decoder_self",
        "measured": _how_measured(subject, measured, kind),
        "answers": _answers(answers),
        "code": None,
        "file": None,
    }
    if lab.code is not None:
        model, (queries, size) = subject.model, subject.sizes[kind]
        width = model.head_dim(model.sites_of(kind)[0])
        sizes = Sizes(heads=heads_of(model, kind), queries=queries, keys=size, head_dim=width)
        values["code"] = {"api": lab.code, "source": snippet(written_out(_looked(mask, lab, subject)), lab.code, sizes)}
    if lab.file is not None:
        shown = _matrix(mask, lab, subject)
        arrays["file"] = to_csv(shown) if lab.file[1] == "csv" else to_npy(shown)
        values["file"] = {"seq": lab.file[0]}
    return values, arrays


def _matrix(mask: Mask, lab: Lab, subject: Subject, target: Target | None = None) -> NDArray[np.bool_]:
    queries, keys = subject.sizes[(target or lab.target).kind]
    return matrix_of(
        _looked(mask, lab, subject), head=lab.look[1], heads=heads_of(subject.model), queries=queries, keys=keys
    )


def _looked(mask: Mask, lab: Lab, subject: Subject) -> Mask:
    """A formula as it is meant in the layer that is looked at."""
    return own_at(mask, subject.own.at(site_of(lab.target.kind, lab.look[0])))


def _masks(lab: Lab, subject: Subject, mask: Mask, measured: Measurement) -> Arrays:
    """The target's mask, what it would be after undo and redo, the model's own, and that of the head looked at."""
    kind, (layer, head) = lab.target.kind, lab.look
    shown = _matrix(mask, lab, subject)
    own = partial(_matrix, subject.own.at(site_of(kind, layer)), lab, subject)
    arrays: Arrays = {"mask": shown, "own": measured.own.kept(f"mask {kind} {layer} {head}", own)}
    looked = _matrix(measured.plan.at(subject.model.sites_of(kind)[layer]), lab, subject)
    if (looked != shown).any():
        arrays["look_mask"] = looked
    for name, moments in (("mask_before", lab.past[-1:]), ("mask_after", lab.future[:1])):
        for setting, target in moments:
            if target == lab.target and setting.pads == lab.setting.pads:
                arrays[name] = _matrix(setting.mask_at(target, subject.own), lab, subject)
    return arrays


def _numbers(lab: Lab, subject: Subject, measured: Measurement) -> Arrays:
    detail, site = measured.seen.detail, subject.model.sites_of(lab.target.kind)[lab.look[0]]
    weights = np.asarray(detail["weights"], dtype=np.float32)
    arrays: Arrays = {
        "scores": detail["scores"],
        "weights": weights,
        "own_weights": measured.own.weights[site][lab.look[1]],
        "row_sums": weights.sum(axis=-1),
        "head_output": detail["head_output"],
        "reach": measured.shown,
    }
    if "sink" in detail:
        arrays["sinks"] = detail["sink"]
    if measured.influence is not None:
        arrays["influence"] = measured.influence
    return arrays


def _through(subject: Subject, measured: Measurement, kind: Kind) -> Arrays:
    """What follows from the masks layer by layer; between two sequences nothing does."""
    arrays: Arrays = {"reach_own": measured.shown_own}
    if kind != "cross":
        arrays["layers"] = layers_of(subject, measured.plan, kind)
    return arrays


def _changes(subject: Subject, measured: Measurement) -> Arrays:
    """How every head's weights changed: one share a head, and a small picture each."""
    model, seen, own = subject.model, measured.seen.weights, measured.own.weights
    ordered = [site for kind in model.kinds for site in model.sites_of(kind)]
    arrays: Arrays = {"moved": np.stack([measured.moved[site] for site in ordered])}
    for kind in model.kinds:
        pictures = [thumbnails(seen[site] - own[site]) for site in model.sites_of(kind)]
        arrays[f"change_{kind}"] = np.stack(pictures)
    return arrays


def thumbnails(change: NDArray[np.float32]) -> NDArray[np.int8]:
    """(H, T, S) as at most THUMBNAIL × THUMBNAIL cells a head, each the largest change in it; −128 is NaN."""
    for axis in (1, 2):
        if change.shape[axis] > THUMBNAIL:
            ends = np.linspace(0, change.shape[axis], THUMBNAIL + 1).astype(int).tolist()
            before = (slice(None),) * axis
            parts = [change[(*before, slice(a, b))] for a, b in pairwise(ends)]  # `reduceat` takes longer
            high = np.stack([part.max(axis=axis) for part in parts], axis=axis)
            low = np.stack([part.min(axis=axis) for part in parts], axis=axis)
            change = np.where(np.abs(low) > np.abs(high), low, high)
    shown = np.sign(change) * np.sqrt(np.minimum(np.abs(change), 1)) * 127
    return np.where(np.isnan(change), -128, np.rint(np.nan_to_num(shown))).astype(np.int8)


def _choices(lab: Lab, subject: Subject) -> dict[str, Any]:
    model, setting = subject.model, lab.setting
    return {
        "kinds": [{"kind": kind, "layers": len(model.sites_of(kind))} for kind in model.kinds],
        "heads": heads_of(model),
        "target": _target(lab.target),
        "look": {"layer": lab.look[0], "head": lab.look[1]},
        "edits": [{**_target(target), "formula": _shortened(mask.formula)} for target, mask in setting.edits],
        "how": setting.application,
        "hows": list(APPLICATIONS) if "apply" in model.can else [],
        "precision": setting.precision,
        "precisions": list(PRECISIONS),
        "pads": setting.pads,
        "most_pads": subject.most_pads,
        "undo": bool(lab.past),
        "redo": bool(lab.future),
        "changed": setting != Setting(),
    }


def _target(target: Target) -> dict[str, Any]:
    return {"kind": target.kind, "layer": target.layer, "head": target.head}


def _formula(lab: Lab, subject: Subject, mask: Mask, problem: str | None) -> dict[str, Any]:
    kind = lab.target.kind
    real, (queries, keys) = subject.reals[kind], subject.sizes[kind]
    return {
        "terms": _chips(terms_of(mask), real),
        "formula": _shortened(mask.formula),
        "written": written(mask, real),
        "draft": lab.draft,
        "problem": problem,
        "presets": as_values(queries, keys, isinstance(subject.own.of(kind), Own)),
    }


def _chips(terms: tuple[Term, ...], real: int) -> list[dict[str, Any]]:
    own = {term for term in terms if term.name == "padding" and term.arguments == str(real)}  # the sentence's: bare
    return [
        {
            "join": term.join,
            "negated": term.negated,
            "name": term.name,
            "arguments": "" if term in own else term.arguments,
            "bracketed": term.bracketed and term not in own,
            "count": term.count,
            "inside": _chips(term.inside, real),
        }
        for term in terms
    ]


def _labels(subject: Subject, kind: Kind) -> dict[str, Any]:
    rows, columns = subject.labels(kind)
    unknown_rows, unknown_columns = subject.unknown(kind)
    return {"rows": rows, "columns": columns, "unknown_rows": unknown_rows, "unknown_columns": unknown_columns}


def _moved_most(subject: Subject, measured: Measurement) -> dict[str, Any] | None:
    found = most_moved(measured.moved)
    if found is None:
        return None
    site, head, share = found
    target = target_of(site, subject.model, head)
    assert target.layer is not None
    shown = "NaN" if math.isnan(share) else f"{share:.0%}" if share >= 0.0995 else f"{share:.1%}"
    return {"kind": kind_of(site), "layer": target.layer + 1, "head": head + 1, "moved": shown}


def _blocked_score(setting: Setting) -> str | None:
    """What stands in place of a blocked cell's score before the softmax, as JavaScript reads it; None: the score."""
    if setting.application in ("own", "-inf"):
        return "-Infinity"
    if setting.application == "-1e9":
        return "-Infinity" if setting.precision == "fp16" else "-1e9"
    return "0" if setting.application == "hidden" else None


def _how_measured(subject: Subject, measured: Measurement, kind: Kind) -> str:
    """Which influences were measured: all, some, none yet; else why they are only followed through the masks."""
    if kind == "encoder_self" and subject.model.has_decoder:
        return "structure"
    if measured.shown.shape[1] > MOST_MEASURED:
        return "long"
    if measured.influence is None:
        return "none"
    return "some" if (measured.influence < 0).any() else "all"


def _answers(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    plain = answers[0].tokens if answers else ()
    return [{"name": one.name, "said": one.text, "same": one.tokens == plain} for one in answers]


def _said(said: Said, t: Words) -> str:
    return t(said.key, **said.values)


def _shortened(formula: str) -> str:
    return formula if len(formula) <= LONGEST_FORMULA else formula[: LONGEST_FORMULA - 1] + "…"
