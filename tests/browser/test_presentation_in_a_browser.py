"""For the back row: in a presentation no letter is smaller than 20 pixels, not in pictures either."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from attnviz.ui.frame.navigation import PAGES

pytestmark = pytest.mark.browser
APP = Path(__file__).resolve().parents[2] / "app.py"
LEAST = 20  # pixels at 1920 × 1080
VIEWS = (
    "masks?view=investigate",
    "by_hand?what=model",
    "by_hand?view=all",
    "by_hand?what=shapes",
    "decoding?strategy=beam",
    "decoding?view=cache",
)

# What is written on a canvas, and how large, until the canvas is cleared.
REMEMBER = r"""(() => {
  const drawn = (window.drawn = new Map());
  const { fillText, clearRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    const { a, b } = this.getTransform();
    const size = (parseFloat(/([\d.]+)px/.exec(this.font)[1]) * Math.hypot(a, b)) / devicePixelRatio;
    drawn.set(this.canvas, [...(drawn.get(this.canvas) ?? []), [size, String(text)]]);
    return fillText.call(this, text, ...rest);
  };
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    if (box[2] * 2 >= this.canvas.width / devicePixelRatio) drawn.delete(this.canvas);
    return clearRect.apply(this, box);
  };
  sessionStorage.setItem("attnviz-present", "on");
})()"""
# [[size, text, where]] of all that can be read: elements, also in shadow trees, texts of drawings, and canvases.
READ = """() => {
  const found = [];
  const silent = new Set(["STYLE", "SCRIPT", "TITLE", "OPTION", "NOSCRIPT"]);
  const look = (root) => {
    for (const node of root.querySelectorAll("*")) {
      if (node.shadowRoot) look(node.shadowRoot);
      if (silent.has(node.tagName.toUpperCase())) continue;
      if (node.namespaceURI.endsWith("svg") && !["text", "tspan"].includes(node.tagName)) continue;
      const own = [...node.childNodes].map((one) => (one.nodeType === 3 ? one.textContent : "")).join("").trim();
      const said = node.tagName === "INPUT" ? node.value || node.placeholder : own;
      const box = node.getBoundingClientRect();
      const style = getComputedStyle(node);
      if (!said || box.width < 2 || box.height < 2 || style.clipPath !== "none") continue;
      if (!node.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      found.push([parseFloat(style.fontSize), said.slice(0, 30), `${node.tagName}.${node.getAttribute("class")}`]);
    }
  };
  look(document);
  for (const [canvas, texts] of window.drawn) {
    if (canvas.isConnected && canvas.getBoundingClientRect().width)
      for (const [size, text] of texts) if (text.trim()) found.push([size, text, "canvas " + canvas.className]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any]) -> Iterator[Any]:
    with serve(APP) as running:
        yield running


def shown(page: Any, address: str) -> list[tuple[float, str, str]]:
    page.goto(address)
    page.wait_for_selector(".av-question", timeout=60_000)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=60_000)
    page.wait_for_function("() => !document.querySelector('.av-skeleton')", timeout=60_000)
    page.wait_for_function("() => document.documentElement.dataset.avPresent === 'on'")
    page.wait_for_timeout(1_500)
    found: list[tuple[float, str, str]] = page.evaluate(READ)
    assert len(found) > 4
    return found


@pytest.mark.slow
@pytest.mark.parametrize("turn", [0, 1])
def test_no_letter_is_smaller_than_twenty_pixels(chromium_page: Callable[..., Any], server: Any, turn: int) -> None:
    """Pages by turns in Chinese and in English; the deep run has the other half."""
    page = chromium_page(width=1920, height=1080).page
    page.add_init_script(REMEMBER)
    views = [f"{entry.name}?" for entry in PAGES] + [f"{view}&" for view in VIEWS]
    small = {}
    for place, view in enumerate(views):
        found = shown(page, f"{server.url}/{view}lang={('zh', 'en')[(place + turn) % 2]}")
        if too_small := sorted({tuple(one) for one in found if one[0] < LEAST - 0.05}):
            small[view] = too_small[:5]
        assert page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth") <= 1920
    assert small == {}


def test_the_token_pointed_at_is_named_large(chromium_page: Callable[..., Any], server: Any) -> None:
    page = chromium_page(width=1920, height=1080, locale="en-GB").page
    page.add_init_script(REMEMBER)
    shown(page, f"{server.url}/attention?lang=en")
    box = page.locator(".surface").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.5)
    token = page.locator(".readout .said-query").first
    token.wait_for()
    assert token.evaluate("(node) => parseFloat(getComputedStyle(node).fontSize)") >= 1.5 * LEAST
