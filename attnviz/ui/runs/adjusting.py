"""Changes on the way: learning rate, batch, dropout, masks and the device of a run that is going on."""

from __future__ import annotations

from typing import Any

import streamlit as st

from attnviz.config import ModelConfig, TrainConfig
from attnviz.data.tasks.catalogue import INFOS
from attnviz.masks import MaskError
from attnviz.masks.parse import parse
from attnviz.runs import RunConfig
from attnviz.runs.devices import available
from attnviz.runs.feed import RunView
from attnviz.settings import MODEL, TRAINING
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.notices import notice
from attnviz.ui.runs.acting import Act
from attnviz.ui.runs.fields import bounds
from attnviz.ui.text import Words

DEVICE = "run-device"  # session state: where the next run is trained
DEVICE_SENT = "run-device-sent"  # session state: (run, device) that was last asked for
MASKS = ("causal-mask", "padding-mask")  # what may be left out, and put back, on the way


def device_for_new_runs() -> str:
    """The device that was chosen for runs not made yet."""
    return str(st.session_state.get(DEVICE, "auto"))


def pick_device(t: Words) -> None:
    """Choose where the next run is trained."""
    st.caption(t("device_new_help"))
    choose(DEVICE, t("field_device"), ("auto", *available()), lambda code: device_name(t, code), default="auto")


def device_name(t: Words, code: str) -> str:
    """A device as the page says it."""
    return t("device_auto", device=available()[0].upper()) if code == "auto" else code.upper()


def adjust(t: Words, view: RunView, act: Act) -> None:
    """What may be changed while the run trains; one button sends all of it."""
    now = settings_of(view)
    st.caption(t("adjust_help"))
    rate, size, dropout = now["learning_rate"], now["batch_size"], now["dropout"]
    wanted: dict[str, Any] = {
        "learning_rate": st.number_input(
            t("field_learning_rate"), value=rate, key=f"adjust-rate-{rate}", **bounds(TRAINING["learning_rate"])
        ),
        "batch_size": st.number_input(
            t("field_batch_size"), value=size, key=f"adjust-size-{size}", **bounds(TRAINING["batch_size"])
        ),
        "dropout": st.number_input(
            t("field_dropout"),
            value=dropout,
            key=f"adjust-dropout-{dropout}",
            placeholder=t("dropout_start"),
            **bounds(MODEL["dropout"]),
        ),
    }
    left_out = [one for one in now["without"] if one in MASKS]
    kept = [one for one in now["without"] if one not in MASKS]
    removed = st.multiselect(
        t("field_without"),
        MASKS,
        left_out,
        format_func=lambda one: t(f"without_{one.replace('-', '_')}"),
        key=f"adjust-without-{'-'.join(left_out)}-{t.language}",
        placeholder=t("without_nothing"),
    )
    wanted["without"] = (*kept, *(one for one in MASKS if one in removed))
    if INFOS[view.config.task].kind == "seq2seq" and view.config.train.objective in (None, "seq2seq", "denoising"):
        wanted["cross_mask"] = _mask(t, now["cross_mask"])
    new = {name: value for name, value in wanted.items() if value is not None and value != now[name]}
    if st.button(t("adjust_send"), key="adjust-send", type="primary", disabled=not new):
        act("set", **new)
        st.toast(t("adjust_done", what=", ".join(t(f"field_{name}") for name in new)))
    used = view.status.device or "cpu"
    devices = available()
    if len(devices) > 1 or used not in devices:
        offered = devices if used in devices else (*devices, used)
        picked = st.selectbox(
            t("field_device"), offered, offered.index(used), format_func=str.upper, key=f"adjust-device-{used}"
        )
        before, asked = st.session_state.get(DEVICE_SENT), (view.id, picked)
        if asked != before and (picked != used or (before is not None and before[0] == view.id)):
            st.session_state[DEVICE_SENT] = asked  # said once, however long a worker takes to move
            act("device", device=picked)
    else:
        st.caption(t("device_only", device=used.upper()))


def _dropout(config: RunConfig) -> float | None:
    """What the run began with; None where that is for the model it starts from to say."""
    known = config.finetune.get("dropout") if config.finetune else config.shape.get("dropout")
    if known is None and config.start is None:
        known = ModelConfig.dropout
    return None if known is None else float(known)


def _mask(t: Words, now: str) -> str | None:
    """The mask that was written; None, with a sentence, if it is none."""
    written = st.text_input(
        t("field_cross_mask"),
        now,
        key=f"adjust-mask-{now}",
        placeholder="window(2)",
        help=TRAINING["cross_mask"].text(t.language),
    ).strip()
    try:
        if written:
            parse(written)
    except MaskError as error:
        notice(explain(error, t.language), "warning")
        return None
    return written


def settings_of(view: RunView) -> dict[str, Any]:
    """The settings as they are after everything that was changed on the way."""
    train: TrainConfig = view.config.train
    now: dict[str, Any] = {
        "learning_rate": float(train.learning_rate),
        "batch_size": int(train.batch_size),
        "dropout": _dropout(view.config),
        "without": tuple(train.without),
        "cross_mask": train.cross_mask,
    }
    for event in view.events:
        if event.kind == "set":
            now |= {name: value for name, value in event.details.items() if name in now}
    return {**now, "without": tuple(now["without"]), "cross_mask": now["cross_mask"] or ""}
