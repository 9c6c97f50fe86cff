"""Every lesson as a card, with a link to each of its steps."""

from __future__ import annotations

from html import escape

import streamlit as st

from attnviz.lessons import LESSONS, Lesson
from attnviz.ui.frame.page import Frame
from attnviz.ui.frame.stepper import link


def show(frame: Frame) -> None:
    """Draw the page."""
    cards = "".join(card(frame, lesson) for lesson in LESSONS.values())
    st.html(f'<div class="av-lessons">{cards}</div>')


def card(frame: Frame, lesson: Lesson) -> str:
    """One lesson: what it asks, how long it takes, and where it begins."""
    lang = frame.language

    def way(number: int, said: str, look: str = "") -> str:
        return f'<a{look} href="{escape(link(lesson, number, lang))}" target="_self">{escape(said)}</a>'

    asked = "".join(
        f"<li>{way(number, getattr(step.do if step.question is None else step.question.ask, lang))}</li>"
        for number, step in enumerate(lesson.steps, 1)
    )
    title, size = getattr(lesson.title, lang), frame.t("lesson_size", steps=len(lesson.steps), minutes=lesson.minutes)
    begin = way(1, frame.t("lesson_begin"), ' class="av-go"')
    return (
        f'<section class="av-lesson-card"><h2>{escape(title)}</h2><p>{escape(size)}</p><ol>{asked}</ol>'
        f"{begin}</section>"
    )
