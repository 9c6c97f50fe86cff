"""The page: a Vision Transformer that is trained already, or one that is trained here, on digits or people's own."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import streamlit as st

from attnviz.config import FineTuneConfig, Strategy
from attnviz.language import same
from attnviz.training.finetuning.found_rates import FOUND
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
TUNED_STEPS = 100
TUNED: tuple[Strategy, ...] = ("head", "last-layers", "full")
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
    if given is None:
        return found
    mine = Start(
        "user-pictures", same(given.name), recipe.shape, train, given.options, given.name, given.data, given.digest
    )
    tuned = {}
    if given.fits_digits:
        for strategy in TUNED:  # at the rates that suit digits 0–4 → 5–9
            factor = FOUND["digits-high"].get(strategy, 1.0)
            tuned[f"own-{strategy}"] = replace(
                mine,
                title=texts("pictures")[f"tuned_{strategy.replace('-', '_')}"],
                shape={},
                train=replace(train, steps=TUNED_STEPS, learning_rate=1e-3 * factor, eval_every=10),
                begins_from="digits",
                finetune=FineTuneConfig(strategy=strategy, last_layers=1),
            )
    return {"own": mine, **tuned, **found}


def looking(frame: Frame, model: FieldModel) -> FieldModel:
    """Beside a trained model: the way to fine-tune it."""
    label, help = escape(frame.t("finetune")), escape(frame.t("finetune_help"))
    link = f'<a class="av-way" href="{FINETUNE}" target="_self" title="{help}">{label}</a>'
    st.html(link, width="content")
    return model
