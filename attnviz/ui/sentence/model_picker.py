"""The model of a page: the picker in the strip, and what the model and its data are, always on screen."""

from __future__ import annotations

import html
from pathlib import Path
from typing import overload

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from attnviz.errors import CheckpointError, ForeignError, InputError, Notice
from attnviz.foreign.load import size_text
from attnviz.model import heads_of
from attnviz.ui.frame import shared_link
from attnviz.ui.frame.address_bar import mirror
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import choose, shown
from attnviz.ui.frame.link import written
from attnviz.ui.frame.notices import notice, shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.frame.uploads import LARGEST, let_go, stream_of
from attnviz.ui.sentence import opened
from attnviz.ui.sentence.models import Loaded, choices, label, load
from attnviz.ui.sentence.opened import Opened, OpenedPictures

WANTED = "open-model-wanted"  # session state: what was last typed to be opened
PENDING = "open-model-pending"  # session state: what is to be opened before anything is drawn
REFUSED = "open-model-refused"  # session state: why the last model that was named could not be opened
POINT = "point-at"  # session state: two tokens; the head that looks hardest from one to the other is shown first
CHOSEN = "model"  # session state: the name in use, the same on every page


@overload
def pick_model(frame: Frame) -> Loaded | None: ...


@overload
def pick_model(frame: Frame, *, elsewhere: bool) -> Loaded | Opened | None: ...


def pick_model(frame: Frame, *, elsewhere: bool = False) -> Loaded | Opened | None:
    """The picker, and the model; None when it cannot be opened: the page then says why, and another can be picked.

    `elsewhere`: models that are not ours are offered as well, and can be opened.
    """
    found = pick_any(frame, elsewhere=elsewhere)
    if isinstance(found, OpenedPictures):
        notice(explain(ForeignError("foreign_no_text", name=found.name), frame.language), "info")
        return None
    return found


def pick_any(frame: Frame, *, elsewhere: bool = True) -> Loaded | Opened | OpenedPictures | None:
    """The same, where models that read pictures are of use, too."""
    if elsewhere:
        _open_pending(frame)
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
            _offer_real(frame)
    try:
        if name in own:
            loaded: Loaded | Opened | OpenedPictures = load(name)
        else:
            about = opened.about(others[name])
            facts = "" if about is None else _facts(frame, about)
            with st.spinner(frame.t("opening_model", name=name, facts=facts)):
                loaded = opened.open_model(others[name])
    except (CheckpointError, ForeignError) as error:
        notice(frame.t("model_failed", name=name, why=explain(error, frame.language)), "error")
        return None
    if isinstance(loaded, Opened | OpenedPictures):
        describe_opened(frame, loaded)
    else:
        describe(frame, loaded)
    return loaded


def _offer_real(frame: Frame) -> None:
    """Real heads that are worth a look, where their weights are installed."""
    if not opened.real_heads():
        return

    def look() -> None:
        _opened_by_name(opened.REAL)
        st.session_state.setdefault("sentences", {})["sentence"] = opened.REAL_SENTENCE
        st.session_state[POINT] = opened.REAL_POINT

    st.button(
        frame.t("real_heads", query=opened.REAL_POINT[0], seen=opened.REAL_POINT[1]),
        key="real-heads",
        on_click=look,
        help=frame.t("real_heads_help"),
        icon=":material/neurology:",
    )


def _open_another(frame: Frame) -> None:
    """A field for a folder or a name. What cannot be opened is said here, and the model that was open stays open."""
    field = shown("open-model", st.session_state.get(WANTED, ""), _opened_by_name)
    with st.popover(frame.t("open_model"), help=frame.t("open_model_help"), icon=":material/folder_open:"):
        if not opened.installed():
            notice(frame.t("open_model_extra"), "info")
            return
        st.text_input(frame.t("open_model_field"), field.value, key=field.key, on_change=field.answered)
        _list_found(frame)
        st.file_uploader(
            frame.t("open_model_zip"),
            type=["zip"],
            key="open-model-zip",
            max_upload_size=LARGEST,
            on_change=_uploaded,
        )
        if (refused := st.session_state.get(REFUSED)) is not None:
            notice(explain(refused, frame.language), "error")


def _list_found(frame: Frame) -> None:
    """What lies on this computer, each with its size and whether it fits."""
    found = opened.on_this_computer()
    if not found:
        return

    def described(name: str) -> str:
        said = opened.label(name, found[name], frame.language)
        about = opened.about(found[name])
        return f"{said} · {frame.t('does_not_fit')}" if about is not None and opened.fits(about) is False else said

    def picked() -> None:
        if (name := st.session_state.get("open-model-found")) is not None:
            _opened_by_name(str(name))

    st.selectbox(
        frame.t("open_model_found"),
        tuple(found),
        index=None,
        format_func=described,
        placeholder=frame.t("open_model_pick"),
        key="open-model-found",
        on_change=picked,
    )


def _opened_by_name(wanted: str) -> None:
    st.session_state[WANTED], st.session_state[REFUSED] = wanted, None
    if wanted.strip():
        st.session_state[PENDING] = wanted


def _uploaded() -> None:
    file = st.session_state.get("open-model-zip")
    st.session_state[REFUSED] = None
    if isinstance(file, UploadedFile):
        st.session_state[PENDING] = file


def _open_pending(frame: Frame) -> None:
    """What was named or uploaded just now: looked at, then loaded, and only then chosen. Whatever goes wrong, the model
    that was open stays open."""
    pending = st.session_state.pop(PENDING, None)
    if pending is None:
        return
    try:
        with frame.controls, st.spinner(frame.t("looking_at_model")):
            if isinstance(pending, str):
                about, path = opened.look(pending)
            else:
                about, path = opened.take_zip(stream_of(pending, LARGEST, "attnviz open FILE"), Path(pending.name).stem)
        with frame.controls, st.spinner(frame.t("opening_model", name=about.name, facts=_facts(frame, about))):
            opened.open_model(path)
    except InputError as error:
        st.session_state[REFUSED] = Notice(error.code, error.details)  # the error itself holds the file
        return
    finally:
        if not isinstance(pending, str):
            let_go(pending, "open-model-zip")
    opened.remember(about.name, path)
    st.session_state[CHOSEN] = about.name


def _facts(frame: Frame, about: opened.About) -> str:
    """Kind, size, and the memory that it takes of what is free."""
    free = opened.free_memory()
    return frame.t(
        "opening_facts",
        kind=about.architecture,
        size=size_text(about.bytes),
        memory=size_text(about.memory),
        free="?" if free is None else size_text(free),
    )


def describe_opened(frame: Frame, loaded: Opened | OpenedPictures) -> None:
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


def scope(loaded: Loaded | Opened | OpenedPictures) -> str:
    """What the switches of a picture belong to: this model, as it is now on disk."""
    return f"{st.session_state[CHOSEN]} {loaded.key.stamp}"
