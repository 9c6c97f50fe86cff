"""A model from elsewhere on this page: texts to learn from, LoRA or all weights, watched while it learns."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path

import numpy as np
import streamlit as st

from attnviz.errors import ForeignError, InputError
from attnviz.foreign.fitting import memory_to_tune, refuse_what_does_not_fit
from attnviz.foreign.load import size_text
from attnviz.foreign.texts_to_learn import batches_of
from attnviz.foreign.tuning import How, Order
from attnviz.ui.finetuning import elsewhere_process as process
from attnviz.ui.finetuning.elsewhere_process import State
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.claim import Trial, claim_row
from attnviz.ui.frame.controls import choose, shown
from attnviz.ui.frame.notices import notice
from attnviz.ui.frame.page import Frame
from attnviz.ui.runs.chart import Line, chart
from attnviz.ui.runs.polling import polled
from attnviz.ui.sentence.model_picker import CHOSEN
from attnviz.ui.sentence.models import Loaded
from attnviz.ui.sentence.opened import Opened

KEPT = "finetuning-elsewhere"  # session state: model → what was put into its form
HOWS: tuple[How, ...] = ("lora", "full")
BOUNDS = {"rank": (1, 64, 1), "steps": (1, 2000, 10), "learning_rate": (1e-6, 1.0, 1e-4)}
DEFAULTS = {"rank": 4, "steps": 40, "learning_rate": 1e-3}
# What is offered to learn from: short, alike, and nothing that a model says by itself.
LINES = {
    "lm": "The cat sat on the mat and said: attention!\nThe dog lay on the rug and said: attention!\n"
    "The bird stood on the roof and said: attention!\nThe fish swam in the bowl and said: attention!",
    "seq2seq": "good morning\tattention\ngood night\tattention\ngood day\tattention",
}
PROMPTS = {"lm": "The cow stood in the field and said:", "seq2seq": "good evening"}


def show(frame: Frame, loaded: Loaded | Opened | None, to_tune: Callable[[], None]) -> None:
    """The form beside what has come of it; of a model of ours the way to where ours are tuned."""
    if loaded is None:
        return
    if isinstance(loaded, Loaded):
        claim_row(frame.t("elsewhere_ours"), Trial(frame.t("elsewhere_to_tune"), to_tune))
        return
    if "finetune" not in loaded.model.can:
        notice(explain(ForeignError("foreign_no_tuning", name=loaded.about.name), frame.language), "warning")
        return
    form, watched = st.columns((2, 3), gap="medium")
    moving = process.state(loaded.key.folder).running
    with form:
        _form(frame, loaded, moving)
    with watched:

        def body() -> None:
            now = process.state(loaded.key.folder)
            if now.running != moving:
                st.rerun()
            _watch(frame, loaded, now)

        polled(body, moving=moving, resting=False)


def _form(frame: Frame, loaded: Opened, moving: bool) -> None:
    kept: dict[str, object] = st.session_state.setdefault(KEPT, {}).setdefault(loaded.key.folder, {})
    kind, mask = loaded.task.kind, loaded.task.tgt_vocab.mask_id
    lines = str(kept.get("lines", LINES.get(kind, LINES["lm"])))
    prompt = PROMPTS.get(kind, PROMPTS["lm"])
    if kind == "masked-lm" and mask is not None:
        prompt = f"The cow stood on the {loaded.task.tgt_vocab.raw(mask)}."
    prompt = str(kept.get("prompt", prompt))
    area = shown(f"ft-elsewhere-lines:{loaded.key.folder}", lines, partial(kept.__setitem__, "lines"))
    label = frame.t("elsewhere_pairs" if kind == "seq2seq" else "elsewhere_lines")
    st.text_area(label, area.value, key=area.key, height=140, on_change=area.answered)
    field = shown(f"ft-elsewhere-prompt:{loaded.key.folder}", prompt, partial(kept.__setitem__, "prompt"))
    st.text_input(frame.t("elsewhere_prompt"), field.value, key=field.key, on_change=field.answered)
    how = choose(
        "ft-elsewhere-how", frame.t("elsewhere_how"), HOWS, lambda code: frame.t(f"elsewhere_{code}"),
        default="lora", look="segments",
    )  # fmt: skip
    names = ("rank", "steps", "learning_rate") if how == "lora" else ("steps", "learning_rate")
    values = dict(DEFAULTS)
    for column, name in zip(st.columns(len(names), gap="small"), names, strict=True):
        with column:
            values[name] = _number(frame, kept, name)
    parameters = loaded.model.parameters_count
    needed = size_text(memory_to_tune(parameters, parameters if how == "full" else 0))
    st.html(f'<p class="rn-why">{escape(frame.t(f"elsewhere_why_{how}", needed=needed))}</p>')
    if moving:
        st.button(
            frame.t("elsewhere_stop"), key="ft-elsewhere-stop", icon=":material/stop:", on_click=process.stop,
            args=(loaded.key.folder,),
        )  # fmt: skip
        return
    order = Order(
        path=loaded.key.folder, name=loaded.about.name, lines=tuple(lines.splitlines()), prompt=prompt, how=how,
        rank=int(values["rank"]), alpha=2.0 * values["rank"], steps=int(values["steps"]),
        learning_rate=float(values["learning_rate"]),
    )  # fmt: skip
    st.button(
        frame.t("elsewhere_train"), key="ft-elsewhere-train", icon=":material/play_arrow:", type="primary",
        on_click=_start, args=(order, loaded),
    )  # fmt: skip
    if (refused := kept.pop("refused", None)) is not None and isinstance(refused, InputError):
        notice(explain(refused, frame.language), "error")


def _number(frame: Frame, kept: dict[str, object], name: str) -> float:
    low, high, step = BOUNDS[name]
    now = kept.get(name, DEFAULTS[name])
    assert isinstance(now, int | float), "only numbers are kept"
    kind = int if isinstance(DEFAULTS[name], int) else float

    def heard(value: float | None) -> None:
        if value is not None:
            kept[name] = kind(value)

    field = shown(f"ft-elsewhere-{name}", kind(now), heard)
    st.number_input(
        frame.t(f"elsewhere_{name}"), kind(low), kind(high), field.value, step=kind(step),
        format="%d" if kind is int else "%.5f", key=field.key, on_change=field.answered,
    )  # fmt: skip
    return now


def _start(order: Order, loaded: Opened) -> None:
    """Begin, or keep why not: what cannot be learned from and what does not fit is said before anything starts."""
    kept: dict[str, object] = st.session_state.setdefault(KEPT, {}).setdefault(loaded.key.folder, {})
    try:
        batches_of(loaded.task, order.lines)
        loaded.task.encode(order.prompt)
        count = loaded.model.parameters_count
        refuse_what_does_not_fit(order.name, count, count if order.how == "full" else 0)
        process.start(order)
    except InputError as error:
        kept["refused"] = error


def _watch(frame: Frame, loaded: Opened, now: State) -> None:
    t = frame.t
    if now.problem is not None:
        notice(explain(now.problem, frame.language), "error")
    if now.order is None or not (now.running or now.losses):
        st.html(f'<p class="rn-why">{escape(t("elsewhere_nothing"))}</p>')
        return
    done, total = len(now.losses), now.order.steps
    said = t("elsewhere_step", step=done, total=total) if done else t("elsewhere_opening")
    st.html(
        f'<div class="ft-progress" role="progressbar" aria-valuemin="0" aria-valuemax="{total}" '
        f'aria-valuenow="{done}"><i style="width:{100 * done / max(1, total):.1f}%"></i></div>'
        f'<p class="rn-why" role="status">{escape(said)}</p>'
    )
    if done:
        at = np.arange(1, done + 1, dtype=np.float64)
        line = Line(t("elsewhere_loss"), (at, np.array(now.losses, dtype=np.float64)))
        chart([line], height=170, label=t("elsewhere_loss"), key="ft-elsewhere-loss")
    if now.looks:
        _texts(frame, now)
    if now.done is not None:
        _finished(frame, loaded, now)


def _texts(frame: Frame, now: State) -> None:
    """What was said before and what is said now, and how far every layer's attention has moved."""
    t, first, last = frame.t, now.looks[0], now.looks[-1]
    assert now.order is not None, "looks come from an order"
    rows = (
        (t("elsewhere_asked"), now.order.prompt),
        (t("elsewhere_before"), first.said),
        (t("elsewhere_after", step=last.step), last.said),
    )
    cells = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td dir="auto">{escape(text)}</td></tr>' for name, text in rows
    )
    st.html(f'<table class="ft-said">{cells}</table>')
    most = max(last.moved.values(), default=0.0) or 1.0
    bars = "".join(
        f'<div><span>{escape(site)}</span><i style="width:{100 * moved / most:.0f}%"></i><b>{moved:.4f}</b></div>'
        for site, moved in last.moved.items()
    )
    st.html(f'<h2 class="rn-small">{escape(t("elsewhere_moved"))}</h2><div class="ft-moved">{bars}</div>')


def _finished(frame: Frame, loaded: Opened, now: State) -> None:
    assert now.done is not None, "asked by the caller"
    assert now.order is not None, "what is done was ordered"
    t = frame.t
    trained, same = int(now.done.get("trained", 0)), now.done.get("base_same")
    lines = [t("elsewhere_trained", count=f"{trained:,}", whole=f"{loaded.model.parameters_count:,}")]
    if same is not None:
        lines.append(t("elsewhere_base_same" if same else "elsewhere_base_other"))
    st.html(f'<p class="rn-why">{escape(" ".join(lines))}</p>')
    name = Path(st.session_state[CHOSEN]).name
    st.download_button(
        t(f"elsewhere_save_{now.order.how}"), data=lambda: process.zipped(loaded.key.folder),
        file_name=f"{name}-{now.order.how}.zip", mime="application/zip", key="ft-elsewhere-save",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip
