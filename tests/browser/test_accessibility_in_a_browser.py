"""axe looks at every page, light and dark, and finds nothing that WCAG 2.2 forbids at levels A and AA."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from attnviz.ui.frame.navigation import PAGES, title
from attnviz.ui.text import words

pytestmark = pytest.mark.browser
APP = Path(__file__).resolve().parents[2] / "app.py"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Beside them what belongs to a good page, whatever the level.
GOOD = ["heading-order", "page-has-heading-one", "empty-table-header", "landmark-one-main", "landmark-unique"]
# What a page shows only when it is asked to.
VIEWS = (
    "masks?kind=decoder_self&what=tokens&tokens=7",
    "by_hand?view=all",
    "by_hand?what=shapes",
    "by_hand?what=model",
    "decoding?strategy=beam",
    "decoding?view=forcing",
    "decoding?view=cache",
    "pretraining?view=data",
    "pretraining?view=list",
    "finetuning?view=race",
    "finetuning?view=folds",
    "experiments?experiment=E3&guess=none",
    "attention?lesson=look&lesson_step=1",
)
ASK = """async (tags) => {
  const only = await axe.run(document, { runOnly: { type: "tag", values: tags } });
  const good = await axe.run(document, { runOnly: { type: "rule", values: GOOD } });
  return [...only.violations, ...good.violations].flatMap((rule) => rule.nodes.map((node) =>
    [rule.id, node.target.flat().at(-1), node.any.concat(node.all, node.none)[0]?.message, node.html].join(" | ")));
}""".replace("GOOD", str(GOOD))


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any]) -> Iterator[Any]:
    with serve(APP) as running:
        yield running


def found(page: Any, address: str) -> list[str]:
    """What axe has against a page at rest."""
    page.goto(address)
    page.wait_for_selector(".av-question", timeout=60_000)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=60_000)
    page.wait_for_function("() => !document.querySelector('.av-skeleton')", timeout=60_000)
    page.wait_for_timeout(1_200)
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    said: list[str] = page.evaluate(ASK, RULES)
    return said


@pytest.mark.parametrize(("dark", "language"), [(False, "zh"), (True, "en")], ids=["light", "dark"])
def test_axe_finds_nothing_on_any_page(
    chromium_page: Callable[..., Any], server: Any, dark: bool, language: Any
) -> None:
    page = chromium_page(dark=dark, locale="zh-CN" if language == "zh" else "en-GB").page
    against = {}
    for entry in PAGES:
        against[entry.name] = found(page, f"{server.url}/{entry.name}?lang={language}")
        assert page.locator("h1").count() == 1
        assert page.locator("h1").inner_text().startswith(words(entry.name, language)("question"))
        assert page.title() == title(entry.name, language)
    assert {name: said for name, said in against.items() if said} == {}


def test_axe_finds_nothing_in_what_pages_show_when_asked(chromium_page: Callable[..., Any], server: Any) -> None:
    tabs = [chromium_page(dark=dark).page for dark in (False, True)]
    against = {}
    for turn, view in enumerate(VIEWS):
        language = ("zh", "en")[turn // 2 % 2]
        against[view] = found(tabs[turn % 2], f"{server.url}/{view}&lang={language}")
    assert {view: said for view, said in against.items() if said} == {}


def test_every_page_has_a_title_of_its_own() -> None:
    for language in ("zh", "en"):
        titles = [title(entry.name, language) for entry in PAGES]  # type: ignore[arg-type]
        assert len(set(titles)) == len(titles)
