"""The stepper: where a lesson has got to, its question, and what was seen; on whatever page the step is.

A lesson is a link: `lesson=look&lesson_step=2` beside what the page itself has in its address (By hand has a `step` of
its own), and `guesses=2-1` for what was guessed in the steps before. Nothing is revealed that was not guessed. Next and
back are links too, so that every step begins in exactly the state that it describes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import streamlit as st

from attnviz.language import Language
from attnviz.ui.frame.link import Count, Field, Fields, Link, Name, Switch, here, read
from attnviz.ui.frame.notices import notice, plain, shortened
from attnviz.ui.frame.predicted import PREDICTED, travelling
from attnviz.ui.text import Words, words

if TYPE_CHECKING:
    from attnviz.lessons import Lesson, Numbers, Step

GUESSES = "lesson-guesses"  # session state: (lesson, step) → the choice
HIDDEN = {
    "examples": ".st-key-av-examples, .st-key-av-sentence [data-testid=stPopover]",
    "strip": ".st-key-av-strip",
    "claim": ".st-key-av-claim",
    "predictions": ".st-key-prediction",
}


@dataclass(frozen=True)
class Guesses(Field[tuple[int | None, ...]]):
    """A choice a step, from 0, `_` where nothing was guessed: `2-_-1`."""

    def read(self, text: str) -> tuple[int | None, ...]:
        """What is no number is no guess."""
        parts = text[:200].split("-")
        return tuple(int(one) if one.isascii() and one.isdigit() and len(one) < 3 else None for one in parts)

    def write(self, value: tuple[int | None, ...]) -> str:
        """The inverse of `read`."""
        return "-".join("_" if one is None else str(one) for one in value)


LESSON, GUESSED, TEACHER = Name("lesson"), Guesses("guesses"), Switch("teacher")
STEP = Count("lesson_step", high=999)
EARLIER_STEP = Count("step", high=999)  # as the step of a lesson was called in links before By hand had a `step`
FIELDS: Fields = (LESSON, STEP, EARLIER_STEP, GUESSED, PREDICTED, TEACHER)


def draw(page: str, language: Language) -> None:
    """The stepper of the lesson that the address names; nothing where it names none."""
    asked = read(FIELDS, here())
    name, teacher = asked[LESSON], asked[TEACHER] is True
    if not name:
        return
    from attnviz.lessons import LESSONS, lesson_named  # torch comes with them: only where a lesson is followed

    t = words("lessons", language)
    lesson = lesson_named(name)
    if lesson is None:
        notice(t("lesson_unknown", value=shortened(name, 40), known=", ".join(LESSONS)), "warning")
        return
    number = place(asked, len(lesson.steps))
    step = lesson.steps[number - 1]
    if step.page != page:  # somebody went on to another page by the menu: the lesson waits where it was
        return
    guesses = read_guesses(lesson, asked[GUESSED] or ())
    with st.container(key="av-lesson"):
        _head(lesson, number, step, guesses, t, language, teacher=teacher)
        if step.question is not None:
            _question(lesson, number, step, guesses, t, language)
        if step.teacher is not None and teacher:
            note = f"<b>{escape(t('lesson_teacher'))}</b> {escape(getattr(step.teacher, language))}"
            st.html(f'<p class="av-lesson-note">{note}</p>')
    if hidden := ", ".join(HIDDEN[part] for part in sorted(step.hides)):
        st.html(f"<style>{hidden} {{ display: none !important; }}</style>")


def place(asked: Link, count: int) -> int:
    """The step that an address names, from 1; the first where it names none that there is."""
    number = asked[STEP] or asked[EARLIER_STEP] or 1
    return number if number <= count else 1


def read_guesses(lesson: Lesson, written: tuple[int | None, ...]) -> dict[int, int]:
    """What was guessed: the address's guesses that can be, and over them the session's."""
    found: dict[int, int] = {}
    for number, (step, choice) in enumerate(zip(lesson.steps, written, strict=False), 1):
        count = 0 if step.question is None else len(step.question.choices)
        if choice is not None and choice < count:
            found[number] = choice
    kept: dict[tuple[str, int], int] = st.session_state.get(GUESSES, {})
    return found | {step: choice for (name, step), choice in kept.items() if name == lesson.name}


def link(
    lesson: Lesson,
    number: int,
    language: Language,
    guesses: dict[int, int] | None = None,
    *,
    teacher: bool = False,
    more: Mapping[str, str] | None = None,
) -> str:
    """The address of a step, with the guesses made so far, and what else travels along."""
    step = lesson.steps[number - 1]
    said = {"lesson": lesson.name, "lesson_step": str(number), "lang": language}
    if guesses:
        said["guesses"] = GUESSED.write(tuple(guesses.get(n) for n in range(1, max(guesses) + 1)))
    if teacher:
        said["teacher"] = "1"
    return f"{step.page}?{urlencode({**step.address, **said, **(more or {})})}"


def _head(
    lesson: Lesson,
    number: int,
    step: Step,
    guesses: dict[int, int],
    t: Words,
    language: Language,
    *,
    teacher: bool,
) -> None:
    def way(to: int, key: str) -> str:
        if not 1 <= to <= len(lesson.steps):
            return ""
        href = link(lesson, to, language, guesses, teacher=teacher, more=travelling())
        return f'<a class="av-go" href="{escape(href)}" target="_self">{escape(t(key))}</a>'

    on = (
        way(number + 1, "lesson_next")
        or f'<a class="av-go" href="lessons" target="_self">{escape(t("lesson_end"))}</a>'
    )
    st.html(
        f'<div class="av-lesson-head"><b>{escape(getattr(lesson.title, language))}</b>'
        f"<span>{escape(t('lesson_place', step=number, steps=len(lesson.steps)))}</span>"
        f'<span class="av-lesson-ways">{way(number - 1, "lesson_back")}{on}</span></div>'
        f'<p class="av-lesson-do">{escape(getattr(step.do, language))}</p>'
    )


def _question(lesson: Lesson, number: int, step: Step, guesses: dict[int, int], t: Words, language: Language) -> None:
    question = step.question
    assert question is not None, "asked for steps with a question"
    assert step.saw is not None, "a question has something that was seen"
    ask = getattr(question.ask, language)
    if number not in guesses:
        with st.container(key="av-lesson-choices", horizontal=True, vertical_alignment="center", gap="small"):
            st.html(f'<p class="av-lesson-ask">{escape(ask)}</p>')
            for at, choice in enumerate(question.choices):
                st.button(
                    plain(getattr(choice, language)),
                    key=f"lesson-guess-{at}",
                    on_click=_guess,
                    args=(lesson.name, number, at),
                )
        return
    from attnviz.lessons.lesson import said

    numbers = _measured(lesson.name, number)
    right = question.right(numbers)
    guess = guesses[number]
    answer = getattr(question.choices[right], language)
    verdict = t("lesson_right") if guess == right else t("lesson_wrong", answer=answer)
    mark = "right" if guess == right else "wrong"
    guessed = t("lesson_guessed", guess=getattr(question.choices[guess], language))
    seen = said(step.saw, numbers, language)
    sign = "✓" if guess == right else "✗"
    st.html(
        f'<p class="av-lesson-ask">{escape(ask)} <span>{escape(guessed)}</span></p>'
        f'<p class="av-lesson-saw" role="status"><b class="{mark}">{sign} {escape(verdict)}</b> {escape(seen)}</p>'
    )


def _guess(lesson: str, number: int, choice: int) -> None:
    st.session_state.setdefault(GUESSES, {})[lesson, number] = choice


@st.cache_data(show_spinner=False, max_entries=64)
def _measured(lesson: str, number: int) -> Numbers:
    """What a step's answer depends on, computed once for everybody."""
    from attnviz.lessons import lesson_named

    found = lesson_named(lesson)
    assert found is not None, "asked for a lesson that there is"
    question = found.steps[number - 1].question
    assert question is not None, "asked for steps with a question"
    return dict(question.measure())
