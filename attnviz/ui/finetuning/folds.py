"""k-fold cross-validation: every example is held out once; mean ± sd over the folds, and all folds' models together."""

from __future__ import annotations

from html import escape

import streamlit as st

from attnviz.data import InputError, Task
from attnviz.data.tasks.labels import LabelTask
from attnviz.experiments.recording import quoted
from attnviz.runs.feed import RunView
from attnviz.training.evaluation import evaluate
from attnviz.training.finetuning.ensemble import Member, ensemble_exact_match, ensemble_report
from attnviz.training.finetuning.spread import Spread
from attnviz.ui.finetuning import race, tuned_models
from attnviz.ui.finetuning.choices import current, start_of
from attnviz.ui.finetuning.groups import Group
from attnviz.ui.finetuning.measured import LIMIT
from attnviz.ui.finetuning.task_measures import Measure, measure_of, value
from attnviz.ui.frame.appearance import colour_names
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.notices import notice
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs.curves import number
from attnviz.ui.runs.style import card

FOLDS = ("3", "5", "10")
CLEARLY = 0.001  # a smaller gain of the vote is none


def show(frame: Frame) -> None:
    """How many folds, and what they say."""
    left, right = st.columns(race.COLUMNS, gap="small")
    with left, card("ft-race-form"):
        _form(frame)
    with right, card("ft-race"):
        group = race.pick(frame, "folds")
        if group is None:
            st.html(f'<p class="rn-empty">{escape(frame.t("folds_none"))}</p>')
            return
        race.follow(frame, group, lambda: _standing(frame, group))


def _form(frame: Frame) -> None:
    choices = current()
    task = race.subject(frame, (frame.t("strategy"), race.named(frame, choices.finetune.strategy)))
    if task is None:
        return
    st.html(f'<p class="rn-small">{escape(frame.t("folds_count"))}</p>')
    folds = int(choose("ft-k", frame.t("folds_count"), FOLDS, lambda code: code, default="5", look="segments"))
    why = frame.t("folds_why", **colour_names(frame.language, "tested"))
    st.html(f'<p class="rn-why">{escape(why)}</p>{_picture(folds, frame)}')
    if not st.button(frame.t("folds_start", runs=folds), icon=":material/flag:", key="ft-folds-start", type="primary"):
        return
    try:
        with st.spinner(frame.t("race_making")):
            plans = [
                race.planned(
                    frame,
                    choices.with_value("folds", folds).with_value("fold", fold),
                    task,
                    str(fold),
                    choices.train.seed,
                    frame.t("fold_name", number=fold + 1, folds=folds),
                )
                for fold in range(folds)
            ]
            strategy = race.named(frame, choices.finetune.strategy)
            title = task.info.title[frame.language]
            race.launch("folds", f"{start_of(choices).name} → {title} · {strategy} · k = {folds}", plans)
    except InputError as error:
        notice(explain(error, frame.language), "error")
        return
    st.rerun()


def _picture(folds: int, frame: Frame) -> str:
    """A row a fold; its held-out part stands out."""
    rows = "".join(
        f"<div>{''.join('<i class=ft-d></i>' if i == fold else '<i class=ft-c></i>' for i in range(folds))}</div>"
        for fold in range(folds)
    )
    return f'<div class="ft-folds" role="img" aria-label="{escape(frame.t("folds_title"))}">{rows}</div>'


def _standing(frame: Frame, group: Group) -> None:
    views = race.views_of(group)
    if not views:
        st.html(f'<p class="rn-empty">{escape(frame.t("group_gone"))}</p>')
        return
    new, _ = race.tasks_of_group(group)
    measure = measure_of(new)
    st.html(table(group, views, measure, frame, labels=isinstance(new, LabelTask)))
    if any(view.moving for view in views.values()):
        st.html(f'<p class="ft-note">{escape(frame.t("ensemble_waits"))}</p>')
        return
    if new.info.kind == "lm":
        st.html(f'<p class="ft-note">{escape(frame.t("ensemble_never"))}</p>')
        return
    _ensemble(frame, group, views, measure)
    if note := _boosting(frame):
        st.html(note)


