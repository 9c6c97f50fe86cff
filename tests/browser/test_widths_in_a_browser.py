"""Every page in windows of several widths: a phone scrolls down only; in English one line of tools, and no word cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from attnviz.ui.frame.navigation import PAGES

pytestmark = pytest.mark.browser
APP = Path(__file__).resolve().parents[2] / "app.py"
MAIN = "document.querySelector('[data-testid=stMain]')"


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any]) -> Iterator[Any]:
    with serve(APP) as running:
        yield running


def at_rest(tab: Any, address: str) -> Any:
    """A page whose script has ended and whose picture is drawn."""
    page = tab.page
    page.goto(address)
    page.wait_for_selector(".av-question", timeout=60_000)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=60_000)
    page.wait_for_function("() => !document.querySelector('.av-skeleton')", timeout=60_000)
    page.wait_for_timeout(1_500)
    return page


# What may be shortened, and why nothing is lost by it.
SHORTENED = ", ".join(
    (
        "[data-testid=stSkipToContent]",  # Streamlit's, there for the keyboard only
        "[data-testid=stIconMaterial], span:has(> [data-testid=stIconMaterial])",  # a letter of an icon font
        ".av-chips, .av-chip",  # the licence stands in the side bar, too
        ".verdict .details",  # two lines, so that nothing moves under the mouse; whole in its tooltip
        ".stacks",  # scrolls
        ".line",  # of code: numbers without end, copied whole
        ".rn-said b, .token, .said, .name",  # what a model writes, whole in its tooltip
    )
)
CUT = """(shortened) => {
  const found = [];
  const look = (root) => {
    for (const node of root.querySelectorAll("*")) {
      if (node.shadowRoot) look(node.shadowRoot);
      if (!node.clientWidth || !node.textContent.trim() || node.matches(shortened)) continue;
      if (["STYLE", "SELECT", "OPTION", "TEXTAREA"].includes(node.tagName)) continue;
      const style = getComputedStyle(node);
      if (style.clipPath !== "none") continue;
      if (!node.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      const hides = (way) => ["hidden", "clip"].includes(way);
      const across = hides(style.overflowX) && node.scrollWidth > node.clientWidth + 1;
      const down = hides(style.overflowY) && node.scrollHeight > node.clientHeight + 3;
      const said = node.textContent.trim().slice(0, 60);
      if (/^\\w+ icon$/.test(said)) continue;  // a letter of an icon font, named for screen readers
      if (across || down) found.push(`${node.tagName}.${node.getAttribute("class")}: ${said}`);
    }
  };
  look(document);
  return found;
}"""


SIZES = ((1440, 900), (1280, 800), (1097, 740), (390, 844))


@pytest.mark.parametrize("turn", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_no_page_is_wider_than_its_window_and_no_text_is_cut(
    chromium_page: Callable[..., Any], server: Any, turn: int
) -> None:
    """Pages by turns in Chinese and in English; the deep run has the other half."""
    tab = chromium_page()
    wide, cut = {}, {}
    for place, entry in enumerate(PAGES):
        for width, height in SIZES:
            tab.page.set_viewport_size({"width": width, "height": height})
            if (width, height) == SIZES[0]:
                at_rest(tab, f"{server.url}/{entry.name}?lang={('zh', 'en')[(place + turn) % 2]}")
            else:
                tab.page.wait_for_timeout(700)
            over = tab.page.evaluate(f"() => {MAIN}.scrollWidth - {MAIN}.clientWidth")
            wide |= {(entry.name, width): over} if over > 1 else {}
            found = tab.page.evaluate(CUT, SHORTENED)
            cut |= {(entry.name, width): found} if found else {}
    assert wide == {}
    assert cut == {}


def test_english_tools_take_one_line_and_no_word_is_cut(chromium_page: Callable[..., Any], server: Any) -> None:
    tab = chromium_page(width=1440, height=900, locale="en-GB")
    page = at_rest(tab, f"{server.url}/pretraining?lang=en")
    page.wait_for_selector(".stage .head", timeout=60_000)
    lines = page.eval_on_selector_all(
        ".bar .kinds button, .bar .scales button, .bar .downloads button",
        "all => all.map((one) => { const b = one.getBoundingClientRect(); return b.top + b.height / 2; })",
    )
    assert len(lines) == 10
    assert max(lines) - min(lines) < 4
    cut = page.eval_on_selector_all(
        ".head-card h2, .head-card .readout, .head-card .views button, .grid-card .hint",
        "all => all.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent)",
    )
    assert cut == []
    title, views = (page.locator(f".head-card {part}").bounding_box() for part in ("h2", ".views"))
    assert title["x"] + title["width"] <= views["x"]
    # In the strip a chip is read or is not there: half of one says nothing.
    page = at_rest(tab, f"{server.url}/decoding?lang=en")
    slivers = page.evaluate(
        """() => {
          const room = document.querySelector(".av-chips").getBoundingClientRect();
          return [...document.querySelectorAll(".av-chip")].map((chip) => chip.getBoundingClientRect())
            .filter((box) => box.top < room.bottom && box.width < 40).length;
        }"""
    )
    assert slivers == 0


@pytest.mark.parametrize(
    ("name", "text"), [("masks", ".verdict"), ("by_hand", ".main h2"), ("decoding", ".map-card h2")]
)
def test_every_stage_grows_in_a_presentation_and_lists_keep_their_words(
    chromium_page: Callable[..., Any], server: Any, name: str, text: str
) -> None:
    tab = chromium_page(width=1920, height=1080, locale="en-GB")
    page = at_rest(tab, f"{server.url}/{name}?lang=en")
    line = page.locator(text).first
    line.wait_for(timeout=60_000)

    def size() -> float:
        return float(line.evaluate("(one) => parseFloat(getComputedStyle(one).fontSize)"))

    before = size()
    page.locator("h1").first.click()
    page.keyboard.press("p")
    page.locator('[data-testid="stSidebar"]').wait_for(state="hidden")
    page.wait_for_timeout(800)
    assert size() >= 1.2 * before
    boxes = page.locator(".st-key-av-controls [data-testid=stSelectbox]")
    assert boxes.count() >= 1
    widths = [boxes.nth(i).bounding_box()["width"] for i in range(boxes.count())]
    assert min(widths) >= 14 * page.evaluate("() => parseFloat(getComputedStyle(document.documentElement).fontSize)")
    assert page.evaluate(f"() => {MAIN}.scrollWidth - {MAIN}.clientWidth") <= 1
