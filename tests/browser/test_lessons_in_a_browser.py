"""A lesson in a real browser: from the list into a step, a guess, its answer, and on to the next step's page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from attnviz.language import Language
from attnviz.lessons import LESSONS
from attnviz.lessons.lesson import said
from attnviz.ui.text import words

pytestmark = pytest.mark.browser
APP = Path(__file__).resolve().parents[2] / "app.py"


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any]) -> Iterator[Any]:
    with serve(APP) as running:
        yield running


def address(page: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_guess_its_answer_and_the_next_step(
    chromium_page: Callable[..., Any], server: Any, language: Language
) -> None:
    t = words("lessons", language)
    lesson = LESSONS["look"]
    step, following = lesson.steps[:2]
    assert step.question is not None
    assert step.saw is not None
    assert following.question is not None
    tab = chromium_page(locale={"zh": "zh-CN", "en": "en-GB"}[language])
    page = tab.page
    page.goto(f"{server.url}/lessons?lang={language}")
    card = page.locator(".av-lesson-card", has_text=getattr(lesson.title, language))
    card.get_by_role("link", name=t("lesson_begin"), exact=True).click()
    ask = page.locator(".av-lesson-ask")
    ask.get_by_text(getattr(step.question.ask, language)).wait_for()
    page.wait_for_selector(".stage .head", timeout=60_000)
    tab.forget()  # what Streamlit itself asks for in vain at a deep link

    assert page.locator(".av-lesson-saw").count() == 0
    numbers = step.question.measure()
    right = step.question.right(numbers)
    page.get_by_role("button", name=getattr(step.question.choices[right], language), exact=True).click()
    saw = page.locator(".av-lesson-saw")
    saw.wait_for()
    assert saw.inner_text().endswith(said(step.saw, numbers, language))
    assert t("lesson_right") in saw.inner_text()
    assert page.locator(".st-key-av-lesson-choices button").count() == 0

    page.get_by_role("link", name=t("lesson_next"), exact=True).click()
    ask.get_by_text(getattr(following.question.ask, language)).wait_for()
    page.wait_for_selector(".stage .head", timeout=60_000)
    assert urlsplit(page.url).path == f"/{following.page}"
    wanted = {"lesson": lesson.name, "lesson_step": "2", "lang": language, "guesses": str(right), **following.address}
    assert {name: address(page).get(name) for name in wanted} == wanted
    assert page.locator(".av-lesson-saw").count() == 0
    assert [line for line in tab.console_errors if "404" not in line] == []
    assert tab.foreign_requests == []


def test_by_hand_opens_on_the_step_that_the_lesson_names(chromium_page: Callable[..., Any], server: Any) -> None:
    lesson = LESSONS["by-hand"]
    tab = chromium_page(locale="en-GB")
    page = tab.page
    page.goto(f"{server.url}/lessons?lang=en")
    card = page.locator(".av-lesson-card", has_text=lesson.title.en)
    card.get_by_role("link", name=words("lessons", "en")("lesson_begin"), exact=True).click()
    page.wait_for_selector('.sheet-place[data-state="ready"]', timeout=60_000)
    named = lesson.steps[0].address["step"]
    assert page.inner_text(".main h2 i") == named
    assert re.search(r"\b1\b", page.inner_text(".av-lesson-head > span"))
    # Walking on there leaves the lesson where it is.
    page.keyboard.press(" ")
    page.wait_for_function(f"() => new URL(location.href).searchParams.get('step') === '{int(named) + 1}'")
    assert address(page)["lesson_step"] == "1"
