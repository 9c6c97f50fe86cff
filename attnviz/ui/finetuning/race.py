"""Strategy race: the same start, data, steps and seeds, so that only what trains differs."""

from __future__ import annotations

from functools import partial
from html import escape

import streamlit as st

from attnviz.data import InputError, Task
from attnviz.data.tasks.labels import LabelTask
from attnviz.runs.feed import RunView
from attnviz.settings import FINETUNING
from attnviz.ui.finetuning import groups, next_run, pace, race_picture
from attnviz.ui.finetuning.choices import Choices, current, prepared, start_of
from attnviz.ui.finetuning.entry_figures import courses, figures_of_entries
from attnviz.ui.finetuning.groups import Group, Kind, Planned, with_seed
from attnviz.ui.finetuning.link import GROUP
from attnviz.ui.finetuning.task_measures import measure_of
from attnviz.ui.frame.appearance import dark
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import choose, shown
from attnviz.ui.frame.link import said
from attnviz.ui.frame.notices import notice, shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs.library import feed, library
from attnviz.ui.runs.polling import polled
from attnviz.ui.runs.style import card
from attnviz.ui.runs.trouble import trouble

FIRST = ("full", "head", "last-layers", "lora", "scratch")  # strategies that a race begins with
SEEDS = ("1", "3", "5")
COLUMNS = (6, 14)
LONGEST_NAME = 80
MEASURED = 5  # times that each run of a group is measured


def show(frame: Frame) -> None:
    """The entries on the left, how they stand on the right."""
    left, right = st.columns(COLUMNS, gap="small")
    with left, card("ft-race-form"):
        _form(frame)
    with right, card("ft-race"):
        group = pick(frame, "race")
        if group is None:
            st.html(f'<p class="rn-empty">{escape(frame.t("race_none"))}</p>')
            return
        follow(frame, group, lambda: _standing(frame, group))


# ---- what every group needs --------------------------------------------------------------------------------------


def pick(frame: Frame, kind: Kind) -> Group | None:
    """The group that is looked at: the newest, until another is chosen; the address may name one."""
    found = groups.every(kind)
    if not found:
        return None
    names = {one.id: one.name for one in found}
    asked = said(GROUP)
    chosen = choose(
        f"ft-{kind}",
        frame.t(f"{kind}_pick"),
        tuple(names),
        lambda one: shortened(names[one], 70),
        default=asked if asked in names and asked is not None else next(iter(names)),
    )
    return next(one for one in found if one.id == chosen)


def views_of(group: Group) -> dict[str, RunView]:
    """What the runs of a group have written; those that are gone are left out."""
    found = {}
    for member in group.members:
        try:
            found[member.run] = feed(member.run).view()
        except InputError:
            continue
    return found


def follow(frame: Frame, group: Group, body) -> None:  # type: ignore[no-untyped-def]
    """Progress and controls of all runs together, and below it `body`, drawn again and again while they move."""
    moving = any(view.moving for view in views_of(group).values())

    def draw() -> None:
        if any(view.moving for view in views_of(group).values()) != moving:
            st.rerun()
        _progress(frame, group)
        body()

    polled(draw, moving=moving, resting=False)


def _progress(frame: Frame, group: Group) -> None:
    views = views_of(group).values()
    done, total = sum(view.status.step for view in views), sum(view.status.steps for view in views)
    moving = any(view.moving for view in views)
    ended = sum(view.status.state in ("finished", "stopped", "failed") for view in views)
    said = frame.t("group_progress", ended=ended, runs=len(group.members), step=f"{done:,}", steps=f"{total:,}")
    share = 100 * done / max(total, 1)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="ft-group"):
        st.html(
            f'<div class="ft-progress"><div class="ft-meter"><i class="ft-a" style="width:{share:.1f}%"></i></div>'
            f"<small>{escape(said)}</small></div>"
        )
        if moving and st.button(frame.t("group_stop"), icon=":material/stop:", key="ft-group-stop"):
            _do(frame, lambda: groups.tell(group, "stop"))
        resumable = any(
            view.status.state in ("stopped", "paused") and view.status.step < view.status.steps for view in views
        )
        if (
            not moving
            and resumable
            and st.button(frame.t("group_resume"), icon=":material/play_arrow:", key="ft-group-resume")
        ):
            _do(frame, lambda: groups.tell(group, "play"))
        if not moving and st.button(
            frame.t("group_discard"),
            icon=":material/delete:",
            key="ft-group-discard",
            help=frame.t("group_discard_help"),
        ):
            _do(frame, lambda: groups.discard(group))
    for view in views:
        if view.status.error is not None:
            notice(explain(view.status.error, frame.language), "warning")
            break


def _do(frame: Frame, action) -> None:  # type: ignore[no-untyped-def]
    try:
        action()
    except InputError as error:
        trouble(explain(error, frame.language))
    st.rerun()


