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
    "masks?view=investigate",
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


def opened(page: Any, address: str) -> None:
    """A page at rest, with axe in it."""
    page.goto(address)
    page.wait_for_selector(".av-question", timeout=60_000)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=60_000)
    page.wait_for_function("() => !document.querySelector('.av-skeleton')", timeout=60_000)
    page.wait_for_timeout(1_200)
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))


def found(page: Any, looks: tuple[str, ...] = ("light", "dark")) -> list[str]:
    """What axe has against it, light and dark: the page follows the system."""
    said = []
    for look in looks:
        page.emulate_media(color_scheme=look)
        page.wait_for_function(
            "(look) => getComputedStyle(document.querySelector('.stApp')).colorScheme === look", arg=look
        )
        page.wait_for_timeout(400)
        said += [f"{look} | {one}" for one in page.evaluate(ASK, RULES)]
    return said


def test_axe_finds_nothing_on_any_page_light_or_dark(chromium_page: Callable[..., Any], server: Any) -> None:
    page = chromium_page().page
    against = {}
    for turn, entry in enumerate(PAGES):
        language: Any = ("zh", "en")[turn % 2]
        opened(page, f"{server.url}/{entry.name}?lang={language}")
        against[entry.name] = found(page)
        assert page.locator("h1").count() == 1
        assert page.locator("h1").inner_text().startswith(words(entry.name, language)("question"))
        assert page.title() == title(entry.name, language)
    assert {name: said for name, said in against.items() if said} == {}


@pytest.mark.slow
def test_axe_finds_nothing_in_what_pages_show_when_asked(chromium_page: Callable[..., Any], server: Any) -> None:
    page = chromium_page().page
    against = {}
    for turn, view in enumerate(VIEWS):
        opened(page, f"{server.url}/{view}&lang={('zh', 'en')[turn // 2 % 2]}")
        against[view] = found(page, (("light", "dark")[turn % 2],))
    assert {view: said for view, said in against.items() if said} == {}


def test_every_page_has_a_title_of_its_own() -> None:
    for language in ("zh", "en"):
        titles = [title(entry.name, language) for entry in PAGES]  # type: ignore[arg-type]
        assert len(set(titles)) == len(titles)
