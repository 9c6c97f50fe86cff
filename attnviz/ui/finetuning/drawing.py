"""The model drawn tensor by tensor, from the input on the left to the output on the right.

What trains is filled, what waits for its turn is outlined, what is frozen stays pale; below each part how far its
weights have moved. Plain functions from the table of a strategy to HTML.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from attnviz.model.parts import Part
from attnviz.training.finetuning.drift import Drift
from attnviz.training.finetuning.freezing import State, TensorPlan
from attnviz.ui.text import Words

LONGEST = 46  # pixels of the longest side of a matrix
THINNEST = 5
SHORT = {
    "q_proj": "Q",
    "k_proj": "K",
    "v_proj": "V",
    "out_proj": "O",
    "inner": "W₁",
    "outer": "W₂",
    "lora_a": "A",
    "lora_b": "B",
    "adapter_down": "D",
    "adapter_up": "U",
}


@dataclass(frozen=True)
class Column:
    """A block, or the embeddings of a side, or the output."""

    name: str  # decoder.0, encoder, decoder, output
    parts: tuple[Part, ...]


def columns(parts: Sequence[Part]) -> tuple[Column, ...]:
    """The parts by block, in order; a stack's last norm stands with its last block."""
    found: dict[str, list[Part]] = {}
    last = ""
    for part in parts:
        block = part.block
        if part.kind == "norm" and block in ("encoder", "decoder") and last:
            block = last
        found.setdefault(block, []).append(part)
        last = block if block not in ("encoder", "decoder") else ""
    return tuple(Column(name, tuple(members)) for name, members in found.items())


def draw(
    parts: Sequence[Part], plans: Sequence[TensorPlan], step: int, t: Words, drift: Sequence[Drift] | None = None
) -> str:
    """The drawing as it is for the update after `step`; `drift` None: nothing has moved yet."""
    by_part: dict[str, list[TensorPlan]] = {}
    for plan in plans:
        by_part.setdefault(plan.part, []).append(plan)
    moved = {one.part: one.relative for one in drift or ()}
    most = max(moved.values(), default=0.0)
    # A table of thousands of tokens is drawn as high as the largest matrix of a block, or nothing else could be seen.
    widest = max(
        (max(p.shape) for p in plans if len(p.shape) == 2 and "." in p.part and "embed" not in p.part), default=1
    )
    boxes = []
    for column in columns(parts):
        members = [plan for part in column.parts for plan in by_part.get(part.shared_with or part.path, [])]
        body = "".join(_part(part, by_part, moved, most, widest, step, t) for part in column.parts)
        boxes.append(
            f'<div class="ft-column ft-{_overall(members, step)}"><h2>{escape(title(column.name, t))}'
            f"{_badge(members, step, t)}</h2>{body}</div>"
        )
    return f'<div class="ft-model" role="img" aria-label="{escape(t("drawing"))}">{"<i>→</i>".join(boxes)}</div>'


def title(block: str, t: Words) -> str:
    """How a column is called."""
    side, _, number = block.partition(".")
    if number:
        return t(f"block_{side}", number=int(number) + 1)
    return t({"encoder": "block_source", "decoder": "block_target"}.get(block, "block_output"))


def _overall(plans: Sequence[TensorPlan], step: int) -> str:
    states = {plan.state(step) for plan in plans}
    if "trains" in states:
        return "trains"
    return "later" if "later" in states else "frozen"


def _badge(plans: Sequence[TensorPlan], step: int, t: Words) -> str:
    """❄, from which step on, or the share of the learning rate."""
    training = [plan for plan in plans if plan.trains_from is not None]
    if not training:
        return f'<span title="{escape(t("state_frozen"))}">❄</span>'
    waits = min(plan.trains_from or 0 for plan in training)
    if waits > step:
        return f'<span title="{escape(t("state_later"))}">⏳ {waits}</span>'
    shares = {round(plan.share, 3) for plan in training}
    if len(shares) == 1 and (share := shares.pop()) != 1:
        return f'<span title="{escape(t("share_help"))}">×{share:.2g}</span>'
    return ""