def table(group: Group, views: dict[str, RunView], measure: Measure, frame: Frame, *, labels: bool) -> str:
    """What each fold's model achieves on the part that was held out, and mean ± sd."""
    columns = [measure.column, *(["macro_f1"] if labels else []), "validation_loss"]
    said = [frame.t(measure.text), *([frame.t("race_f1")] if labels else []), frame.t("race_loss")]
    rows = []
    for member in group.members:
        view = views.get(member.run)
        if view is None:
            continue
        cells = "".join(f"<td>{escape(_value(name, view.last(name)))}</td>" for name in columns)
        name = frame.t("fold_name", number=int(member.entry) + 1, folds=len(group.members))
        rows.append(f"<tr><th>{escape(name)}</th>{cells}<td>{view.status.step:,}/{view.status.steps:,}</td></tr>")
    means = "".join(
        f"<td>{escape(_mean(name, Spread.of(view.last(name) for view in views.values())))}</td>" for name in columns
    )
    rows.append(f'<tr class="ft-mean"><th>{escape(frame.t("folds_mean"))}</th>{means}<td></td></tr>')
    head = "".join(f"<th>{escape(name)}</th>" for name in (*said, frame.t("steps")))
    return f'<table class="ft-table" data-table="folds"><thead><tr><td></td>{head}</tr></thead>{"".join(rows)}</table>'


def _value(name: str, found: float | None) -> str:
    if found is None:
        return "–"
    return number(found) if name == "validation_loss" else f"{100 * found:.1f}%"


def _mean(name: str, spread: Spread | None) -> str:
    if spread is None:
        return "–"
    mean = _value(name, spread.mean)
    return mean if spread.count < 2 else f"{mean} ± {_value(name, spread.sd)}"


def _ensemble(frame: Frame, group: Group, views: dict[str, RunView], measure: Measure) -> None:
    """On the test split, which no fold has seen: one model at a time, and all of them by vote."""
    st.html(f'<h2 class="rn-small">{escape(frame.t("ensemble_title"))}</h2>')
    wanted = f"ft-ensemble-{group.id}"
    if not st.session_state.get(wanted):
        if st.button(frame.t("ensemble_do"), icon=":material/how_to_vote:", key="ft-ensemble"):
            st.session_state[wanted] = True
        else:
            return
    steps = tuple((run, max(view.kept, default=-1)) for run, view in views.items())
    if any(step < 0 for _, step in steps):
        return
    with st.spinner(frame.t("measuring")):
        single, together = _voted(steps, measure)
    st.html(
        f'<table class="ft-table" data-table="ensemble"><tr><th>{escape(frame.t("ensemble_single"))}</th>'
        f"<td>{100 * single.mean:.1f}% ± {100 * single.sd:.1f}%</td></tr><tr><th>{escape(frame.t('ensemble_all'))}</th>"
        f'<td class="{"ft-best" if together > single.mean + CLEARLY else ""}">{100 * together:.1f}%</td></tr></table>'
        f'<p class="ft-note">{escape(frame.t("ensemble_note", measure=frame.t(measure.text), count=LIMIT))}</p>'
    )


def _boosting(frame: Frame) -> str:
    """How bagging and boosting came out beside each other, as the experiment "ensembles" recorded it."""
    found = quoted("ensembles")
    if found is None:
        return ""
    names = ("single", "bagging", "bagging.alone", "boosting", "boosting.alone")
    shares = {name.replace(".", "_"): f"{found.means[name]:.1%}" for name in names}
    said = escape(frame.t("boosting_note", seeds=len(found.seeds), **shares))
    link = f"experiments?experiment=ensembles&lang={frame.language}"
    return f'<p class="ft-note">{said} <a href="{link}" target="_self">{escape(frame.t("boosting_link"))}</a></p>'


@st.cache_resource(show_spinner=False, max_entries=16)
def _voted(steps: tuple[tuple[str, int], ...], measure: Measure) -> tuple[Spread, float]:
    found = [tuned_models.tuned(run, step) for run, step in steps]
    members = [Member(one.model, one.task) for one in found]
    task: Task = found[0].task
    pairs = task.split("test")[:LIMIT]
    alone = [value(evaluate(one.model, one.task, "test", limit=LIMIT), measure) for one in found]
    single = Spread(tuple(share for share in alone if share is not None))
    if isinstance(task, LabelTask):
        return single, ensemble_report(members, task, pairs).scores.accuracy
    return single, ensemble_exact_match(members, pairs)
