"""The time line alone in a real browser: what is dragged, and where names and pins stand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from attnviz.ui.front import bundle
from attnviz.ui.runs.timeline.timeline import ASSETS, TEXTS
from attnviz.ui.text import words

pytestmark = pytest.mark.browser
LINE = {
    "scope": "run",
    "steps": [0, 1, 2, 5, 11, 23, 47, 97, 199, 401, 800],
    "total": 800,
    "done": 800,
    "at": None,
    "moving": False,
    "marks": [
        {"step": 199, "what": "previous-token", "label": "L1 H1 · previous token"},
        {"step": 203, "what": "induction", "label": "L2 H3 · induction"},
        {"step": 211, "what": "diagonal", "label": "L2 H1 · diagonal"},
        {"step": 401, "what": "evaluation", "label": "exact match"},
    ],
}


@pytest.fixture
def page(chromium_page: Callable[..., Any]) -> Any:
    tab = chromium_page()
    html, css = ((ASSETS / f"timeline.{kind}").read_text(encoding="utf-8") for kind in ("html", "css"))
    tab.page.set_content(f"<style>{css}</style><p>before it</p>{html}<p>after it</p>")
    tab.page.evaluate(
        """async ([source, data]) => {
          const blob = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
          const { default: show } = await import(blob);
          window.sent = [];
          const setStateValue = (name, value) => window.sent.push(value);
          show({ data, parentElement: document.body, setStateValue });
        }""",
        [bundle(ASSETS / "timeline.js"), json.dumps({**LINE, "text": words("runs", "en").table(*TEXTS)})],
    )
    yield tab.page
    assert tab.console_errors == []


def test_dragging_goes_through_time_and_selects_no_text(page: Any) -> None:
    track = page.locator(".track").bounding_box()
    x, y = track["x"], track["y"] + 39
    page.mouse.move(x + track["width"], y)
    page.mouse.down()
    page.mouse.move(x + 0.5 * track["width"], y + 80, steps=7)  # the hand slips off the line, over its numbers
    page.mouse.move(x, y + 90, steps=7)
    page.mouse.up()
    page.wait_for_function("() => window.sent.length && window.sent.at(-1).step === 0")
    assert page.evaluate("getSelection().toString()") == ""
    page.keyboard.press("End")
    page.wait_for_function("() => window.sent.at(-1).step === 800")


def test_pins_and_names_lie_apart(page: Any) -> None:
    boxes = page.eval_on_selector_all(
        ".marks button",
        "all => all.map(one => [one.textContent, ...Object.values(one.getBoundingClientRect().toJSON()).slice(0, 4)])",
    )
    assert len(boxes) == len(LINE["marks"])  # type: ignore[arg-type]
    assert any(text == "" for text, *_ in boxes), "names that would lie on each other are pins"
    named = [box[1:] for box in boxes if box[0]]
    pins = [box[1:] for box in boxes if not box[0]]
    for x, y, width, height in pins:
        for left, top, wide, high in named:
            apart = x + width <= left or left + wide <= x or y + height <= top or top + high <= y
            assert apart, (x, y, left, top)
