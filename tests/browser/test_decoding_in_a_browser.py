"""The page Decoding in a real browser: one token a click, forcing, branches, mistakes, both languages, no server needed
for a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from attnviz.ui.text import words

pytestmark = pytest.mark.browser
APP = Path(__file__).resolve().parents[2] / "app.py"
READY = '.stage-place[data-state="ready"] .view'


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any]) -> Iterator[Any]:
    with serve(APP) as running:
        yield running


def opened(tab: Any, server: Any, query: str) -> Any:
    tab.page.goto(f"{server.url}/decoding?{query}")
    tab.page.wait_for_selector(READY, timeout=60_000)
    return tab.page


def until(page: Any, selector: str, text: str) -> None:
    """Wait until an element inside the component says exactly this."""
    page.locator(selector, has_text=text).first.wait_for(timeout=30_000)
    for _ in range(100):
        if page.locator(selector).first.inner_text().strip() == text:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{selector} says {page.locator(selector).first.inner_text()!r}, not {text!r}")


def until_address(page: Any, name: str, value: str | None) -> None:
    page.wait_for_function(
        "([name, value]) => new URL(location.href).searchParams.get(name) === value", arg=[name, value], timeout=30_000
    )


def errors(tab: Any) -> list[str]:
    """What the page complained about. For a deep link Streamlit itself first asks below the page's own path."""
    return [said for said in tab.console_errors if "404" not in said]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_one_token_a_click_a_forced_token_and_the_language(
    chromium_page: Callable[..., Any], server: Any, language: str
) -> None:
    tab = chromium_page(locale={"zh": "zh-CN", "en": "en-GB"}[language])
    t = words("decoding", language)  # type: ignore[arg-type]
    page = opened(tab, server, "model=reverse&example=4&step=2")
    until(page, ".count", t("step_of", step=2, last=9))
    until(page, ".written", "hg")

    page.locator(".go-next").click()
    until(page, ".count", t("step_of", step=3, last=9))
    until(page, ".written", "hgf")
    assert page.locator(".ribbon .column:not(.coming)").count() == 3
    until_address(page, "step", "3")

    # Another token than the model's own is forced; the number of its rank and the text change with it.
    before = page.inner_text(".facts dd >> nth=2")
    page.locator(".alternative:not(:disabled)").first.click()
    page.locator(".ribbon .said.forced").wait_for()
    assert page.inner_text(".facts dd >> nth=2") != before
    forced = page.inner_text(".written")
    assert forced[:2] == "hg"
    assert forced != "hgf"
    page.keyboard.press("ArrowLeft")
    until(page, ".written", "hg")
    page.keyboard.press("ArrowRight")
    until(page, ".written", forced)

    other = "English" if language == "zh" else "中文"
    switched = words("decoding", "en" if language == "zh" else "zh")
    page.locator("[data-testid=stSidebar] button", has_text=other).click()
    until(page, ".count", switched("step_of", step=3, last=page.inner_text(".count").split("/")[1].split()[0]))
    assert page.inner_text(".written") == forced
    assert page.locator(".undo").is_visible()
    page.locator(".undo").click()
    until(page, ".written", "hgf")
    until_address(page, "forced", None)

    page.locator(".go-end").click()
    until(page, ".status", switched("ended_eos"))
    assert not errors(tab)
    assert not tab.foreign_requests


def test_stepping_needs_no_answer_of_the_server_and_a_part_opens_its_map(
    chromium_page: Callable[..., Any], server: Any
) -> None:
    tab = chromium_page(locale="en-GB")
    page = opened(tab, server, "model=reverse&example=4&step=0")
    page.keyboard.press("Space")
    page.keyboard.press("Space")
    assert page.inner_text(".written") == "hg"
    assert page.locator('.part[aria-pressed="true"]').get_attribute("data-path") == "decoder.1.cross_attn"
    page.locator('.part[data-path="encoder.0.self_attn"]').click()
    assert page.locator(".map-card").get_attribute("data-site") == "encoder.0.self_attn"
    page.locator('.part[data-path="decoder.0.self_attn"]').click()
    label = page.locator(".map-body canvas").get_attribute("aria-label")
    page.locator('.map-card .segmented button[data-value="2"]').click()
    assert page.locator(".map-body canvas").get_attribute("aria-label") != label
    until_address(page, "part", "decoder.0.self_attn")
    until_address(page, "head", "3")


