"""What a page says of a model that cannot do what the page is about, and the way to one that can."""

from __future__ import annotations

import contextlib
from functools import partial

import streamlit as st

from attnviz.errors import CheckpointError
from attnviz.model.watched import Ability
from attnviz.ui.frame.claim import Trial, claim_row
from attnviz.ui.frame.page import Frame
from attnviz.ui.sentence.model_picker import CHOSEN
from attnviz.ui.sentence.models import choices, label, load


def unable(frame: Frame, sentence: str, ability: Ability) -> None:
    """The sentence, and a button that opens the first model of ours with this ability."""
    trial = None
    for name, folder in choices(frame.language).items():
        with contextlib.suppress(CheckpointError):
            if ability in load(name).model.can:
                named = label(name, folder, frame.language)
                trial = Trial(frame.t("open_able", name=named), partial(st.session_state.__setitem__, CHOSEN, name))
                break
    claim_row(sentence, trial)
