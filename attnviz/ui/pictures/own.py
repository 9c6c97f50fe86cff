"""People's own pictures: a zip, or a folder of this computer, in ImageFolder layout."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from attnviz.data import InputError, Task, tasks
from attnviz.data.picture_files import packed
from attnviz.data.tasks.user_pictures import UserPictures
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import choose, shown
from attnviz.ui.frame.notices import notice, notice_lines, plain, shortened
from attnviz.ui.frame.page import Frame
from attnviz.ui.frame.uploads import LARGEST, let_go, stream_of

COLOUR = "pictures-in-colour"  # session state
KEPT = "pictures-own"  # session state: the name and the bytes of a zip
SIDES = tuple(str(side) for side in UserPictures.allowed["side"])
NAMED = 5  # classes that a sentence lists


@dataclass(frozen=True)
class Given:
    """A zip and how it is read."""

    name: str
    data: bytes
    options: Mapping[str, Any]

    @property
    def digest(self) -> str:
        return hashlib.blake2b(self.data, digest_size=8).hexdigest()

    @property
    def fits_digits(self) -> bool:
        """Whether they are of the size of the digits, so that what was learned there can carry on."""
        return self.options["side"] == 8 and not self.options["colour"]


def given(frame: Frame) -> Given | None:
    """Ask for pictures; those that the session has and that can be read, None where there are none."""
    with st.popover(frame.t("own"), help=frame.t("own_help"), icon=":material/add_photo_alternate:"):
        _ask(frame)
        side = choose(
            "pictures-side",
            frame.t("own_side"),
            SIDES,
            {code: frame.t("own_side_value", side=code) for code in SIDES}.__getitem__,
            default="16",
            help=frame.t("own_side"),
        )
        switch = shown(
            "pictures-colour", bool(st.session_state.get(COLOUR)), partial(st.session_state.__setitem__, COLOUR)
        )
        st.toggle(frame.t("own_colour"), switch.value, key=switch.key, on_change=switch.answered)
        kept = st.session_state.get(KEPT)
        if kept is not None and st.button(plain(frame.t("own_forget")), key="pictures-forget"):
            del st.session_state[KEPT]
            st.rerun()
    if kept is None:
        return None
    name, data = kept
    found = Given(
        name,
        data,
        options={"side": int(side), "patch": 2 if side == "8" else 4, "colour": bool(st.session_state.get(COLOUR))},
    )
    try:
        task = _read(found.digest, tuple(found.options.items()), found)
    except InputError as error:
        notice(explain(error, frame.language), "error")
        return None
    labels = [shortened(task.title(label, frame.language), 20) for label in task.labels]  # type: ignore[attr-defined]
    names = " / ".join(labels[:NAMED]) + (" …" if len(labels) > NAMED else "")
    count = sum(len(task.split(split)) for split in ("train", "validation", "test"))
    said = [frame.t("own_read", count=f"{count:,}", classes=len(labels), names=names)]
    notice_lines(said if found.fits_digits else [*said, frame.t("own_to_tune")])
    return found


def _ask(frame: Frame) -> None:
    uploaded = st.file_uploader(
        frame.t("own_field"), type=["zip"], key="pictures-upload", max_upload_size=LARGEST, help=frame.t("own_help")
    )
    if uploaded is not None and st.session_state.get("pictures-uploaded") != uploaded.file_id:
        st.session_state["pictures-uploaded"] = uploaded.file_id
        try:
            data = stream_of(uploaded, LARGEST, "attnviz train").read()
        except InputError as error:
            notice(explain(error, frame.language), "error")
            return
        finally:
            let_go(uploaded, "pictures-upload")
        st.session_state[KEPT] = (uploaded.name[:100], data)
    path = st.text_input(frame.t("own_folder"), key="pictures-folder", autocomplete="off")
    if path.strip() and st.session_state.get("pictures-folder-read") != path:
        st.session_state["pictures-folder-read"] = path
        try:
            st.session_state[KEPT] = (Path(path.strip()).name[:100] or "pictures", packed(path.strip()))
        except InputError as error:
            notice(explain(error, frame.language), "error")


@st.cache_resource(show_spinner=False, max_entries=8)
def _read(digest: str, options: tuple[tuple[str, Any], ...], _given: Given) -> Task:
    return tasks.from_pictures(_given.data, name=_given.name, **dict(options))