def planned(frame: Frame, choices: Choices, task: Task, entry: str, seed: int, said: str) -> Planned:
    """The run of one entry; InputError and ValueError for what does not fit.

    Measured only now and then: with many runs at once that would take longer than training.
    """
    choices = choices.with_value("eval_every", max(choices.train.eval_every, choices.train.steps // MEASURED))
    ready = prepared(choices)
    cost = ready.cost(choices.train.optimizer)
    name = f"{next_run.name_of(frame, choices, task)} · {said}"[:LONGEST_NAME]
    config = next_run.run_config(frame, choices, task, name=name)
    return Planned(config, entry, seed, cost.trained, cost.parameters, cost.bytes)


def launch(kind: Kind, name: str, plans: list[Planned]) -> None:
    """Make the group and look at it."""
    choices = current()
    group = groups.start(kind, name, plans, choices.own.data if choices.own else None)
    st.session_state[f"ft-{kind}"] = group.id
    for member in group.members:
        library().open(member.run).wake()


def subject(frame: Frame, *more: tuple[str, str]) -> Task | None:
    """What the group is about: start, task and examples as chosen in the first view; None after a sentence."""
    task, problem = next_run.known_task(frame)
    if task is None:
        notice(problem, "error" if current().task else "info")
        return None
    choices = current()
    size = choices.finetune.train_size
    lines = (
        (frame.t("field_start"), start_of(choices).name),
        (frame.t("field_task"), task.info.title[frame.language]),
        (frame.t("field_train_size"), f"{size:,}" if size else frame.t("size_all", count=len(task.split("train")))),
        (frame.t("steps"), f"{choices.train.steps:,}"),
        *more,
    )
    rows = "".join(f"<tr><td>{escape(name)}</td><th>{escape(value)}</th></tr>" for name, value in lines)
    st.html(f'<table class="ft-table ft-subject">{rows}</table><p class="rn-why">{escape(frame.t("subject_help"))}</p>')
    return task


# ---- the race ----------------------------------------------------------------------------------------------------


def named(frame: Frame, entry: str) -> str:
    """A strategy's name."""
    return frame.t(f"strategy_{entry.replace('-', '_')}")


def _form(frame: Frame) -> None:
    task = subject(frame)
    if task is None:
        return
    entries = [
        entry for entry in FINETUNING["strategy"].values if entry in st.session_state.setdefault("ft-entries", FIRST)
    ]
    chosen = shown(
        f"ft-entries:{frame.language}", frozenset(entries), partial(st.session_state.__setitem__, "ft-entries")
    )
    st.pills(
        frame.t("race_entries"),
        FINETUNING["strategy"].values,
        selection_mode="multi",
        default=sorted(chosen.value),
        key=chosen.key,
        format_func=lambda entry: named(frame, entry),
        on_change=chosen.answered,
    )
    st.html(f'<p class="rn-small">{escape(frame.t("race_seeds"))}</p>')
    seeds = int(choose("ft-seeds", frame.t("race_seeds"), SEEDS, lambda code: code, default="3", look="segments"))
    st.html(f'<p class="rn-why">{escape(frame.t("race_seeds_why"))}</p>')
    choices = current()
    count = len(entries) * seeds
    if said_before := pace.estimate(frame, choices, entries, seeds):
        st.html(f'<p class="rn-why" data-estimate="race">{escape(said_before)}</p>')
    if unsearched := choices.unsearched(entries):
        names = frame.t("race_and").join(named(frame, entry) for entry in unsearched)
        st.html(f'<p class="rn-why" data-unsearched>{escape(frame.t("race_unsearched", names=names))}</p>')
    if st.button(
        frame.t("race_start", runs=count),
        icon=":material/flag:",
        key="ft-race-start",
        type="primary",
        disabled=not entries,
    ):
        try:
            with st.spinner(frame.t("race_making")):
                plans = [
                    planned(
                        frame,
                        with_seed(choices.with_value("strategy", entry), seed),
                        task,
                        entry,
                        seed,
                        frame.t("race_seed", seed=seed),
                    )
                    for seed in range(seeds)
                    for entry in entries
                ]
                name = f"{start_of(choices).name} → {task.info.title[frame.language]} · {len(entries)} × {seeds}"
                launch("race", name, plans)
        except InputError as error:
            notice(explain(error, frame.language), "error")
            return
        st.rerun()


def _standing(frame: Frame, group: Group) -> None:
    views = views_of(group)
    if not views:
        st.html(f'<p class="rn-empty">{escape(frame.t("group_gone"))}</p>')
        return
    new, old = tasks_of_group(group)
    mine, others = measure_of(new), measure_of(old)
    found = figures_of_entries(group, views, mine, others)
    seeds = max(len(group.of(entry)) for entry in group.entries)

    def say(entry: str) -> str:
        return named(frame, entry)

    st.html(race_picture.table(found, say, frame.t, seeds=seeds, labels=isinstance(new, LabelTask)))
    left, right = st.columns(2, gap="small")
    with left:
        over_time = "race_over_time" if seeds > 1 else "race_over_time_one"
        st.html(f'<h2 class="rn-small">{escape(frame.t(over_time, measure=frame.t(mine.text)))}</h2>')
        drawn = race_picture.over_time(courses(group, views, mine.column), say, title=frame.t("tile_new"), dark=dark())
        st.plotly_chart(drawn, key="ft-race-time", theme=None, config={"displayModeBar": False})
    with right:
        st.html(f'<h2 class="rn-small">{escape(frame.t("race_plane"))}</h2>')
        drawn = race_picture.plane(found, say, new=frame.t("tile_new"), old=frame.t("race_kept"), dark=dark())
        st.plotly_chart(drawn, key="ft-race-plane", theme=None, config={"displayModeBar": False})


def tasks_of_group(group: Group) -> tuple[Task, Task]:
    """The new task and the old one, of the first run that is still there."""
    run = library().open(group.members[0].run)
    return _tasks_of(str(library().root), run.id)


@st.cache_resource(show_spinner=False, max_entries=16)
def _tasks_of(root: str, run: str) -> tuple[Task, Task]:
    from attnviz.runs.contents import load_start, load_task

    folder = library().open(run).folder
    config = folder.read_config()
    start = load_start(folder, config)
    assert start is not None, "what is fine-tuned begins from a model"
    return load_task(folder, config), start.task
