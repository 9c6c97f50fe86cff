"""The model of a page: the picker in the strip, and what the model and its data are, always on screen."""

from __future__ import annotations

import html
from typing import overload

import streamlit as st

from attnviz.errors import CheckpointError, ForeignError
from attnviz.foreign.load import size_text
from attnviz.model import heads_of
from attnviz.ui.frame import shared_link
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import choose, shown
from attnviz.ui.frame.link import written
from attnviz.ui.frame.notices import notice, shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.sentence import opened
from attnviz.ui.sentence.models import Loaded, choices, label, load
from attnviz.ui.sentence.opened import Opened

WANTED = "open-model-wanted"  # session state: what was last typed to be opened
REFUSED = "open-model-refused"  # session state: why the last model that was named could not be opened
CHOSEN = "model"  # session state: the name in use, the same on every page


@overload
def pick_model(frame: Frame) -> Loaded | None: ...


@overload
def pick_model(frame: Frame, *, elsewhere: bool) -> Loaded | Opened | None: ...


def pick_model(frame: Frame, *, elsewhere: bool = False) -> Loaded | Opened | None:
    """The picker, and the model; None when it cannot be opened: the page then says why, and another can be picked.

    `elsewhere`: models that are not ours are offered as well, and can be opened.
    """
    own = choices(frame.language)
    others = opened.offered() if elsewhere else {}
    labels = {name: label(name, folder, frame.language) for name, folder in own.items()}
    labels |= {name: opened.label(name, path, frame.language) for name, path in others.items() if name not in own}
    names = tuple(labels)
    if not names:
        notice(frame.t("no_models"), "error")
        return None
    asked = shared_link.arrival(frame.name).model
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
    mirror("address-model", **written({shared_link.MODEL: name}))
    if elsewhere:
        with st.sidebar:
            _open_another(frame)
    try:
        if name in own:
            loaded: Loaded | Opened = load(name)
        else:
            with st.spinner(frame.t("opening_model", name=name)):
                loaded = opened.open_model(name, others[name])
    except (CheckpointError, ForeignError) as error:
        notice(frame.t("model_failed", name=name, why=explain(error, frame.language)), "error")
        return None
    if isinstance(loaded, Opened):
        describe_opened(frame, loaded)
    else:
        describe(frame, loaded)
    return loaded


def _open_another(frame: Frame) -> None:
    """A field for a folder or a name. What cannot be opened is said here, and the model that was open stays open."""
    field = shown("open-model", st.session_state.get(WANTED, ""), _opened_by_name)
    with st.popover(frame.t("open_model"), help=frame.t("open_model_help"), icon=":material/folder_open:"):
        if not opened.installed():
            notice(frame.t("open_model_extra"), "info")
            return
        st.text_input(frame.t("open_model_field"), field.value, key=field.key, on_change=field.answered)
        if (refused := st.session_state.get(REFUSED)) is not None:
            notice(explain(refused, frame.language), "error")


def _opened_by_name(wanted: str) -> None:
    st.session_state[WANTED], st.session_state[REFUSED] = wanted, None
    if not wanted.strip():
        return
    try:
        st.session_state[CHOSEN] = opened.remember(wanted)
    except ForeignError as error:
        st.session_state[REFUSED] = error


def describe_opened(frame: Frame, loaded: Opened) -> None:
    """Chips in the strip: layers × heads, groups of keys and values, licence. In the sidebar: what kind and size."""
    model, about = loaded.model, loaded.about
    layers = len(model.sites_of("encoder_self")) + len(model.sites_of("decoder_self"))
    heads, groups = heads_of(model), max(map(model.groups, model.sites))
    key = "heads" if groups == heads else "heads_groups"
    size = frame.t(
        "size_opened", kind=about.architecture, parameters=f"{about.parameters:,}", size=size_text(about.bytes)
    )
    licence = f"{frame.t('licence')} {about.licence or frame.t('not_stated')}"
    chips = [_chip(frame.t(key, layers=layers, heads=heads, groups=groups), size, keep=True), _chip(licence, licence)]
    if model.layers_without_map:
        chips.append(_chip(frame.t("layers_without_map", count=model.layers_without_map), size))
    if model.maps_only:
        chips.append(_chip(frame.t("maps_only"), size))
    with frame.chips:
        st.html(f'<div class="av-chips">{"".join(chips)}</div>')
    with st.sidebar:
        st.html(
            f'<div class="av-section">{html.escape(frame.t("data"))}</div><div class="av-foot">'
            f"<b>{html.escape(about.name)}</b><br>{html.escape(frame.t('from_elsewhere'))}<br>"
            f"{html.escape(size)}<br>{html.escape(licence)}</div>"
        )


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


def scope(loaded: Loaded | Opened) -> str:
    """What the switches of a picture belong to: this model, as it is now on disk."""
    return f"{st.session_state[CHOSEN]} {loaded.key.stamp}"