def test_an_unknown_typed_token_is_refused_in_words(chromium_page: Callable[..., Any], server: Any) -> None:
    tab = chromium_page(locale="zh-CN")
    page = opened(tab, server, "model=reverse&example=4&step=3")
    field = page.locator(".alternatives-card .other input")
    field.fill("<script>")
    field.press("Enter")
    until(page, ".refused", words("decoding", "zh")("refused", token="<script>"))
    assert page.inner_text(".written") == "hgf"
    field.fill("a")
    field.press("Enter")
    until(page, ".written", "hga")
    assert not errors(tab)


def test_a_branch_of_the_beam_tree_shows_its_own_attention(chromium_page: Callable[..., Any], server: Any) -> None:
    tab = chromium_page(locale="en-GB")
    page = opened(tab, server, "model=reverse&example=4&strategy=beam&step=5")
    page.locator(".node.living").first.wait_for()
    said = page.locator(".ribbon .said").all_inner_texts()
    shown = page.locator(".map-body canvas").get_attribute("aria-label")
    page.locator(".node:not(.lit)").last.click()
    assert page.locator(".ribbon .said").all_inner_texts() != said
    assert page.locator(".map-body canvas").get_attribute("aria-label") != shown
    assert not errors(tab)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_mistake_is_put_in_and_both_regimes_answer(
    chromium_page: Callable[..., Any], server: Any, language: str
) -> None:
    tab = chromium_page(locale={"zh": "zh-CN", "en": "en-GB"}[language])
    t = words("decoding", language)  # type: ignore[arg-type]
    page = opened(tab, server, "model=numbers-zh&example=1&view=forcing&mistake=none")
    until(page, ".verdict", t("verdict_same"))
    whole = page.inner_text(".lane-card.free .score b")
    page.locator(".lane-card.free .said").nth(1).click()
    page.locator(".menu .wrong-token").first.click()
    page.locator(".fed.disturbed").first.wait_for()
    assert page.locator(".fed.disturbed").count() == 1  # free running reads its mistake, teacher forcing does not
    assert page.locator(".said.overwritten.wrong").count() == 2
    assert page.inner_text(".lane-card.free .score b") != whole
    page.keyboard.press("Escape")
    page.locator(".clear-mistake").click()
    until(page, ".verdict", t("verdict_same"))
    assert page.inner_text(".lane-card.free .score b") == whole
    assert not errors(tab)
    assert not tab.foreign_requests


def test_a_step_opens_in_by_hand_and_nothing_is_lost_on_the_way_back(
    chromium_page: Callable[..., Any], server: Any
) -> None:
    tab = chromium_page(locale="en-GB")
    page = opened(tab, server, "model=reverse&example=4&step=3&strategy=sample&seed=7")
    written = page.inner_text(".written")
    page.locator(".by-hand").click()
    question = words("by_hand", "en")("question")
    page.wait_for_function("q => document.querySelector('.av-question')?.innerText.startsWith(q)", arg=question)
    page.locator("[data-testid=stSidebar] a", has_text="Decoding").click()
    page.wait_for_selector(READY)
    until(page, ".written", written)
    until_address(page, "seed", "7")
    assert parse_qs(urlsplit(page.url).query)["strategy"] == ["sample"]
    assert not errors(tab)


@pytest.mark.parametrize(
    ("size", "queries"),
    [((1440, 900), ("&strategy=sample", "&strategy=beam", "&view=forcing")), ((1920, 1080), ("&strategy=sample",))],
)
def test_every_view_fits_one_screen(
    chromium_page: Callable[..., Any], server: Any, size: tuple[int, int], queries: tuple[str, ...]
) -> None:
    tab = chromium_page(width=size[0], height=size[1], locale="en-GB")
    main = "document.querySelector('[data-testid=stMain]')"
    for query in queries:
        page = opened(tab, server, f"model=reverse&example=4{query}")
        page.wait_for_function(f"() => {main}.scrollHeight - {main}.clientHeight <= 2")
        assert page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_the_picture_of_the_map_is_large_enough_for_print(chromium_page: Callable[..., Any], server: Any) -> None:
    tab = chromium_page(locale="en-GB")
    page = opened(tab, server, "model=reverse&example=4&step=5")
    with page.expect_download() as saved:
        page.locator(".take button", has_text="PNG").click()
    header = saved.value.path().read_bytes()[:24]
    width, height = (int.from_bytes(header[at : at + 4], "big") for at in (16, 20))
    assert width >= 1600
    assert height >= 1200
    # The map on screen is as it was, and the pointer still finds its cells.
    box = page.locator(".map-body canvas").bounding_box()
    page.mouse.move(box["x"] + 0.55 * box["width"], box["y"] + 0.5 * box["height"])
    page.wait_for_selector(".map-body .tip:not([hidden])")
    assert not errors(tab)
