"""Lessons: every answer is computed, every link opens, and nothing is revealed before it was guessed."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from attnviz import experiments
from attnviz.language import LANGUAGES
from attnviz.lessons import LESSONS, Lesson, Question, Step
from attnviz.lessons.lesson import said
from attnviz.ui.frame import stepper
from attnviz.ui.frame.link import read
from attnviz.ui.frame.navigation import PAGES

APP = Path(__file__).resolve().parents[1] / "app.py"
# Each question once: the lessons of an hour are made of steps of the others, and of experiments.
STEPS = list(
    {
        id(step.question): (lesson.name, number)
        for lesson in LESSONS.values()
        for number, step in enumerate(lesson.steps, 1)
        if step.question is not None
    }.values()
)


def opened(page: str, **query: str) -> AppTest:
    at = AppTest.from_file(str(APP), default_timeout=90)
    for name, value in query.items():
        at.query_params[name] = value
    at.switch_page(f"pages/{page}.py")
    at.run()
    assert not at.exception, [error.value for error in at.exception]
    return at


def html(at: AppTest) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


def query_of(lesson: Lesson, number: int, **more: str) -> dict[str, str]:
    address = urlsplit(stepper.link(lesson, number, "en"))
    return {name: values[0] for name, values in parse_qs(address.query).items()} | more


@pytest.mark.parametrize(("name", "number"), STEPS)
def test_an_answer_is_computed_and_fits_its_sentence(name: str, number: int) -> None:
    step = LESSONS[name].steps[number - 1]
    assert step.page in {entry.name for entry in PAGES}
    question = step.question
    assert question is not None
    numbers = question.measure()
    assert 0 <= question.right(numbers) < len(question.choices)
    assert step.saw is not None
    for language in LANGUAGES:
        sentence = said(step.saw, numbers, language)
        assert "{" not in sentence
        assert sentence != getattr(step.saw, language) or not numbers
        assert len({getattr(choice, language) for choice in question.choices}) == len(question.choices)


def test_answers_are_not_all_at_one_place() -> None:
    places = [
        step.question.right(step.question.measure()) for one in LESSONS.values() for step in one.steps if step.question
    ]
    assert len(set(places)) >= 3


@pytest.mark.parametrize("name", LESSONS)
def test_nothing_is_revealed_before_the_guess_and_the_guess_stays_beside_the_result(name: str) -> None:
    lesson = LESSONS[name]
    step = lesson.steps[0]
    assert step.question is not None
    at = opened(step.page, **query_of(lesson, 1))
    assert 'class="av-lesson-saw"' not in html(at)
    first = next(button for button in at.button if button.key == "lesson-guess-0")
    first.click().run()
    assert not at.exception
    assert 'class="av-lesson-saw"' in html(at)
    assert step.question.choices[0].en in html(at).replace("&#x27;", "'")
    assert not [button for button in at.button if str(button.key).startswith("lesson-guess-")]
    assert "guesses=0" in html(at)  # the way on carries it


def test_a_link_that_asks_for_a_result_without_a_guess_gets_the_question() -> None:
    lesson = LESSONS["look"]
    for guesses in ("9", "x", "_", "-1", "1e5", "0" * 500):
        at = opened(lesson.steps[0].page, **query_of(lesson, 1, guesses=guesses))
        assert 'class="av-lesson-saw"' not in html(at)


@pytest.mark.parametrize(("step", "place"), [("2", 2), ("0", 1), ("99", 1), ("x", 1), ("", 1), ("9" * 400, 1)])
def test_a_step_that_is_not_there_is_the_first(step: str, place: int) -> None:
    assert stepper.place(read(stepper.FIELDS, {"lesson_step": step}), 4) == place


def test_a_lesson_that_is_not_there_is_said_and_the_page_is_drawn() -> None:
    at = opened("attention", lesson="<b>x</b>", lang="en")
    assert "There is no lesson" in html(at)
    assert "<b>x</b>" not in html(at)
    assert at.get("bidi_component")


def test_notes_for_the_teacher_are_hidden_from_students() -> None:
    lesson = LESSONS["look"]
    note = lesson.steps[0].teacher
    assert note is not None
    assert note.en not in html(opened("attention", **query_of(lesson, 1)))
    at = opened("attention", **query_of(lesson, 1, teacher="1"))
    assert note.en in html(at)
    assert "teacher=1" in html(at)  # and the way on keeps it


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_lists_every_lesson_with_a_link_to_each_step(language: str) -> None:
    said_there = html(opened("lessons", lang=language))
    for lesson in LESSONS.values():
        assert getattr(lesson.title, language) in said_there.replace("&#x27;", "'")
        assert said_there.count(f"lesson={lesson.name}&") >= len(lesson.steps)


@pytest.mark.parametrize(("name", "number"), STEPS)
def test_a_link_holds_all_that_the_steps_page_needs(name: str, number: int) -> None:
    lesson = LESSONS[name]
    query = query_of(lesson, number, guesses="0")
    assert query["lesson_step"] == str(number)
    assert {key: query.get(key) for key in lesson.steps[number - 1].address} == dict(lesson.steps[number - 1].address)


def test_a_lesson_says_what_is_wrong_with_it() -> None:
    from attnviz.language import Text

    words = Text("是", "yes")
    with pytest.raises(ValueError, match="two choices"):
        Question(words, (words,), dict, lambda found: 0)
    with pytest.raises(ValueError, match="belongs to a question"):
        Step(page="attention", do=words, saw=words)
    with pytest.raises(ValueError, match="cannot be hidden"):
        Step(page="attention", do=words, hides=frozenset({"everything"}))
    with pytest.raises(ValueError, match="no step"):
        Lesson(name="empty", title=words, minutes=1, steps=())


EXPERIMENTS = [
    (lesson.name, number)
    for lesson in LESSONS.values()
    for number, step in enumerate(lesson.steps, 1)
    if step.page == "experiments"
]


def test_steps_that_are_experiments_name_one_whose_result_need_not_be_waited_for() -> None:
    catalogue = experiments.load()
    assert {name for name, _ in EXPERIMENTS} == {"hour-attention", "hour-masks"}
    for name, number in EXPERIMENTS:
        one = catalogue.get(LESSONS[name].steps[number - 1].address["experiment"])
        assert experiments.recorded(one).verdict.came_out


@pytest.mark.parametrize("name", ["hour-attention", "hour-masks"])
def test_an_hour_comes_first_and_has_a_note_for_the_teacher_at_every_step(name: str) -> None:
    assert name in list(LESSONS)[:2]
    lesson = LESSONS[name]
    minutes = [step.teacher.en.split()[0] for step in lesson.steps if step.teacher is not None]
    assert len(minutes) == len(lesson.steps)
    assert sum(map(int, minutes)) == lesson.minutes


def test_a_prediction_goes_along_through_a_lesson_and_reveals_nothing_by_itself() -> None:
    name, number = EXPERIMENTS[0]
    lesson = LESSONS[name]
    at = opened("experiments", **query_of(lesson, number))
    assert 'class="av-lesson-head"' in html(at)
    assert 'class="av-exp-table"' not in html(at)
    next(button for button in at.button if str(button.key).startswith("experiment-predict-E9")).click().run()
    assert 'class="av-exp-table"' in html(at)
    on = next(part for part in html(at).split('href="') if f"step={number + 1}" in part).split('"')[0]
    carried = parse_qs(urlsplit(on.replace("&amp;", "&")).query)["predicted"][0]
    assert carried.startswith("E9=")
    back = opened("experiments", **query_of(lesson, number, predicted=carried))
    assert 'class="av-exp-table"' in html(back)
    for wrong in ("E9=", "E9=none of them", "E10=all", "%", "&" * 90):
        assert 'class="av-exp-table"' not in html(opened("experiments", **query_of(lesson, number, predicted=wrong)))
