"""The claim, its question, and the prediction that comes before anything is shown."""

from __future__ import annotations

from html import escape

import streamlit as st

from attnviz.experiments import Experiment, Slider
from attnviz.ui.experiments.predictions import predict
from attnviz.ui.frame.notices import plain
from attnviz.ui.frame.page import Frame

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def claim(frame: Frame, experiment: Experiment) -> None:
    """What people are told, and the question that it comes down to."""
    lang = frame.language
    st.html(
        f'<div class="av-exp-claim"><span>{escape(frame.t("told"))}</span>'
        f"<blockquote>{escape(frame.t('quoted', claim=experiment.claim[lang]))}</blockquote>"
        f"<h2>{escape(experiment.question[lang])}</h2>"
        f'<p class="av-exp-recipe"><b>{escape(frame.t("recipe"))}</b> {escape(experiment.recipe[lang])}</p></div>'
    )


def ask(frame: Frame, experiment: Experiment) -> None:
    """Ask for the prediction."""
    with st.container(key="av-exp-ask"):
        st.html(f'<p class="av-exp-first">{escape(frame.t("predict_first"))}</p>')
        if experiment.slider is not None:
            _slider(frame, experiment, experiment.slider)
            return
        for at, choice in enumerate(experiment.choices):
            st.button(
                f"**{letter(at)}** {plain(choice.title[frame.language])}",
                key=f"experiment-predict-{experiment.name}-{at}",
                on_click=predict,
                args=(experiment.name, choice.code),
                width="stretch",
            )


def letter(at: int) -> str:
    """What a class calls a choice when hands are raised."""
    return LETTERS[at] if at < len(LETTERS) else str(at + 1)


def _slider(frame: Frame, experiment: Experiment, slider: Slider) -> None:
    middle = slider.low + round((slider.high - slider.low) / 2 / slider.step) * slider.step
    what = experiment.titles(frame.language)[slider.quantity]
    given = st.slider(
        plain(what),
        float(slider.low),
        float(slider.high),
        float(middle),
        float(slider.step),
        key=f"experiment-slider-{experiment.name}",
    )
    st.button(
        plain(frame.t("predict", value=f"{given:g}")),
        key=f"experiment-predict-{experiment.name}",
        on_click=predict,
        args=(experiment.name, given),
        type="primary",
    )
