"""Compress and Neuron in a real browser: a click changes the numbers, and nothing leaves the machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from attnviz.ui.text import words

pytestmark = pytest.mark.browser
APP = Path(__file__).resolve().parents[2] / "app.py"


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with serve(APP, ATTNVIZ_RUNS=str(tmp_path_factory.mktemp("runs"))) as running:
        yield running


@pytest.mark.parametrize("language", ["zh", "en"])
def test_heads_are_taken_out_and_the_smaller_model_is_kept(
    chromium_page: Callable[..., Any], server: Any, language: str
) -> None:
    tab = chromium_page(locale={"zh": "zh-CN", "en": "en-GB"}[language], dark=language == "zh")
    page = tab.page
    page.goto(f"{server.url}/compress?model=reverse")
    button = page.locator(".st-key-av-claim button")
    button.wait_for(timeout=120_000)
    wanted = re.findall(r"\d+", button.inner_text())[0]
    page.locator(".cp-table").wait_for()
    assert page.locator(".cp-out").count() == 0
    button.click()
    page.wait_for_function(f"document.querySelectorAll('.cp-out').length === {wanted}", timeout=60_000)
    page.wait_for_function(f"new URL(location.href).searchParams.get('out') === '{wanted}'")
    score = page.locator(".cp-table tbody tr").nth(1).locator("td").first.inner_text()
    assert score in page.locator("p.av-claim").inner_text()
    page.locator(".st-key-compress-keep-True button:visible").click()  # with a help there is a second one, for a phone
    name = f"reverse-{wanted}-heads-out-int8"
    page.wait_for_function(f"new URL(location.href).searchParams.get('model') === '{name}'", timeout=60_000)
    page.locator(".av-notice", has_text=name).wait_for(timeout=120_000)  # it is quantized already
    assert not [error for error in tab.console_errors if "404" not in error]
    assert not tab.foreign_requests


def test_a_click_is_a_step_of_the_neuron(chromium_page: Callable[..., Any], server: Any) -> None:
    tab = chromium_page(locale="en-GB")
    page = tab.page
    page.goto(f"{server.url}/neuron")
    page.locator("p.av-claim").wait_for(timeout=60_000)
    now, then = re.findall(r"\d\.\d{4}", page.locator("p.av-claim").inner_text())
    page.locator(".st-key-av-claim button").click()
    page.locator('.nn-table[data-step="1"]').wait_for()
    assert re.findall(r"\d\.\d{4}", page.locator("p.av-claim").inner_text())[0] == then != now
    page.wait_for_function("new URL(location.href).searchParams.get('step') === '1'")
    page.reload()
    page.locator('.nn-table[data-step="1"]').wait_for(timeout=60_000)
    page.get_by_text(words("neuron", "en")("view_layers"), exact=True).click()
    page.locator("p.av-claim", has_text="layer 8").wait_for()
    assert not [error for error in tab.console_errors if "404" not in error]
    assert not tab.foreign_requests
