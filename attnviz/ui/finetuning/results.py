"""Results on the test split: figures beside baselines, the confusion matrix and its examples, or what was written."""

from __future__ import annotations

from html import escape

import streamlit as st

from attnviz.data import Task
from attnviz.data.tasks.labels import LabelTask
from attnviz.language import Language
from attnviz.training.evaluation import Metrics
from attnviz.training.finetuning.labels import LabelPrediction, LabelReport
from attnviz.ui.finetuning import measured
from attnviz.ui.finetuning.confusion import chosen_cell, confusion_figure
from attnviz.ui.finetuning.measured import Labelled, Tested, Written
from attnviz.ui.finetuning.tuned_models import Tuned
from attnviz.ui.frame.appearance import dark
from attnviz.ui.frame.notices import shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs.curves import number
from attnviz.ui.text import Words

SHOWN = 60  # examples of a cell
OUTPUTS = 10  # examples of what is written
CUT = 70  # characters


def show(frame: Frame, now: Tuned) -> None:
    """Everything about the model of this step on data that it has not seen."""
    with st.spinner(frame.t("measuring")):
        found = measured.tested(now)
    step = now.tuner.stopping.step if now.tuner.stopped_early else now.step
    note = frame.t("tested_on", count=f"{found.new.examples:,}", step=f"{step:,}")
    if now.tuner.stopped_early:
        note += " " + frame.t("stopped_early", step=f"{step:,}", at=f"{now.step:,}")
    st.html(f'<p class="ft-note">{escape(note)}</p>')
    if isinstance(now.task, LabelTask):
        _labels(frame, now, now.task, found)
        return
    st.html(figures(now, found, frame.t, frame.language))
    if now.task.info.kind != "lm":
        st.html(outputs(measured.written(now), now.task, frame.t))


# ---- texts -------------------------------------------------------------------------------------------------------


def figures(now: Tuned, found: Tested, t: Words, language: Language) -> str:
    """New task and old task, each before and after."""
    new, old = now.task.info.title[language], now.prepared.start.task.info.title[language]
    rows = [_row(t("row_before", task=new), found.first), _row(t("row_after", task=new), found.new)]
    if found.old is not None and found.old_before is not None:
        rows += [_row(t("row_old_before", task=old), found.old_before), _row(t("row_old", task=old), found.old)]
    head = "".join(f"<th>{escape(t(name))}</th>" for name in ("measure_exact", "measure_tokens", "measure_loss"))
    return f'<table class="ft-table"><thead><tr><td></td>{head}</tr></thead>{"".join(rows)}</table>'


def _row(name: str, metrics: Metrics) -> str:
    exact = "–" if metrics.exact_match is None else f"{100 * metrics.exact_match:.1f}%"
    values = (exact, f"{100 * metrics.token_accuracy:.1f}%", number(metrics.loss))
    return f"<tr><th>{escape(name)}</th>{''.join(f'<td>{escape(value)}</td>' for value in values)}</tr>"


def outputs(found: tuple[Written, ...], task: Task, t: Words) -> str:
    """What was written, the wrong ones first."""
    rows = []
    for one in sorted(found, key=lambda one: one.right)[:OUTPUTS]:
        mine, wanted = task.detokenize(one.said), task.detokenize(one.pair.target)
        sign = "✓" if one.right else "✗"
        rows.append(
            f'<tr class="{"rn-right" if one.right else "rn-wrong"}"><td dir="auto">'
            f"{escape(shortened(task.detokenize_source(one.pair.source), CUT))}</td><td>{sign}</td>"
            f'<td dir="auto">{escape(shortened(mine, CUT)) or "∅"}</td>'
            f'<td dir="auto">{"" if one.right else escape(shortened(wanted, CUT))}</td></tr>'
        )
    source, *others = (f"<th>{escape(t(f'column_{name}'))}</th>" for name in ("source", "said", "wanted"))
    head = f"{source}<td></td>{''.join(others)}"
    title = t("outputs_title", right=sum(one.right for one in found), count=len(found))
    return (
        f'<h2 class="rn-small">{escape(title)}</h2><table class="rn-samples"><thead><tr>{head}</tr></thead>'
        f"{''.join(rows)}</table>"
    )


# ---- labels ------------------------------------------------------------------------------------------------------


