"""Other questions to ask of a task's data: the same text, but something else to predict.

Every task is made for one objective. `with_objective` shows its data as another one sees them: as a text to continue
("causal-lm"), with tokens hidden in place ("masked-lm"), with whole spans cut out ("denoising"), or as a beginning
whose continuation is to be written ("seq2seq").
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from attnviz.config import Objective
from attnviz.errors import InputError

if TYPE_CHECKING:
    from attnviz.data.task import Task

_CLASSES = {
    "causal-lm": "causal:CausalView",
    "masked-lm": "masked:MaskedView",
    "denoising": "denoising:DenoisingView",
    "seq2seq": "continuation:ContinuationView",
}
OBJECTIVES: tuple[Objective, ...] = ("causal-lm", "masked-lm", "seq2seq", "denoising")


def own_objective(task: Task) -> Objective | None:
    """What a task is made for; None for labels, which are no text to be trained on in another way."""
    chosen = task.options.get("objective")
    if chosen is not None:
        return cast("Objective", chosen)
    of_kind: dict[str, Objective] = {"lm": "causal-lm", "seq2seq": "seq2seq"}
    return of_kind.get(task.info.kind)


def objectives_of(task: Task) -> tuple[Objective, ...]:
    """The objectives that a task's data can be trained with, its own among them."""
    return OBJECTIVES if task.info.kind in ("lm", "seq2seq") else ()


def with_objective(task: Task, objective: str | None) -> Task:
    """The task as `objective` sees its data; the task itself where that is its own (None: whatever it is).

    Raises InputError("bad_option") for a task of labels, or one that already is another objective's view.
    """
    own = own_objective(task)
    if objective is None or objective == own:
        return task
    if "objective" in task.options or objective not in objectives_of(task):
        allowed = str(own) if own else "none: this task is about labels"
        raise InputError("bad_option", name="objective", value=objective, allowed=allowed)
    module, _, name = _CLASSES[objective].partition(":")
    view = getattr(importlib.import_module(f"attnviz.data.objectives.{module}"), name)
    return cast("Task", view(task))
