"""Up to four runs side by side: settings, curves, heads on the same sentence at the same step, samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from html import escape
from typing import Any

import streamlit as st

from attnviz.data import InputError
from attnviz.data.tasks.catalogue import INFOS
from attnviz.figures import attention_grid
from attnviz.figures.theme import DARK, LIGHT
from attnviz.language import spoken
from attnviz.runs import RunSummary
from attnviz.runs.feed import RunView
from attnviz.ui.frame.appearance import dark
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import choose, shown
from attnviz.ui.frame.notices import notice, shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs import heads
from attnviz.ui.runs.chart import Line, chart
from attnviz.ui.runs.chosen_run import chosen_run
from attnviz.ui.runs.curves import number, spread
from attnviz.ui.runs.dashboard import sentence_name
from attnviz.ui.runs.fields import in_words
from attnviz.ui.runs.library import feed, library, watched
from attnviz.ui.runs.polling import polled
from attnviz.ui.runs.series import Series, column
from attnviz.ui.runs.style import card
from attnviz.ui.sentence.row import sentence_row
from attnviz.ui.text import Words, texts, words

MOST = 4
LETTERS = "ABCD"
UNIMPORTANT = ("eval_every", "eval_examples")  # they change what is measured, not what is learned
WIDE = 560  # pixels that one of two pictures has on a small screen
OLD_TASK = ("old_exact_match", "old_token_accuracy")  # what of a run says how much of its old task is left
STRATEGY = "strategy"
CURVES = {"compare_loss": "loss", "compare_forced": "validation_token_accuracy", "compare_exact": "exact_match"}


def picked(page: str) -> list[str]:
    """The runs that a session compares."""
    found: list[str] = st.session_state.setdefault(f"compare:{page}", [])
    return found


def put_beside(page: str, runs: Sequence[str]) -> None:
    """Compare these from now on."""
    st.session_state[f"compare:{page}"] = list(dict.fromkeys(runs))[:MOST]


def show(frame: Frame, page: str, mine: Callable[[RunSummary], bool]) -> None:
    """Choose the runs, then watch them together."""
    t = words("runs", frame.language)
    known = {one.id: one.name for one in library().list() if mine(one) and one.status is not None}
    if not picked(page) and chosen_run(page).run in known:
        put_beside(page, [str(chosen_run(page).run), *known])
    chosen = [run for run in picked(page) if run in known]
    pick = shown(f"compare-pick:{frame.language}", chosen, partial(put_beside, page))
    with card("compare-pick"):
        st.multiselect(
            t("compare_pick"),
            list(known),
            chosen,
            format_func=lambda run: shortened(known[run], 60),
            max_selections=MOST,
            key=pick.key,
            placeholder=t("compare_pick"),
            label_visibility="collapsed",
            on_change=pick.answered,
        )
    if len(chosen) < 2:
        st.html(f'<p class="rn-empty">{escape(t("compare_few"))}</p>')
        return
    views = _views(frame, chosen)
    polled(lambda: _together(frame, t, _views(frame, chosen), known), moving=any(view.moving for view in views))


def _views(frame: Frame, runs: Sequence[str]) -> list[RunView]:
    found = []
    for run in runs:
        try:
            found.append(feed(run).view())
        except InputError as error:
            notice(explain(error, frame.language), "warning")
    return found


def _together(frame: Frame, t: Words, views: list[RunView], names: Mapping[str, str]) -> None:
    labels = {view.id: letter for view, letter in zip(views, LETTERS, strict=False)}
    full = {view.id: named(labels[view.id], names.get(view.id, view.id)) for view in views}
    with card("compare-curves"):
        st.html(verdicts(views, full, t))
        shown_curves = {**CURVES, **({"compare_old": OLD_TASK[0]} if any(old_task(view) for view in views) else {})}
        for place, (title, name) in zip(st.columns(len(shown_curves)), shown_curves.items(), strict=True):
            series: dict[str, Series] = {
                labels[view.id]: column(view, (old_task(view) or name) if name in OLD_TASK else name) for view in views
            }
            with place:
                st.html(f'<h2 class="rn-small">{escape(t(title))}</h2>')
                lines = [Line(name_of_run, pair) for name_of_run, pair in series.items()]
                chart(
                    lines,
                    log=name == "loss" and spread(series),
                    share=name != "loss",
                    height=230,
                    label=t(title),
                    key=f"compare-{name}",
                )
    common = sorted(set.intersection(*(set(view.kept) for view in views))) if views else []
    if not common:
        return
    with card("compare-heads"):
        _heads(frame, t, views, full, common)


def _heads(frame: Frame, t: Words, views: list[RunView], labels: Mapping[str, str], common: list[int]) -> None:
    st.html(f'<h2 class="rn-title">{escape(t("compare_heads"))}</h2>')
    kept = st.session_state.get("compare-step")
    step = kept if kept in common else common[-1]

    def slid(to: int) -> None:
        st.session_state["compare-step"] = None if to == common[-1] else to

    slider = shown("compare-step-slider", step, slid)
    if len(common) > 1:
        st.select_slider(
            t("compare_step"),
            common,
            step,
            key=slider.key,
            format_func=lambda one: t("compare_step_of", step=f"{one:,}"),
            label_visibility="collapsed",
            on_change=slider.answered,
        )
    models = [watched(view, step) for view in views]
    chosen = sentence_row(frame, models[0].task, name=sentence_name(models[0].task))
    kinds = tuple(dict.fromkeys(kind for model in models for kind in model.model.kinds))
    texts_of_stage = spoken(texts("attention_stage"), frame.language)
    kind = choose(
        "compare-kind",
        texts_of_stage["kinds"],
        kinds,
        lambda one: texts_of_stage[f"kind_{one}"],
        default=kinds[-1],
        look="segments",
    )
    first = sentence_name(models[0].task)
    same = all(sentence_name(model.task) == first for model in models)
    if not same:
        notice(t("compare_other_task"))
    for start in range(0, len(views), 2):
        for place, view, model in zip(
            st.columns(2, gap="small"), views[start : start + 2], models[start : start + 2], strict=False
        ):
            with place:
                text = chosen.text if sentence_name(model.task) == first else model.task.examples[0]
                st.html(f'<h2 class="rn-small">{labels[view.id]}</h2>')
                _grid(frame, t, view, model, text, kind)


def _grid(frame: Frame, t: Words, view: RunView, model: heads.Watched, text: str, kind: str) -> None:
    """All heads of one run, and what it writes by itself."""
    found = heads.read(model, text, frame.language)
    if found is None:
        return
    st.html(f'<div class="rn-line">{heads.verdict_line(found, model.task, t)}</div>')
    drawn = next((one for one in found.kinds if one.kind == kind), found.kinds[-1])
    made = attention_grid(
        drawn.weights,
        rows=drawn.row_labels,
        columns=drawn.column_labels,
        mask=drawn.mask,
        language=frame.language,
        dark=dark(),
    )
    share = WIDE / float(made.layout.width)
    made.update_layout(width=None, autosize=True, height=int(float(made.layout.height) * min(1.0, share) + 20))
    st.plotly_chart(made, key=f"compare-{view.id}", theme=None, config={"displayModeBar": False})


def old_task(view: RunView) -> str | None:
    """The column of a fine-tuned run that says how much of its old task is left; None where nobody measured it."""
    return next((name for name in OLD_TASK if view.last(name) is not None), None)


# ---- what differs --------------------------------------------------------------------------------------------------


def named(letter: str, name: str) -> str:
    """A run's letter in the colour of its curve, and its name."""
    place = LETTERS.index(letter)
    return (
        f'<i class="rn-letter" style="background:light-dark({LIGHT.runs[place]},{DARK.runs[place]})">{letter}</i>'
        f'<span dir="auto">{escape(shortened(name, 80))}</span>'
    )