def _labels(frame: Frame, now: Tuned, task: LabelTask, found: Tested) -> None:
    report = measured.labelled(now, task)
    st.html(scores_table(report, found, frame.t))
    left, right = st.columns([11, 10], gap="small")
    names = [task.title(label, frame.language) for label in task.labels]
    with left:
        st.html(f'<h2 class="rn-small">{escape(frame.t("confusion_title"))}</h2>')
        figure = confusion_figure(
            report.model.scores.confusion,
            names,
            truth=frame.t("confusion_truth"),
            called=frame.t("confusion_called"),
            dark=dark(),
        )
        event = st.plotly_chart(
            figure,
            key=f"ft-confusion-{now.run}",
            theme=None,
            on_select="rerun",
            selection_mode="points",
            config={"displayModeBar": False},
        )
    cell = chosen_cell(event, len(task.labels)) or _most_wrong(report.model)
    with right:
        if cell is not None:
            st.html(cell_examples(report.model, cell, names, task, frame.t))
        st.html(classes_table(report.model, names, frame.t))


def scores_table(found: Labelled, tested: Tested, t: Words) -> str:
    """Accuracy, precision, recall and F1 of the model, beside what counting alone achieves."""
    rows = {
        "row_model": found.model,
        "row_bayes": found.baselines["bayes"],
        "row_majority": found.baselines["majority"],
    }
    best = max(report.scores.macro_f1 for report in rows.values())
    lines = []
    for name, report in rows.items():
        s = report.scores
        values = (s.accuracy, s.macro_precision, s.macro_recall, s.macro_f1)
        cells = "".join(
            f'<td class="{"ft-best" if value == best and i == 3 else ""}">{100 * value:.1f}%</td>'
            for i, value in enumerate(values)
        )
        lines.append(f"<tr><th>{escape(t(name))}</th>{cells}</tr>")
    head = "".join(f"<th>{escape(t(f'score_{name}'))}</th>" for name in ("accuracy", "precision", "recall", "f1"))
    before = t("labels_before", share=f"{100 * tested.first.token_accuracy:.0f}%")
    return (
        f'<table class="ft-table" data-table="scores"><thead><tr><td></td>{head}</tr></thead>{"".join(lines)}</table>'
        f'<p class="ft-note">{escape(before)}</p>'
    )


def classes_table(report: LabelReport, names: list[str], t: Words) -> str:
    """Precision, recall, F1 and how often, class by class."""
    s = report.scores
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{100 * s.precision[i]:.0f}%</td><td>{100 * s.recall[i]:.0f}%</td>"
        f"<td>{100 * s.f1[i]:.0f}%</td><td>{s.support[i]:,}</td></tr>"
        for i, name in enumerate(names)
    )
    columns = ("class", "precision", "recall", "f1_of_one", "support")
    head = "".join(f"<th>{escape(t(f'score_{name}'))}</th>" for name in columns)
    return f'<div class="ft-scroll"><table class="ft-table"><thead><tr>{head}</tr></thead>{rows}</table></div>'


def _most_wrong(report: LabelReport) -> tuple[int, int] | None:
    """The cell with most mistakes: what is shown before one is clicked."""
    counts = report.scores.confusion.copy()
    for i in range(len(counts)):
        counts[i, i] = 0
    if not counts.size or not counts.any():
        return None
    truth, called = divmod(int(counts.argmax()), len(counts))
    return truth, called


def cell_examples(report: LabelReport, cell: tuple[int, int], names: list[str], task: LabelTask, t: Words) -> str:
    """The surest decisions of a cell."""
    found = report.cell(*cell)
    title = t("cell_title", truth=names[cell[0]], called=names[cell[1]], count=f"{len(found):,}")
    if not found:
        return f'<h2 class="rn-small">{escape(title)}</h2><p class="ft-note">{escape(t("cell_empty"))}</p>'
    rows = "".join(_example(report, one, task) for one in found[:SHOWN])
    first = f'<p class="ft-note">{escape(t("cell_first", shown=SHOWN))}</p>' if len(found) > SHOWN else ""
    return f'<h2 class="rn-small">{escape(title)}</h2><div class="ft-cell">{rows}{first}</div>'


def _example(report: LabelReport, one: LabelPrediction, task: LabelTask) -> str:
    pair = report.pairs[one.example]
    sure = f"<small>{100 * one.probability:.0f}%</small>"
    if not task.per_token:
        text = escape(shortened(task.detokenize_source(pair.source), 90))
        return f'<div class="ft-example" dir="auto">{sure} {text}</div>'
    near = range(max(0, one.position - 12), min(len(pair.source), one.position + 13))
    chips = "".join(
        f'<span class="{"ft-here" if i == one.position else ""}"><em>{escape(pair.source[i])}</em></span>' for i in near
    )
    return f'<div class="ft-example"><div class="ft-labels">{chips}{sure}</div></div>'
