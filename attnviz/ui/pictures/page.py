"""The page: a Vision Transformer that is trained already, or one that is trained here, on digits or people's own."""

from __future__ import annotations

from html import escape

import streamlit as st

from attnviz.language import same
from attnviz.training.recipes import RECIPES
from attnviz.ui.fields import view
from attnviz.ui.fields.scene import FieldModel
from attnviz.ui.fields.training import Start, Starts, quick
from attnviz.ui.frame.page import Frame
from attnviz.ui.pictures import own
from attnviz.ui.pictures.scene import Pictures
from attnviz.ui.text import texts

SCENE = Pictures()
STEPS = 400
FINETUNE = "finetuning?preset=digits-high&amp;view=race"


def show(frame: Frame) -> None:
    """Draw the page."""
    view.show(frame, SCENE, lambda: starts(frame), lambda model: looking(frame, model))


def starts(frame: Frame) -> Starts:
    """The digits, and people's own pictures where they have given some."""
    recipe = RECIPES["digits"]
    train = quick(recipe.train, STEPS)
    found = {"digits": Start("digits", texts("pictures")["task_digits"], recipe.shape, train)}
    given = own.given(frame)
    if given is not None:
        mine = Start(
            "user-pictures", same(given.name), recipe.shape, train, given.options, given.name, given.data, given.digest
        )
        found = {"own": mine, **found}
    return found


def looking(frame: Frame, model: FieldModel) -> FieldModel:
    """Beside a trained model: the way to fine-tune it."""
    label, help = escape(frame.t("finetune")), escape(frame.t("finetune_help"))
    link = f'<a class="av-way" href="{FINETUNE}" target="_self" title="{help}">{label}</a>'
    st.html(link, width="content")
    return model
