"""One visit, unchanged, on a model of ours and on models from elsewhere: attention, a head off, masks, decode, by hand.

What a model cannot do is said on the page; nothing breaks, and no label is ever a character that is none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers", reason="models from elsewhere need the extra hf")

from foreign_folders import save, word_tokenizer

from attnviz.language import LANGUAGES, Language
from attnviz.ui.text import words

pytestmark = pytest.mark.browser
APP = Path(__file__).resolve().parents[2] / "app.py"
BROKEN = "\ufffd"
READY = {
    "attention": "[data-switch]",
    "masks": '.lab-place[data-state="ready"]',
    "decoding": '.stage-place[data-state="ready"] .view',
    "by_hand": '.sheet-place[data-state="ready"]',
}
SAYS = ".av-notice, p.av-claim"
# What every open shadow tree of a page says, too: stages draw there.
ALL_WORDS = """() => {
  const found = [];
  const walk = (root) => {
    for (const node of root.querySelectorAll("*")) {
      found.push(node.getAttribute("aria-label") || "", node.getAttribute("title") || "");
      for (const child of node.childNodes) if (child.nodeType === 3) found.push(child.data);
      if (node.shadowRoot) walk(node.shadowRoot);
    }
  };
  walk(document);
  return found.join(" ");
}"""
FIND = """() => {
  for (const host of document.querySelectorAll("*")) {
    const root = host.shadowRoot;
    if (!root) continue;
    for (const node of [root, ...root.querySelectorAll("*")]) if (node.attnvizLab) return node.attnvizLab;
  }
  return null;
}"""
# The pages that a model can be looked at on; the others show their sentence and the way to a model that can.
CANNOT = {"pinyin": set(), "tiny-llama": set(), "tiny-marian": set(), "tiny-bert": {"decoding"}}
# Each model is visited in one language; in the other one when asked for.
LANGUAGE_OF = {"pinyin": "en", "tiny-bert": "zh", "tiny-llama": "zh", "tiny-marian": "en", "tiny-vit": "zh"}
VISITS = [
    pytest.param(model, language, marks=[] if language == usual else pytest.mark.slow)
    for model, usual in LANGUAGE_OF.items()
    for language in LANGUAGES
]


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    root = tmp_path_factory.mktemp("models")
    folders = [save(root / f"tiny-{name}", name) for name in ("llama", "marian")]
    folders += [save(root / "tiny-bert", "bert", word_tokenizer), save(root / "tiny-vit", "vit", None)]
    with serve(APP, ATTNVIZ_MODELS=os.pathsep.join(map(str, folders))) as running:
        yield running


class LabPage:
    """The mask lab that is drawn on a page, driven by the mouse."""

    def __init__(self, tab: Any) -> None:
        self.page = tab.page

    def state(self, expression: str) -> Any:
        return self.page.evaluate(f"() => {{ const lab = ({FIND})(); return {expression}; }}")

    def paint(self, row: int, column: int) -> None:
        x, y, width, height = self.state(
            "(() => { const b = lab.paint.box.cells, s = lab.refs.surface.getBoundingClientRect(), a = lab.shot.axes;"
            " return [s.left + b.x, s.top + b.y, b.w / a.columns, b.h / a.rows]; })()"
        )
        self.page.mouse.click(x + (column + 0.5) * width, y + (row + 0.5) * height)

    def written(self) -> str:
        """What is painted, once the server has answered."""
        for _ in range(600):
            if not self.state("lab.operations.busy"):
                return str(self.state("lab.shot.written"))
            self.page.wait_for_timeout(50)
        raise AssertionError("an operation was never answered")


def visit(tab: Any, server: Any, page: str, query: str, expected: bool | None) -> bool:
    """Go to a page; whether its stage is drawn, and not a sentence instead. `expected` None: either will do."""
    tab.page.goto(f"{server.url}/{page}?{query}")
    wanted = {True: READY[page], False: SAYS, None: f"{READY[page]}, {SAYS}"}[expected]
    tab.page.wait_for_selector(wanted, timeout=90_000)
    if expected is None:  # a remark may stand above a stage that is still being drawn
        tab.page.wait_for_timeout(3_000)
    return bool(tab.page.locator(READY[page]).count())


@pytest.mark.parametrize(("model", "language"), VISITS)
def test_the_same_visit_on_every_model(
    model: str, language: Language, chromium_page: Callable[..., Any], server: Any
) -> None:
    tab = chromium_page(locale={"zh": "zh-CN", "en": "en-GB"}[language])
    query = f"model={model}&lang={language}"
    failed = words("common", language)("failed")
    for page, more in (("attention", ""), ("masks", ""), ("decoding", "&step=1"), ("by_hand", "&what=model")):
        expected = page not in CANNOT[model] if model in CANNOT else None
        drawn = visit(tab, server, page, query + more, expected)
        if drawn and page == "attention":
            switch = tab.page.locator("[data-switch]").first
            switch.click()
            tab.page.wait_for_function("() => new URL(location.href).searchParams.has('off')")
            assert switch.get_attribute("aria-checked") == "false"
        elif drawn and page == "decoding":
            tab.page.locator(".go-next").first.click()
            tab.page.wait_for_function("() => Number(new URL(location.href).searchParams.get('step')) >= 2")
        elif drawn and page == "by_hand":
            assert tab.page.locator('[data-step="weights"]').count()
        elif drawn and page == "masks":
            lab = LabPage(tab)
            lab.paint(2, 1)
            assert lab.written()
            assert tab.page.locator(".verdict strong").count()
        assert expected is None or drawn == expected, page
        if not drawn:
            assert tab.page.locator(SAYS).first.inner_text().strip()
        said = tab.page.evaluate(ALL_WORDS)
        assert BROKEN not in said, page
        assert failed not in said, page
    # For a deep link Streamlit itself first asks below the page's own path.
    assert not [error for error in tab.console_errors if "404" not in error]
    assert not tab.foreign_requests