def settings(view: RunView) -> dict[str, Any]:
    """Everything that a run was asked to do, flat."""
    config = view.config
    start = {"start": config.start.get("checkpoint") or config.start.get("run")} if config.start else {}
    tuned = {name: value for name, value in (config.finetune or {}).items() if not isinstance(value, Mapping)}
    return {
        "task": config.task,
        **dict(config.task_options),
        **dict(config.shape),
        **start,
        **tuned,
        **asdict(config.train),
    }


def different(views: Sequence[RunView]) -> list[str]:
    """The settings in which runs differ."""
    all_of_them = [settings(view) for view in views]
    names = [name for name in dict.fromkeys(name for one in all_of_them for name in one) if name not in UNIMPORTANT]
    return [name for name in names if len({repr(one.get(name)) for one in all_of_them}) > 1]


def verdicts(views: Sequence[RunView], labels: Mapping[str, str], t: Words) -> str:
    """A table: what differs, and how far each run is."""
    names = different(views)
    if STRATEGY not in names and any(STRATEGY in settings(view) for view in views):
        names = [STRATEGY, *names]
    forgets = any(old_task(view) for view in views)
    head = "".join(f"<th>{escape(_setting(name, t))}</th>" for name in names)
    columns = ("step_of", "compare_validation", "accuracy", "exact_match", *(["compare_old"] if forgets else []))
    head += "".join(f"<th>{escape(t(name))}</th>" for name in columns)
    rows = []
    for view in views:
        mine = settings(view)
        cells = "".join(f"<td>{escape(_value(name, mine.get(name), t))}</td>" for name in names)
        loss, forced, exact = (
            view.last(name) for name in ("validation_loss", "validation_token_accuracy", "exact_match")
        )
        said = [f"{view.status.step:,}", "–" if loss is None else number(loss)]
        left = [view.last(old_task(view) or OLD_TASK[0])] if forgets else []
        said += ["–" if share is None else f"{100 * share:.0f}%" for share in (forced, exact, *left)]
        rows.append(
            f"<tr><th>{labels[view.id]}</th>{cells}" + "".join(f"<td>{escape(one)}</td>" for one in said) + "</tr>"
        )
    same = "" if different(views) else f'<p class="rn-why">{escape(t("compare_same"))}</p>'
    same += f'<p class="rn-why">{escape(t("compare_split_old" if forgets else "compare_split"))}</p>'
    return f'<table class="rn-verdicts"><tr><td></td>{head}</tr>{"".join(rows)}</table>{same}'


def _setting(name: str, t: Words) -> str:
    for page in ("runs", "finetuning"):
        for key in (f"field_{name}", name):
            if key in texts(page):
                return words(page, t.language)(key)
    return name


def _value(name: str, value: Any, t: Words) -> str:
    if value is None:
        return "–"
    if name == "task" and value in INFOS:
        return INFOS[value].title[t.language]
    if name == STRATEGY:
        return words("finetuning", t.language)(f"strategy_{str(value).replace('-', '_')}")
    if isinstance(value, list | tuple):
        return ", ".join(in_words(t, name, one) for one in value) or "–"
    return in_words(t, name, value)
