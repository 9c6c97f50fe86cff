"""The app in a real browser: both languages, another sentence, a head switched off, links, hostile text."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from lists import choose

from attnviz.bench.stage import FOUND
from attnviz.ui.frame.navigation import PAGES, Entry
from attnviz.ui.text import words

pytestmark = pytest.mark.browser
APP = Path(__file__).resolve().parents[2] / "app.py"
FIELD = ".st-key-av-sentence input[type=text]"


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any]) -> Iterator[Any]:
    with serve(APP) as running:
        yield running


def opened(tab: Any, server: Any, path: str = "/") -> Any:
    """Open a page and wait until its predictions are on screen."""
    tab.page.goto(server.url + path)
    tab.page.wait_for_selector(".token", timeout=60_000)
    tab.page.wait_for_selector('[data-switch="1.1"]')
    return tab.page


def loss(page: Any) -> str:
    return str(page.inner_text(".loss"))


def said(page: Any) -> list[str]:
    return list(page.locator(".token .said").all_inner_texts())


def address(page: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def settled(page: Any, selector: str, before: str) -> None:
    """Wait until the text of an element inside a component is another one."""
    for _ in range(150):
        if page.inner_text(selector) != before:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{selector} still says {before!r}")


def typed_in(page: Any, text: str) -> None:
    """Type another sentence and wait for its predictions."""
    before = page.inner_text(".tokens")
    page.locator(FIELD).first.fill(text)
    page.locator(FIELD).first.press("Enter")
    settled(page, ".tokens", before)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_sentence_a_head_and_the_language(chromium_page: Callable[..., Any], server: Any, language: str) -> None:
    tab = chromium_page(locale={"zh": "zh-CN", "en": "en-GB"}[language])
    page = opened(tab, server, "/?model=reverse")
    question = words("attention", language)("question")  # type: ignore[arg-type]
    assert page.inner_text(".av-question").startswith(question)
    assert said(page)[:-1] == list("cba")

    typed_in(page, "fedcb")
    assert said(page) == [*"bcdef", "</s>"]

    page.locator('[data-head="2.3"]').click()
    assert address(page)["head"] == "3"
    before = loss(page)
    assert "Δ" not in before
    page.locator('[data-switch="1.1"]').click()
    settled(page, ".loss", before)
    assert "Δ" in loss(page)
    moved = page.inner_text(".loss b")

    other = "English" if language == "zh" else "中文"
    page.locator("[data-testid=stSidebar] button", has_text=other).click()
    page.wait_for_function("old => !document.querySelector('.av-question')?.innerText.startsWith(old)", arg=question)
    page.wait_for_timeout(800)
    assert page.input_value(FIELD) == "fedcb"
    assert address(page)["head"] == "3"
    assert address(page)["lang"] == ("en" if language == "zh" else "zh")
    assert page.get_attribute("html", "lang") == ("en" if language == "zh" else "zh-CN")
    assert page.get_attribute('[data-head="2.3"]', "aria-pressed") == "true"
    assert page.get_attribute('[data-switch="1.1"]', "aria-checked") == "false"
    assert page.inner_text(".loss b") == moved

    assert not tab.console_errors
    assert not tab.foreign_requests


def test_choosing_a_token_or_a_head_needs_no_server_until_by_hand_begins_there(
    chromium_page: Callable[..., Any], server: Any
) -> None:
    tab = chromium_page()
    page = opened(tab, server, "/?model=reverse&example=2")
    page.wait_for_timeout(1500)
    tab.forget()
    heading = page.inner_text(".top h2")
    page.locator(".token").nth(1).click()
    page.keyboard.press("ArrowRight")
    assert page.locator('.token[aria-selected="true"]').count() == 1
    assert page.inner_text(".top h2") != heading
    page.locator('[data-head="1.2"]').click()
    assert not tab.frames_sent
    said = address(page)
    assert (said["layer"], said["head"]) == ("1", "2")
    by_hand = page.locator('[data-testid="stSidebar"] a', has_text=words("by_hand", "en")("title"))
    by_hand.hover()
    page.wait_for_timeout(300)  # between a hand's coming to the link and its press
    by_hand.click()
    page.wait_for_function("() => location.search.includes('head=2') && location.search.includes('site=')")
    assert address(page)["site"].startswith("decoder.0.")


def test_a_deep_link_to_a_fresh_server_opens_what_it_says(chromium_page: Callable[..., Any], serve: Any) -> None:
    with serve(APP) as fresh:
        tab = chromium_page(locale="zh-CN")
        page = opened(tab, fresh, "/attention?model=reverse&example=3&kind=encoder_self&layer=1&head=4&lang=en")
        assert page.inner_text(".av-question").startswith(words("attention", "en")("question"))
        assert page.input_value(FIELD) == "banana"
        assert page.get_attribute('[data-head="1.4"]', "aria-pressed") == "true"
        assert page.locator(".av-notice").count() == 0
        assert not tab.foreign_requests


def test_the_link_one_shares_holds_no_text_of_ones_own(chromium_page: Callable[..., Any], server: Any) -> None:
    tab = chromium_page(permissions=["clipboard-read", "clipboard-write"])
    page = opened(tab, server, "/?model=reverse")
    typed_in(page, "dcbaa")
    page.wait_for_function("() => !new URL(location.href).searchParams.has('example')")
    page.locator("button[part=share]").click(modifiers=["Shift"])
    page.wait_for_selector("button.done")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.url
    assert "dcbaa" not in copied
    # Without Shift whoever opens it reads their own language.
    page.locator("button[part=share]").click()
    page.wait_for_timeout(300)
    without = page.evaluate("navigator.clipboard.readText()")
    assert without == copied.replace("lang=en&", "")
    assert "lang=" not in without
    assert {"model", "kind", "layer", "head", "lang"} <= set(address(page))


HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>**b**'


def test_hostile_text_stays_text(chromium_page: Callable[..., Any], server: Any) -> None:
    tab = chromium_page()
    page = opened(tab, server, "/?model=pinyin&layer=%3Cimg%20src%3Dx%20onerror%3D%22window.hacked%3D1%22%3E")
    assert page.locator(".av-notice").count() == 1
    typed_in(page, HOSTILE)
    page.wait_for_timeout(500)
    assert page.evaluate("window.hacked") is None
    assert "<" in page.inner_text(".av-notice >> nth=-1")
    assert page.locator("img[src=x]").count() == 0
    assert not tab.console_errors


def test_a_file_of_ones_own_gives_a_sentence_and_its_reference(
    chromium_page: Callable[..., Any], server: Any, tmp_path: Path
) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("abc,aaa\nfed,def\n", encoding="utf-8")
    tab = chromium_page(locale="en-GB")
    page = opened(tab, server, "/?model=reverse")
    page.locator(".st-key-av-sentence button[data-testid=stPopoverButton]").first.click()
    page.locator("input[type=file]").set_input_files(str(pairs))
    page.get_by_text("2 sentences were read").wait_for()
    before = loss(page)
    # Beside it there stands how the file is read, column by column: each choice has its name.
    choose(page, page.get_by_role("combobox", name=words("common", "en")("own_pick"), exact=True), "abc")
    settled(page, ".loss", before)
    assert "from your file" in page.inner_text(".how")
    assert "not a" in " ".join(page.locator(".token .note").all_inner_texts())


def test_going_to_another_page_and_back_keeps_model_sentence_and_language(
    chromium_page: Callable[..., Any], server: Any
) -> None:
    tab = chromium_page(locale="zh-CN")
    page = opened(tab, server, "/?model=reverse&lang=en")
    typed_in(page, "fedcb")
    page.locator('[data-switch="1.2"]').click()
    page.locator(".loss", has_text="Δ").wait_for()
    page.locator("[data-testid=stSidebar] a", has_text=words(PAGES[1].name, "en")("title")).click()
    question = words(PAGES[1].name, "en")("question")
    page.wait_for_function("q => document.querySelector('.av-question')?.innerText.startsWith(q)", arg=question)
    page.locator("[data-testid=stSidebar] a", has_text=words(PAGES[0].name, "en")("title")).click()
    for _ in range(150):
        if said(page) == [*"bcdef", "</s>"]:
            break
        page.wait_for_timeout(100)
    assert said(page) == [*"bcdef", "</s>"]
    assert page.input_value(FIELD) == "fedcb"
    page.locator(".loss", has_text="Δ").wait_for()
    switch = page.locator('[data-switch="1.2"]')
    assert switch.get_attribute("aria-checked") == "false"
    with_it_off = loss(page)
    switch.click()
    settled(page, ".loss", with_it_off)
    assert "Δ" not in loss(page)
    page.wait_for_function("() => new URL(location.href).searchParams.get('model') === 'reverse'")
    assert address(page)["lang"] == "en"
    assert not tab.foreign_requests


@pytest.mark.parametrize("size", [(1440, 900), (1920, 1080)])
@pytest.mark.parametrize("dark", [False, True])
def test_everything_fits_one_screen(
    chromium_page: Callable[..., Any], server: Any, size: tuple[int, int], dark: bool
) -> None:
    tab = chromium_page(width=size[0], height=size[1], dark=dark)
    page = opened(tab, server, "/?model=pinyin&lang=en")
    page.wait_for_timeout(700)
    overflow = """() => {
      const main = document.querySelector("[data-testid=stMain]");
      return main.scrollHeight - main.clientHeight;
    }"""
    assert page.evaluate(overflow) <= 2
    cut = page.evaluate(
        """() => [...document.querySelectorAll("[data-testid=stSidebar] a span, .av-chip")]
          .filter((part) => part.getBoundingClientRect().height && part.scrollWidth > part.clientWidth + 1)
          .map((part) => part.textContent).filter((text) => !text.startsWith("Licence"))"""
    )
    assert cut == []
    for text, lines in (("银行😀", 1), ("<b>", 2)):  # a remark, or two, take their room from the picture
        page.fill(FIELD, text)
        page.press(FIELD, "Enter")
        page.wait_for_function(f"() => document.querySelectorAll('.av-notice > div').length === {lines}")
        page.wait_for_timeout(700)
        assert page.evaluate(overflow) <= 2, text
    wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0


def test_a_tap_on_another_page_while_a_sentence_is_typed_leads_there(
    chromium_page: Callable[..., Any], server: Any
) -> None:
    tab = chromium_page(locale="en-US")
    page = opened(tab, server, "/?model=reverse&lang=en")
    for entry in (PAGES[3], PAGES[0], PAGES[3]):
        page.locator(FIELD).first.fill("fedc")
        # A finger presses and lets go at once, so that the text is sent after the tap.
        gone_to(page, entry)
        page.locator(FIELD).first.wait_for()
        page.wait_for_timeout(1_500)  # whatever is still under way
        assert page.inner_text(".av-question").startswith(words(entry.name, "en")("question"))
        assert page.locator("[data-testid=stException]").count() == 0
        assert {"model", "lang"} <= set(address(page))
    assert not tab.foreign_requests


STAGE = f"({FOUND})()"


def late(route: Any) -> None:
    """The direct answer comes when a run has long answered."""
    time.sleep(1.5)
    route.continue_()


def gone_to(page: Any, entry: Entry) -> None:
    """Another page, by the sidebar; until its question stands there."""
    page.locator("[data-testid=stSidebar] a", has_text=words(entry.name, "en")("title")).click(delay=0)
    question = words(entry.name, "en")("question")
    page.wait_for_function("q => document.querySelector('.av-question')?.innerText.startsWith(q)", arg=question)


def test_a_sentence_is_kept_whatever_happens_next(chromium_page: Callable[..., Any], server: Any) -> None:
    """Streamlit hears of a text when its picture is there, but before the next key, the next click, the next page."""
    tab = chromium_page()
    tab.page.route("**/attnviz/direct/**", late)
    page = opened(tab, server, "/?model=reverse&lang=en")
    field = page.locator(FIELD).first
    read = "() => document.querySelector('.st-key-av-sentence input[type=text]')?.value"
    at_once = """([text, key]) => {
      const field = document.querySelector('.st-key-av-sentence input[type=text]');
      field.focus();
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, text);
      field.dispatchEvent(new Event('input', { bubbles: true }));
      field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
      if (key) document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
      else field.blur();
    }"""
    for text, key, entry in (("hgfe", "Shift", PAGES[1]), ("edcba", "", PAGES[0]), ("fgh", "Shift", PAGES[1])):
        page.evaluate(at_once, [text, key])
        gone_to(page, entry)
        page.wait_for_function(f"text => ({read})() === text", arg=text)
    gone_to(page, PAGES[0])
    page.locator(".stage .head").first.wait_for()
    field.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("abcd")
    page.keyboard.press("Enter")
    page.keyboard.type("ef")  # at once: the first half was answered, the second belongs to what is typed
    page.keyboard.press("Enter")
    page.wait_for_function(f"() => {STAGE}.state.kind.rows === 7")
    page.wait_for_timeout(600)
    gone_to(page, PAGES[1])
    page.wait_for_function(f"text => ({read})() === text", arg="abcdef")
    assert not tab.console_errors


@pytest.mark.parametrize("way", [None, lambda route: route.abort(), late], ids=["directly", "by a run", "by both"])
def test_another_sentence_and_a_switch_are_drawn_as_a_fresh_page_draws_them(
    chromium_page: Callable[..., Any], server: Any, way: Callable[[Any], None] | None
) -> None:
    """Weights, masks and labels, whichever way they come; the cross-attention of this model blocks nothing."""
    drawn = f"""() => {{
      const {{ kind }} = {STAGE}.state;
      return kind.sites.map((_, layer) => [kind.raw, [...kind.cells(layer, 1).codes], [...kind.shared.all[0].cells]]);
    }}"""
    tab = chromium_page()
    if way:
        tab.page.route("**/attnviz/direct/**", way)
    path = "/?model=reverse&lang=en&kind=cross&layer=1&head=2"
    page = opened(tab, server, path)
    typed_in(page, "hgfedcb")
    page.wait_for_function(f"() => {STAGE}.state.kind.rows === 8")
    before = loss(page)
    page.locator('[data-switch="1.1"]').click()
    settled(page, ".loss", before)
    page.wait_for_timeout(500)
    found = page.evaluate(drawn)
    assert all(set(seen) == {1} and len(seen) == len(codes) == 64 for _, codes, seen in found)
    assert page.locator('[data-switch="1.1"]').get_attribute("aria-checked") == "false"

    fresh = opened(chromium_page(), server, f"{path}&off=decoder.0.cross_attn.1")
    typed_in(fresh, "hgfedcb")
    fresh.wait_for_function(f"() => {STAGE}.state.kind.rows === 8")
    fresh.wait_for_timeout(500)
    assert fresh.evaluate(drawn) == found


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_chosen_token_says_what_every_head_is_worth_to_it(
    chromium_page: Callable[..., Any], server: Any, language: str
) -> None:
    tab = chromium_page()
    page = opened(tab, server, f"/?model=pinyin&example=1&lang={language}")
    heads = page.locator(".stage .head")

    def changes() -> list[float]:
        """Δ under each head, as a screen reader hears it, in the order of the elements."""
        labels = [heads.nth(i).get_attribute("aria-label") or "" for i in range(heads.count())]
        return [float(re.search(r"Δ ([+−]?[0-9.]+)", label)[1].replace("−", "-")) for label in labels]  # type: ignore[index]

    page.locator(".tokens .token").nth(4).click()
    page.wait_for_timeout(300)
    first = changes()
    assert max(first) == pytest.approx(0.45, abs=0.02)
    page.locator(".tokens .token").nth(1).click()
    page.wait_for_timeout(300)
    second = changes()
    assert second != first
    # Sorted: the largest change stands at the first place, at the top left.
    page.get_by_role("button", name=words("attention_stage", language)("worth_sort"), exact=True).click()
    page.wait_for_timeout(300)
    boxes = [heads.nth(i).bounding_box() for i in range(heads.count())]
    top_left = min(range(len(boxes)), key=lambda i: (round(boxes[i]["y"]), round(boxes[i]["x"])))
    assert second[top_left] == max(second)
    assert not tab.console_errors


def test_presentation_is_large_and_nothing_but_the_page(chromium_page: Callable[..., Any], server: Any) -> None:
    tab = chromium_page(width=1920, height=1080)
    page = opened(tab, server, "/?lang=en&model=pinyin")
    sidebar = page.locator('[data-testid="stSidebar"]')
    size = "() => parseFloat(getComputedStyle(document.documentElement).fontSize)"
    small, label = page.evaluate(size), page.locator(".stage .segmented.views button").first
    before = label.bounding_box()["height"]
    page.locator("h1").first.click()
    page.keyboard.press("p")
    sidebar.wait_for(state="hidden")
    page.wait_for_timeout(500)
    assert page.evaluate(size) >= 1.4 * small
    assert label.bounding_box()["height"] >= 1.3 * before
    # A letter that is typed into the sentence is a letter.
    page.locator(FIELD).first.fill("")
    page.locator(FIELD).first.press("p")
    assert page.locator(FIELD).first.input_value() == "p"
    assert sidebar.is_hidden()
    page.get_by_role("button", name=words("attention", "en")("present_end")).click()
    sidebar.wait_for(state="visible")
    assert not tab.console_errors


def test_a_link_carries_the_heads_that_are_off_and_not_the_language(
    chromium_page: Callable[..., Any], server: Any
) -> None:
    tab = chromium_page(locale="zh-CN")
    page = opened(tab, server, "/?model=pinyin&example=1&kind=decoder_self&off=decoder.1.self_attn.2~nonsense.9")
    assert page.locator('[data-switch="2.2"]').get_attribute("aria-checked") == "false"
    assert page.locator('[data-switch="2.1"]').get_attribute("aria-checked") == "true"
    assert address(page)["off"] == "decoder.1.self_attn.2"
    page.locator('[data-switch="2.2"]').click()
    for _ in range(100):
        if "off" not in address(page):
            break
        page.wait_for_timeout(100)
    assert "off" not in address(page)
    assert not tab.console_errors
