"""The page Experiments in a real browser: predict, reveal, a number appears; nothing leaves the machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from attnviz import experiments
from attnviz.ui.text import words

pytestmark = pytest.mark.browser
APP = Path(__file__).resolve().parents[2] / "app.py"


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with serve(APP, ATTNVIZ_RUNS=str(tmp_path_factory.mktemp("runs"))) as running:
        yield running


@pytest.mark.parametrize("language", ["zh", "en"])
def test_predict_reveal_and_a_number_appears(chromium_page: Callable[..., Any], server: Any, language: str) -> None:
    tab = chromium_page(locale={"zh": "zh-CN", "en": "en-GB"}[language], dark=language == "en")
    t = words("experiments", language)  # type: ignore[arg-type]
    one = experiments.load().get("E3")
    page = tab.page
    page.goto(f"{server.url}/experiments")
    page.locator("button", has_text=t("open_experiment", name="E3")).click(timeout=60_000)
    page.locator("h2", has_text=one.question[language]).wait_for()  # type: ignore[index]
    assert page.locator(".av-exp-table").count() == 0
    page.locator(".st-key-av-exp-ask button").first.click()
    page.locator(".av-exp-table").wait_for()
    said = page.locator(".av-exp-table tbody tr").first.locator("td").nth(1).inner_text()
    assert 0.1 < float(said.split("±")[0]) < 1
    assert page.locator(".av-exp-mine", has_text=t("your_prediction")).is_visible()
    assert page.locator(".av-exp-true", has_text=t("numbers_say")).is_visible()
    page.wait_for_function("new URL(location.href).searchParams.get('guess') === 'none'")
    bar = page.locator(".av-exp-bar i").first.bounding_box()
    whole = page.locator(".av-exp-bar").first.bounding_box()
    assert bar["width"] / whole["width"] == pytest.approx(float(said.split("±")[0]), abs=0.02)

    page.reload()
    page.locator(".av-exp-table").wait_for(timeout=60_000)  # the prediction stands in the address
    page.locator("a.av-exp-try").click()
    page.wait_for_url("**/masks?**how=hidden**", timeout=60_000)
    assert not [error for error in tab.console_errors if "404" not in error]
    assert not tab.foreign_requests


def test_a_run_is_followed_and_stopped(chromium_page: Callable[..., Any], server: Any) -> None:
    tab = chromium_page(locale="en-GB")
    t = words("experiments", "en")
    page = tab.page
    page.goto(f"{server.url}/experiments?experiment=E1&guess=cheats")
    page.locator(".av-exp-origin .recorded").wait_for(timeout=60_000)
    page.locator("button", has_text=t("run")).click()
    page.locator(".av-exp-progress").wait_for()
    page.locator(".av-exp-hint", has_text="Training masked").wait_for(timeout=90_000)
    assert page.locator(".av-exp-origin .recorded").is_visible()  # the class need not wait
    page.locator("button", has_text=t("stop")).click()
    page.locator("button", has_text=t("run")).wait_for()
    assert not [error for error in tab.console_errors if "404" not in error]
    assert not tab.foreign_requests
