"""The model of a page: the picker in the strip, and what the model and its data are, always on screen."""

from __future__ import annotations

import html

import streamlit as st

from attnviz.errors import CheckpointError
from attnviz.model import heads_of
from attnviz.ui.frame import address as state
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.notices import notice, shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.sentence.models import Loaded, choices, label, load

CHOSEN = "model"  # session state: the name in use, the same on every page


def pick_model(frame: Frame) -> Loaded | None:
    """The picker, and the model; None when it cannot be opened: the page then says why, and another can be picked."""
    offered = choices(frame.language)
    names = tuple(offered)
    labels = {name: label(name, folder, frame.language) for name, folder in offered.items()}
    if not names:
        notice(frame.t("no_models"), "error")
        return None
    asked = state.arrival(frame.name).model
    with frame.controls:
        name = choose(
            CHOSEN,
            frame.t("model"),
            names,
            labels.__getitem__,
            default=asked if asked in names else names[0],
            width=428,
        )
    if asked is not None and asked not in names:
        with frame.notices:
            notice(frame.t("url_model", value=shortened(asked, 40), used=labels[name]), "warning")
    mirror("address-model", model=name)
    try:
        loaded = load(name)
    except CheckpointError as error:
        notice(frame.t("model_failed", name=name, why=explain(error, frame.language)), "error")
        return None
    describe(frame, loaded)
    return loaded


def describe(frame: Frame, loaded: Loaded) -> None:
    """Chips in the strip: size and licence. In the sidebar: where the data come from."""
    info, model = loaded.task.info, loaded.model
    layers = len(model.sites_of("encoder_self")) + len(model.sites_of("decoder_self"))
    size = frame.t("size", parameters=f"{loaded.manifest.parameters:,}", minutes=round(loaded.manifest.seconds / 60, 1))
    licence = f"{frame.t('licence')} {info.licence[frame.language]}"
    with frame.chips:
        st.html(
            f'<div class="av-chips">{_chip(frame.t("heads", layers=layers, heads=heads_of(model)), size, keep=True)}'
            f"{_chip(licence, licence)}</div>"
        )
    source = f"{info.source[frame.language]}{frame.t('synthetic') if info.synthetic else ''}"
    with st.sidebar:
        st.html(
            f'<div class="av-section">{html.escape(frame.t("data"))}</div><div class="av-foot">'
            f'<b title="{html.escape(info.note[frame.language])}">{html.escape(info.title[frame.language])}</b><br>'
            f"{html.escape(source)}<br>{html.escape(licence)}"
            f"{''.join(f'<br>{html.escape(explain(remark, frame.language))}' for remark in loaded.remarks)}</div>"
        )


def _chip(text: str, hint: str, *, keep: bool = False) -> str:
    return f'<span class="av-chip{" av-keep" if keep else ""}" title="{html.escape(hint)}">{html.escape(text)}</span>'


def scope(loaded: Loaded) -> str:
    """What the switches of a picture belong to: this model, as it is now on disk."""
    return f"{st.session_state[CHOSEN]} {loaded.key.stamp}"
