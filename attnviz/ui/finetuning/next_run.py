"""Before the first step: the form, and on the model what this strategy will train."""

from __future__ import annotations

from html import escape

import streamlit as st

from attnviz.data import InputError, Task
from attnviz.data.user_table import Layout
from attnviz.runs import RunConfig
from attnviz.training.finetuning.prepare import Prepared, notices
from attnviz.ui.finetuning import form, picture, tuned_models
from attnviz.ui.finetuning.choices import Choices, current, keep, prepared, start_of, task_of, that_fit
from attnviz.ui.finetuning.task_measures import changes
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.claim import Trial, claim_row
from attnviz.ui.frame.notices import notice, notice_lines, shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs.adjusting import device_for_new_runs
from attnviz.ui.runs.library import free_name
from attnviz.ui.runs.polling import polled
from attnviz.ui.runs.style import card
from attnviz.ui.sentence import models

COLUMNS = (6, 14)  # shares of the form and the picture
EXAMPLES = 4
LONGEST_NAME = 100


def show(frame: Frame) -> None:
    """The form on the left, the picture on the right."""
    task, problem = known_task(frame)
    place = st.container()
    left, right = st.columns(COLUMNS, gap="small")
    with left, card("ft-form"):
        form.show(frame, task)
    with right, card("ft-picture"):
        if problem:
            notice(problem, "info" if not current().task else "error")
        ready = None if task is None else ready_or_notice(frame)
        if ready is None:
            return
        choices = current()
        known = tuned_models.known_before(choices.signature, ready, choices.train.eval_examples)
        polled(lambda: _until_known(frame, choices, ready, known), moving=not known, resting=False)
        st.html(_examples(frame, ready))
    with place:
        _say(frame, choices, ready)


def _say(frame: Frame, choices: Choices, ready: Prepared) -> None:
    """How much of the model this strategy moves, and a button that takes another one."""
    other = "lora" if choices.finetune.strategy != "lora" else "full"
    try:
        less = prepared(choices.with_value("strategy", other)).cost()
    except InputError:
        return  # the other one does not fit this task
    cost = ready.cost()
    values = {
        "strategy": frame.t(f"strategy_{choices.finetune.strategy.replace('-', '_')}"),
        "trained": f"{cost.trained:,}",
        "parameters": f"{cost.parameters:,}",
        "share": f"{100 * cost.trained_share:.3g}%",
        "other": frame.t(f"strategy_{other}"),
        "other_share": f"{100 * less.trained_share:.3g}%",
    }
    trial = Trial(frame.t("claim_try", **values), lambda: keep(choices.with_value("strategy", other)))
    claim_row(frame.t("claim", **values), trial)


def known_task(frame: Frame) -> tuple[Task | None, str]:
    """The task chosen; None and a sentence while it waits for a file, or when that cannot be used."""
    choices = current()
    if not choices.task:
        return None, frame.t("own_waiting")
    try:
        task = task_of(choices)
        task.split("train")
        return task, ""
    except InputError as error:
        return None, explain(error, frame.language)


def ready_or_notice(frame: Frame) -> Prepared | None:
    """Everything made ready; None after a sentence that says what does not fit."""
    choices = current()
    try:
        return prepared(choices)
    except InputError as error:
        notice_lines([explain(error, frame.language), *_fitting(frame, choices, error)], "error")
    return None


def _fitting(frame: Frame, choices: Choices, error: InputError) -> list[str]:
    """Which models fit, where that is the question."""
    if error.code not in ("finetune_backbone", "finetune_vocabulary"):
        return []
    found = [models.label(name, models.choices()[name], frame.language) for name in that_fit(choices)]
    return [frame.t("that_fit", models=" / ".join(found)) if found else frame.t("none_fits")]


def _until_known(frame: Frame, choices: Choices, ready: Prepared, known: bool) -> None:
    if not known and tuned_models.known_before(choices.signature, ready, choices.train.eval_examples):
        st.rerun()
    _picture(frame, choices, ready)


def _picture(frame: Frame, choices: Choices, ready: Prepared) -> None:
    first = tuned_models.before(choices.signature, ready, choices.train.eval_examples)
    now = changes(None, ready.task, ready.start.task, first)
    picture.show(frame, ready, choices.train.optimizer, 0, now)
    notice_lines([explain(remark, frame.language) for remark in notices(ready)])


def _examples(frame: Frame, ready: Prepared) -> str:
    """A few examples of the task, and where they come from."""
    task, t = ready.task, frame.t
    info = task.info
    rows = "".join(
        f'<tr><td dir="auto">{escape(shortened(source(task, i), 60))}</td><td>→</td>'
        f'<td dir="auto">{escape(shortened(task.detokenize(task.split("train")[i].target), 60))}</td></tr>'
        for i in range(min(EXAMPLES, len(task.split("train"))))
    )
    origin = t("data_source", source=info.source[frame.language], licence=info.licence[frame.language])
    said = f"{info.note[frame.language]} {origin}"
    synthetic = f"<b>{escape(t('synthetic_data'))}</b> " if info.synthetic else ""
    head = t("examples_of", task=info.title[frame.language], count=f"{len(task.split('train')):,}")
    return (
        f'<h2 class="rn-small">{escape(head)}</h2><table class="ft-table ft-examples">{rows}</table>'
        f'<p class="ft-note">{synthetic}{escape(said)}</p>'
    )


def source(task: Task, index: int) -> str:
    """The source of a training example; a language model's text."""
    pair = task.split("train")[index]
    return task.detokenize_source(pair.source) if pair.source else ""


def run_config(frame: Frame, choices: Choices, task: Task, *, name: str | None = None) -> RunConfig:
    """The run that these choices make."""
    return RunConfig(
        name=name or free_name(name_of(frame, choices, task)),
        task=choices.task,
        task_options=choices.task_options | (Layout.of(task.options).chosen if choices.own else {}),
        own_file=choices.own.name if choices.own else None,
        train=choices.train,
        device=device_for_new_runs(),
        start=choices.plan,
        finetune=choices.finetune.to_dict(),
        probe=st.session_state.get("sentences", {}).get(task.info.name) or None,
    )


def name_of(frame: Frame, choices: Choices, task: Task) -> str:
    """What the run is called at first: start → task · strategy · examples."""
    strategy = frame.t(f"strategy_{choices.finetune.strategy.replace('-', '_')}")
    parts = [f"{start_of(choices).name} → {task.info.title[frame.language]}", strategy]
    if choices.finetune.train_size:
        parts.append(frame.t("size_examples", count=choices.finetune.train_size))
    return " · ".join(parts)[:LONGEST_NAME]
