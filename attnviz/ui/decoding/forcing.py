"""Teacher forcing beside free running, with one mistake put in on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attnviz.decoding import ForcedPosition, ForcingComparison, compare_forcing
from attnviz.ui.decoding.subject import Subject

POSITIONS = 8  # at which the most telling mistake is looked for
WRONG = 2  # of the likeliest wrong tokens tried at each
Mistake = tuple[int, int]  # (position, token)


@dataclass(frozen=True, eq=False)
class Lesson:
    """The reference, and what both regimes make of it with the mistake and without."""

    targets: tuple[int, ...]
    labels: tuple[str, ...]  # of the targets
    reference: str  # "exact", "dictionary", "given", "own" or "text"
    clean: ForcingComparison
    mistake: Mistake | None
    disturbed: ForcingComparison  # `clean` itself when there is no mistake


@dataclass(frozen=True)
class Reference:
    """What teacher forcing is fed, as tokens and as labels, and where it comes from."""

    ids: tuple[int, ...]
    labels: tuple[str, ...]
    kind: str


def reference_of(subject: Subject, given: str | None) -> Reference:
    """The right answer where it is known, else what the model itself says; of a language model the text."""
    task = subject.task
    if subject.src is None:
        return Reference(subject.prefix, subject.prefix_labels, "text")
    text, kind = given, "given"
    if text is None:
        found = task.answer(subject.source.src_labels[0][:-1])
        text, kind = found if found is not None else (None, "own")
    end = min(subject.rules.ends, default=subject.rules.first)
    ids, labels = subject.read(text or "")
    ids, labels = ids[: subject.room - 1], labels[: subject.room - 1]
    if ids:
        return Reference((*ids, end), (*labels, task.tgt_vocab.label(end)), kind)
    said = _compared(subject, (end,), None).free
    ids = tuple(place.predicted for place in said)
    return Reference(ids, tuple(task.tgt_vocab.decode(ids)), "own")


def _compared(subject: Subject, targets: tuple[int, ...], mistake: Mistake | None) -> ForcingComparison:
    length = len(targets) if subject.src is None else min(subject.room, max(subject.usual_limit, len(targets)))
    return compare_forcing(
        subject.model,
        subject.src,
        targets,
        bos_id=subject.rules.first,
        eos_id=subject.rules.ends,
        max_len=length,
        mistakes=None if mistake is None else {mistake[0]: mistake[1]},
    )


def clean_run(subject: Subject, reference: Reference) -> ForcingComparison:
    """Both regimes without a mistake."""
    return _compared(subject, reference.ids, None)


def lesson(subject: Subject, reference: Reference, clean: ForcingComparison, mistake: Mistake | None) -> Lesson:
    """Both regimes with the mistake, if it is one: its position in the text, and not the token that belongs there."""
    fits = mistake is not None and 0 <= mistake[0] < len(reference.ids) - 1 and mistake[1] != reference.ids[mistake[0]]
    kept = mistake if fits else None
    disturbed = clean if kept is None else _compared(subject, reference.ids, kept)
    return Lesson(reference.ids, reference.labels, reference.kind, clean, kept, disturbed)


def telling_mistake(subject: Subject, reference: Reference, clean: ForcingComparison) -> Mistake | None:
    """Of the likeliest wrong tokens at the first positions, the one after which free running goes wrong most.

    The first that spoils half of the text will do. None where none does any harm: the model gets over them.
    """
    best: tuple[int, Mistake] | None = None
    for place in clean.free[: min(POSITIONS, len(reference.ids) - 1)]:
        allowed = {*subject.rules.ends, reference.ids[place.position]}
        likely = [token for token, _ in place.likeliest if token not in allowed][:WRONG]
        early = reference.ids[place.position + 1]  # the token that belongs one place further on
        for wrong in dict.fromkeys([*likely, *(() if early in allowed else (early,))]):
            mistake = (place.position, wrong)
            hurt = _harm(clean, _compared(subject, reference.ids, mistake))
            if best is None or hurt > best[0]:
                best = (hurt, mistake)
            if 2 * hurt >= len(reference.ids):
                return mistake
    return best[1] if best is not None and best[0] > 0 else None


def _harm(clean: ForcingComparison, disturbed: ForcingComparison) -> int:
    """How many positions more a mistake costs free running than teacher forcing, which it costs its own at most."""
    return (clean.free_correct - disturbed.free_correct) - (clean.teacher_correct - disturbed.teacher_correct)


def values(subject: Subject, shown: Lesson) -> dict[str, Any]:
    """Plain values for the browser."""

    def lane(places: tuple[ForcedPosition, ...]) -> list[dict[str, Any]]:
        return [
            {
                "fed": _fed_label(subject, shown, place),
                "disturbed": place.disturbed,
                "target": shown.labels[place.position] if place.target is not None else None,
                "said": subject.task.tgt_vocab.tokens[place.predicted],
                "written": subject.task.tgt_vocab.tokens[place.written],
                "right": place.correct if place.target is not None else None,
                "p": place.probability,
                "p_target": place.target_probability,
                "entropy": place.entropy,
                "likeliest": [
                    {"id": token, "token": subject.task.tgt_vocab.tokens[token], "p": chance}
                    for token, chance in place.likeliest
                ],
            }
            for place in places
        ]

    mistake = shown.mistake
    return {
        "reference": shown.reference,
        "teacher": lane(shown.disturbed.teacher),
        "free": lane(shown.disturbed.free),
        "scored": len(shown.targets),
        "teacher_correct": shown.disturbed.teacher_correct,
        "free_correct": shown.disturbed.free_correct,
        "teacher_clean": shown.clean.teacher_correct,
        "free_clean": shown.clean.free_correct,
        "loss": shown.disturbed.teacher_loss,
        "loss_clean": shown.clean.teacher_loss,
        "parts_at": shown.disturbed.parts_at,
        "ended": shown.disturbed.free[-1].written in subject.rules.ends,
        "mistake": None
        if mistake is None
        else {
            "position": mistake[0],
            "id": mistake[1],
            "token": subject.task.tgt_vocab.tokens[mistake[1]],
            "right": shown.labels[mistake[0]],
        },
    }


def _fed_label(subject: Subject, shown: Lesson, place: ForcedPosition) -> str:
    before = place.position - 1
    if 0 <= before < len(shown.targets) and place.fed == shown.targets[before]:
        return shown.labels[before]
    return subject.task.tgt_vocab.tokens[place.fed]
