"""Attention of a model that reads pictures: every head over the patches, what is followed through all layers, what it
says, and what it says without some heads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from attnviz.data import InputError
from attnviz.foreign.pictures import Answer, ForeignPictures
from attnviz.language import spoken
from attnviz.trace import HeadsOff, Trace, watch
from attnviz.trace.rollout import rollout
from attnviz.ui.attention.picture import AttentionPicture, Head, KindPicture
from attnviz.ui.attention.stage import AttentionStageState, attention_stage
from attnviz.ui.frame.boundary import explain
from attnviz.ui.frame.controls import choose
from attnviz.ui.frame.notices import notice, plain
from attnviz.ui.frame.page import Frame
from attnviz.ui.frame.uploads import LARGEST_TABLE, stream_of
from attnviz.ui.sentence.models import ModelKey
from attnviz.ui.sentence.opened import OpenedPictures
from attnviz.ui.text import texts

OWN = "own"
KEPT = "attention-picture"  # session state: name and bytes of a picture of one's own
SHOWN = 160  # pixels a side on the page


def chosen_picture(frame: Frame, pictures: ForeignPictures) -> tuple[str, NDArray[np.uint8]] | None:
    """Name and numbers of the picture to look at; None after a sentence that says what is wrong."""
    kept: tuple[str, bytes] | None = st.session_state.get(KEPT)
    names = (*pictures.examples, *((OWN,) if kept is not None else ()))
    with st.container(horizontal=True, vertical_alignment="center"):
        name = choose(
            "attention-picture-name",
            frame.t("picture"),
            names,
            lambda code: frame.t(f"picture_{code}"),
            default=names[-1] if kept is not None else names[0],
            look="segments",
        )
        with st.popover(frame.t("picture_upload"), icon=":material/add_photo_alternate:"):
            st.file_uploader(
                frame.t("picture_upload"),
                type=["png", "jpg", "jpeg", "bmp", "gif", "webp"],
                key="attention-picture-file",
                max_upload_size=LARGEST_TABLE,
                on_change=_uploaded,
            )
    if name != OWN or kept is None:
        return name, pictures.drawn(name)
    try:
        return f"{kept[0]} {hash(kept[1])}", pictures.read(kept[1], kept[0])
    except InputError as error:
        notice(explain(error, frame.language), "error")
        return None


def _uploaded() -> None:
    file = st.session_state.get("attention-picture-file")
    if file is not None:
        st.session_state[KEPT] = (file.name[:100], stream_of(file, LARGEST_TABLE, "attnviz open").read())


@dataclass(frozen=True)
class PictureQuestion:
    """What a cached look belongs to."""

    model: ModelKey
    picture: str
    off: tuple[Head, ...]


@st.cache_resource(show_spinner=False, max_entries=8)
def _looked(question: PictureQuestion, _loaded: OpenedPictures, _picture: NDArray[np.uint8]) -> Trace:
    off = [HeadsOff(question.off)] if question.off else []
    return watch(
        _loaded.model, _loaded.pictures.encode(_picture), interventions=off, sites=_loaded.model.sites, taps=()
    )


def draw(
    frame: Frame,
    loaded: OpenedPictures,
    switches: AttentionStageState,
    heads_off: tuple[Head, ...],
    *,
    scope: str,
    key: str,
) -> None:
    """Picture, rollout, answers, and the stage of all heads."""
    pictures = loaded.pictures
    found = chosen_picture(frame, pictures)
    if found is None:
        return
    name, picture = found
    now = _looked(PictureQuestion(loaded.key, name, heads_off), loaded, picture)
    intact = _looked(PictureQuestion(loaded.key, name, ()), loaded, picture)
    with st.container(horizontal=True, vertical_alignment="top", key="av-picture"):
        st.image(picture.squeeze(), width=SHOWN, caption=frame.t("picture_caption", across=pictures.across))
        flow = rollout(now.weights("encoder_self"))[-1, 0, 0, pictures.before :]
        st.image(laid_over(picture, flow, pictures.across), width=SHOWN, caption=frame.t("picture_rollout"))
        _say(frame, pictures.answers(now.logits), pictures.answers(intact.logits) if heads_off else ())
    statistics = now.statistics("encoder_self")
    rows, columns = now.labels("encoder_self")
    kind = KindPicture(
        kind="encoder_self",
        weights=now.weights("encoder_self")[:, 0],
        mask=now.mask("encoder_self")[:, 0],
        row_labels=rows,
        column_labels=columns,
        sites=now.sites_of("encoder_self"),
        stats={"entropy": statistics.entropy[:, 0], "first": statistics.first[:, 0], "same": statistics.same[:, 0]},
    )
    attention_stage(
        AttentionPicture(
            kinds=(kind,),
            layer=kind.weights.shape[0] - 1,
            heads_off=heads_off,
            seq=switches.seq,
            scope=scope,
            name=f"attnviz-{loaded.name}",
            text=spoken(texts("attention_stage"), frame.language),
        ),
        key=key,
    )


def laid_over(picture: NDArray[np.uint8], shares: NDArray[np.floating], across: int) -> NDArray[np.uint8]:
    """The picture, dimmed where a patch has a small share; the largest share is left as it is."""
    side = picture.shape[0]
    light = shares.reshape(across, across) / max(float(shares.max()), 1e-12)
    at = np.minimum(np.arange(side) * across // side, across - 1)
    dimmed = picture.astype(np.float32) * (0.2 + 0.8 * light[at][:, at])[..., None]
    found: NDArray[np.uint8] = np.rint(dimmed).astype(np.uint8).squeeze()
    return found


def _say(frame: Frame, now: tuple[Answer, ...], before: tuple[Answer, ...]) -> None:
    if not now:
        notice(frame.t("picture_vector"))
        return
    known = {one.label: one.probability for one in before}
    lines = [frame.t("picture_says")]
    for one in now:
        was = f"{known[one.label]:.2f} → " if one.label in known else ""
        lines.append(f"- {plain(one.label)} {was}{one.probability:.2f}")
    st.markdown("\n".join(lines))