def _part(
    part: Part,
    by_part: Mapping[str, list[TensorPlan]],
    moved: Mapping[str, float],
    most: float,
    widest: int,
    step: int,
    t: Words,
) -> str:
    plans = by_part.get(part.path, [])
    if part.kind == "norm":
        tensors = "".join(_strip(plan, step, t) for plan in plans)
        return f'<div class="ft-norm" title="{escape(part.path)}">{tensors}</div>'
    if not plans:  # the tensor is drawn where it is owned
        same = t("shared") if part.shared_with else ""
        return f'<div class="ft-part"><h3>{escape(t(f"part_{part.kind}"))}</h3><small>{escape(same)}</small></div>'
    matrices = "".join(_matrix(plan, widest, step, t) for plan in plans if len(plan.shape) == 2)
    strips = "".join(_strip(plan, step, t) for plan in plans if len(plan.shape) == 1)
    return (
        f'<div class="ft-part">{_heading(part, moved.get(part.path), most, t)}<div class="ft-tensors">{matrices}</div>'
        f'<div class="ft-strips">{strips}</div></div>'
    )


def _matrix(plan: TensorPlan, widest: int, step: int, t: Words) -> str:
    rows, width = (min(LONGEST, max(THINNEST, round(LONGEST * math.sqrt(size / widest)))) for size in plan.shape)
    name = short(plan.name)
    room = rows >= 14 and width >= 9 * len(name) + 4
    fresh = ""
    if plan.old_rows:
        share = 100 * plan.old_rows / plan.shape[0]
        fresh = f"--ft-old:{share:.0f}%;"
    return (
        f'<b class="ft-t ft-{_look(plan, step)}" style="width:{width}px;height:{rows}px;{fresh}" '
        f'title="{escape(told(plan, step, t))}">{name if room else ""}</b>'
    )


def _strip(plan: TensorPlan, step: int, t: Words) -> str:
    return f'<b class="ft-s ft-{_look(plan, step)}" title="{escape(told(plan, step, t))}"></b>'


def _look(plan: TensorPlan, step: int) -> str:
    state: State = plan.state(step)
    kind = {"new": " ft-new", "extended": " ft-extended" if plan.old_rows else ""}.get(plan.origin, "")
    return state + (kind if state == "trains" else "")


def short(name: str) -> str:
    """What is written into a matrix: Q, K, V, O … for decoder.0.self_attn.q_proj.weight."""
    pieces = name.split(".")
    for piece in reversed(pieces):
        if piece in SHORT:
            return SHORT[piece]
    return ""


def told(plan: TensorPlan, step: int, t: Words) -> str:
    """What pointing at a tensor says."""
    size = "×".join(map(str, plan.shape))
    said = [plan.name, f"{size} = {plan.numbers:,}", t(f"state_{plan.state(step)}")]
    if plan.trains_from and plan.state(step) == "later":
        said.append(t("from_step", step=plan.trains_from))
    if plan.share != 1:
        said.append(f"{t('share_help')} ×{plan.share:.3g}")
    if plan.origin != "kept":
        said.append(t("origin_new") if plan.origin == "new" else t("origin_extended", rows=plan.old_rows or "–"))
    return " · ".join(said)


def _heading(part: Part, moved: float | None, most: float, t: Words) -> str:
    """A part's name; once there is a step, on a bar that says how far it has moved."""
    name = escape(t(f"part_{part.kind}"))
    if moved is None:
        return f"<h3>{name}</h3>"
    width = 100 * moved / most if most else 0.0
    value = "Δ0" if moved == 0 else f"Δ{100 * moved:.0f}%" if moved >= 0.095 else f"Δ{100 * moved:.2g}%"
    return (
        f'<div class="ft-drift" title="{escape(t("drift_help"))}"><i style="width:{width:.0f}%"></i>'
        f"<span><em>{name}</em><b>{value}</b></span></div>"
    )


def legend(t: Words) -> str:
    """What the fills mean."""
    marks = (
        ("trains", "state_trains"),
        ("later", "state_later"),
        ("frozen", "state_frozen"),
        ("trains ft-new", "origin_new"),
    )
    said = "".join(f'<span><b class="ft-t ft-{look}"></b>{escape(t(key))}</span>' for look, key in marks)
    return f'<div class="ft-legend">{said}</div>'
