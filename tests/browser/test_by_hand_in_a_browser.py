"""By hand in a real browser: stepping, hovering, editing, code; zh and en; every step fits; nothing leaves."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lists import choose

from attnviz.trace.walkthrough import Edit, Setup, Variant, Walk, arithmetic, example, walk
from attnviz.trace.walkthrough.expression import number
from attnviz.ui.text import words

pytestmark = pytest.mark.browser
APP = Path(__file__).resolve().parents[2] / "app.py"
FIND = """() => {
  for (const host of document.querySelectorAll("*")) {
    const root = host.shadowRoot;
    if (!root) continue;
    for (const node of [root, ...root.querySelectorAll("*")]) if (node.attnvizByHand) return node.attnvizByHand;
  }
  return null;
}"""


class ByHand:
    """The page as a test drives it: by mouse and keyboard; `state` only looks."""

    def __init__(self, tab: Any, url: str) -> None:
        self.tab, self.page = tab, tab.page
        self.page.goto(url)
        self.page.wait_for_selector('.sheet-place[data-state="ready"]', timeout=60_000)

    def state(self, expression: str) -> Any:
        return self.page.evaluate(f"() => {{ const sheet = ({FIND})(); return {expression}; }}")

    def until(self, expression: str) -> None:
        self.page.wait_for_function(f"() => {{ const sheet = ({FIND})(); return sheet && ({expression}); }}")

    def settle(self) -> None:
        """Wait until the server has answered everything."""
        self.until("!sheet.operations.busy")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def cell(self, step: str, row: int, column: int) -> Any:
        """A cell of the last matrix of this step on the screen."""
        columns = self.state(f"sheet.walk.step('{step}').columns")
        matrix = self.page.locator(f'.matrix[data-step="{step}"]').last
        return matrix.locator("td:not(.sum, .corner)").nth(row * columns + column)

    def edit(self, step: str, row: int, column: int, text: str) -> None:
        self.cell(step, row, column).dblclick()
        field = self.page.locator("input.editor")
        field.fill(text)
        field.press("Enter")
        self.settle()

    def printed(self, step: str) -> list[str]:
        matrix = self.page.locator(f'.matrix[data-step="{step}"]').last
        return [str(text) for text in matrix.locator("td:not(.sum, .corner)").all_inner_texts()]

    def why(self) -> str:
        return " ".join(str(self.page.inner_text(".why .lines")).split())


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any]) -> Iterator[Any]:
    with serve(APP) as running:
        yield running


@pytest.fixture
def page(chromium_page: Callable[..., Any], server: Any) -> ByHand:
    return ByHand(chromium_page(locale="en-GB"), f"{server.url}/by_hand?what=two_heads&step=1&lang=en")


def numbers_of(done: Walk, step: str, head: int = 0) -> list[str]:
    return [number(float(value)) for value in done[step].matrix(head).flatten()]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_walk_on_edit_a_number_and_read_its_arithmetic(
    chromium_page: Callable[..., Any], server: Any, language: str
) -> None:
    tab = chromium_page(locale={"zh": "zh-CN", "en": "en-GB"}[language])
    page = ByHand(tab, f"{server.url}/by_hand?what=two_heads&step=1&lang={language}")
    t = words("by_hand", language)  # type: ignore[arg-type]
    setup = example("two-heads", language)  # type: ignore[arg-type]
    assert page.page.inner_text(".av-question").startswith(t("question"))
    page.page.wait_for_load_state("networkidle")
    tab.forget()
    assert page.printed("x") == numbers_of(walk(setup), "x")
    page.edit("x", 1, 2, "2.5")
    page.until("sheet.walk.edits === 1")
    edited = walk(setup.edited(Edit("x", 1, 2, 2.5)))
    page.press(*[" "] * 5)
    assert page.state("sheet.screen.stage") == "softmax"
    assert page.printed("weights") == numbers_of(edited, "weights")
    assert page.printed("weights") != numbers_of(walk(setup), "weights")
    page.page.locator(".switches .segmented button").nth(1).click()
    assert page.printed("weights") == numbers_of(edited, "weights", 1)
    page.cell("weights", 2, 1).hover()
    page.until("sheet.hovered !== null")
    assert page.why() == arithmetic(edited, "weights", 2, 1, 1).text()
    lit = page.page.locator(".matrix td.lit").all_inner_texts()
    assert lit == numbers_of(edited, "masked_scores", 1)[6:9]
    assert page.page.inner_text(".matrix td.aim") == number(float(edited["weights"].values[1, 2, 1]))
    assert t("stage_softmax") in page.page.inner_text(".main h2")
    assert page.page.locator(".why .extra").inner_text() == t(
        "why_was", value=number(float(walk(setup)["weights"].values[1, 2, 1]))
    )
    assert tab.console_errors == []
    assert tab.foreign_requests == []


@pytest.mark.parametrize("what", ["apples", "two_heads"])
def test_it_opens_on_a_weight_and_its_arithmetic(chromium_page: Callable[..., Any], server: Any, what: str) -> None:
    page = ByHand(chromium_page(locale="en-GB"), f"{server.url}/by_hand?what={what}&lang=en")
    done = walk(example(what.replace("_", "-")))
    assert page.state("sheet.screen.stage") == "softmax"
    assert page.printed("weights") == numbers_of(done, "weights")
    row, column = page.state("[sheet.aimed.row, sheet.aimed.column]")
    assert float(done["weights"].matrix(0)[row, column]) == max(done["weights"].matrix(0)[row])
    assert page.why() == arithmetic(done, "weights", row, column, 0).text()
    page.press(*["ArrowLeft"] * 5)
    assert page.state("sheet.screen.stage") == "input"
    page.page.reload()
    page.page.wait_for_selector('.sheet-place[data-state="ready"]')
    assert page.state("sheet.screen.stage") == "input"


def test_stepping_and_hovering_need_no_server(page: ByHand) -> None:
    page.page.wait_for_load_state("networkidle")
    page.settle()
    page.tab.forget()
    page.press(" ", " ", "ArrowRight", "ArrowLeft", "Backspace", "2", "a", "a")
    assert page.state("[sheet.step, sheet.head, sheet.view]") == [1, 1, "one"]
    page.cell("q", 1, 1).hover()
    page.until("sheet.hovered && sheet.hovered.name === 'q'")
    assert "head=2" in page.page.url
    assert "step=2" in page.page.url
    assert page.tab.frames_sent == []
    page.press("End")
    assert page.state("sheet.step") == page.state("sheet.walk.screens.length") - 1
    page.press(" ")
    assert page.state("sheet.step") == page.state("sheet.walk.screens.length") - 1


def test_every_cells_arithmetic_is_written_as_the_library_writes_it(page: ByHand) -> None:
    def compare(setup: Setup) -> None:
        done = walk(setup)
        written = page.state(
            """[...sheet.walk.byName.values()].map((step) => [step.name, Array.from(step.values, (_, i) => {
              const column = i % step.columns, row = Math.floor(i / step.columns) % step.rows;
              const head = Math.floor(i / step.columns / step.rows);
              const found = sheet.explain({ name: step.name, row, column, head }, true);
              return found.lines.map((line) => line.map((piece) => piece.text).join("")).join("; ");
            })])"""
        )
        assert [name for name, _ in written] == list(done.steps)
        for name, texts in written:
            step = done[name]
            places = [(0, *place) if len(place) == 2 else place for place in np.ndindex(step.shape)]
            for (head, row, column), text in zip(places, texts, strict=True):
                assert text == arithmetic(done, name, row, column, head).text(), (name, head, row, column)

    setup = example("two-heads")
    compare(setup)
    ask = "[sheet.ask('switch', {{ name: '{}', value: '{}' }}), null][1]"
    for name, value in (("norm", "pre"), ("combine", "sum"), ("mask", "after-renormalised")):
        page.state(ask.format(name, value))
        page.settle()
    page.state("[sheet.ask('temperature', { text: '0.7' }), null][1]")
    page.until("sheet.walk.variant.temperature === 0.7")
    variant = Variant(norm="pre", combine="sum", mask="after-renormalised", temperature=0.7)
    compare(dataclasses.replace(setup, variant=variant))


MAIN = "document.querySelector('[data-testid=stMain]')"
OVERFLOW = """(({ scrollWidth, clientWidth, scrollHeight, clientHeight }) =>
  Math.max(scrollWidth - clientWidth, scrollHeight - clientHeight))(sheet.board.node)"""
CUT = """[...sheet.board.node.querySelectorAll("td")].filter((td) => td.scrollWidth > td.clientWidth + 1)
  .map((td) => td.textContent)"""


@pytest.mark.parametrize("what", ["apples", "model"])
def test_every_step_fits_a_projector(chromium_page: Callable[..., Any], server: Any, what: str) -> None:
    page = ByHand(chromium_page(width=1440, height=900), f"{server.url}/by_hand?what={what}&lang=en")
    for width, height in ((1440, 900), (1920, 1080)):
        page.page.set_viewport_size({"width": width, "height": height})
        page.until(f"sheet.board.tables.length && {MAIN}.clientHeight === {height}")
        page.until(f"{MAIN}.scrollHeight <= {MAIN}.clientHeight && {OVERFLOW} <= 1")
        for step in range(page.state("sheet.walk.screens.length")):
            page.state(f"[sheet.go({step}), null][1]")
            assert page.state(OVERFLOW) <= 1, step
            assert page.state("parseFloat(getComputedStyle(sheet.board.node).fontSize)") >= 11, step
            assert page.state(CUT) == [], step
        page.press("a")
        assert page.state(OVERFLOW) <= 1
        page.press("a")


def test_what_is_no_number_is_said_and_stays_to_be_mended(page: ByHand) -> None:
    before = page.printed("x")
    for language, other in (("en", "中文"), ("zh", "English")):
        t = words("by_hand", language)  # type: ignore[arg-type]
        page.until(f"sheet.walk.language === '{language}'")
        for text, sentence in (("abc", t("number_unreadable", given="abc")), ("NaN", t("number_nan"))):
            page.edit("x", 0, 1, text)
            page.page.wait_for_selector("input.editor")
            assert page.page.locator("input.editor").input_value() == text
            assert page.page.inner_text(".why .problem") == sentence
            page.page.locator("input.editor").press("Escape")
        assert page.printed("x") == before
        page.page.get_by_text(other, exact=True).click()
    page.until("sheet.walk.language === 'en'")
    page.edit("x", 0, 1, "-0.25")
    page.until("sheet.walk.edits === 1")
    assert page.page.locator(".why .problem").is_hidden()
    page.press("Control+z")
    page.until("sheet.walk.edits === 0")
    assert page.printed("x") == before


def test_everything_by_keyboard(page: ByHand) -> None:
    page.cell("x", 0, 0).click()
    page.press("ArrowDown", "ArrowRight", "3")
    page.page.locator("input.editor").press("Enter")
    page.until("sheet.walk.edits === 1")
    assert page.state("sheet.walk.step('x').at(1, 1)") == 3
    page.press("Escape", " ", " ", " ", " ")
    assert page.state("sheet.screen.stage") == "mask"
    page.cell("mask", 0, 1).click()
    page.until("sheet.walk.edits === 2")
    assert page.state("sheet.walk.step('mask').at(0, 1, 0)") == 1
    page.page.locator('.switches [role="switch"]').click()
    page.until("sheet.walk.variant.divide === false")
    page.press(" ")
    assert page.state("sheet.screen.stage") == "softmax"


def test_another_language_keeps_step_head_and_edits(page: ByHand) -> None:
    page.edit("x", 0, 0, "0.125")
    page.press(" ", " ", "2")
    before = page.printed("products")
    page.page.get_by_text("中文", exact=True).click()
    page.until("sheet.walk.language === 'zh'")
    assert page.state("[sheet.step, sheet.head, sheet.walk.edits]") == [2, 1, 1]
    assert page.printed("products") == before
    assert page.page.inner_text(".main .about") == words("by_hand", "zh")("about_products")
    # The language was clicked: the next space still walks on, and so it does after a choice from a list.
    page.press(" ")
    assert page.state("sheet.screen.stage") == "scale"
    field = page.page.locator("[data-testid=stSelectbox] input").first
    choose(page.page, field, words("by_hand", "zh")("what_apples"))
    page.until("sheet.walk.heads === 1")
    page.press(" ")
    assert page.state("sheet.screen.stage") == "mask"


def test_a_link_opens_what_was_shared(page: ByHand, chromium_page: Callable[..., Any]) -> None:
    page.edit("x", 0, 0, "2")
    page.page.locator(".switches select[data-name=mask]").select_option("after")
    page.settle()
    page.press(" ", " ", " ", " ", " ", "2")
    page.page.wait_for_function("() => location.href.includes('masking=after') && location.href.includes('step=6')")
    again = ByHand(chromium_page(locale="en-GB"), page.page.url)
    for value in ("sheet.step", "sheet.head", "sheet.walk.variant", "[...sheet.walk.step('weights').values]"):
        assert again.state(value) == page.state(value), value


def test_the_code_beside_it_runs_and_gives_the_numbers_on_the_page(
    chromium_page: Callable[..., Any], server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = ByHand(chromium_page(), f"{server.url}/by_hand?what=model&model=reverse&example=2&head=2&step=4&lang=en")
    page.page.locator(".matrix[data-step=w_k] td:not(.corner)").first.dblclick()
    field = page.page.locator("input.editor")
    field.fill("1.5")
    field.press("Enter")
    page.until("sheet.walk.edits === 1")
    for button in page.page.locator(".code .card-tools button").all()[1:]:
        with page.page.expect_download() as saved:
            button.click()
        name = saved.value.suggested_filename
        saved.value.save_as(tmp_path / ("walk.py" if name.endswith(".py") else name))
    monkeypatch.chdir(tmp_path)
    variables: dict[str, Any] = {}
    exec(compile((tmp_path / "walk.py").read_text(encoding="utf-8"), "walk", "exec"), variables)
    for name in page.state("[...sheet.walk.byName.keys()]"):
        shown = np.array(
            page.state(f"[...sheet.walk.step('{name}').values].map((v) => Number.isFinite(v) ? v : null)"), dtype=float
        )
        value = variables[name]
        assert isinstance(value, torch.Tensor)
        expected = value.double().flatten().numpy()
        np.testing.assert_allclose(
            np.nan_to_num(shown), np.where(np.isfinite(expected), expected, 0), atol=2e-5, rtol=2e-5
        )
    now = page.page.locator('.code .line[data-now="true"]').all_inner_texts()
    assert any("w_k" in line for line in now)


def test_wrong_shapes_say_what_clashes_and_can_be_mended(chromium_page: Callable[..., Any], server: Any) -> None:
    page = ByHand(chromium_page(), f"{server.url}/by_hand?what=shapes&lang=en")
    first = page.page.locator(".case").first
    assert "cannot be multiplied (3x2 and 3x2)" in first.locator("pre").inner_text()
    for language, other in (("en", "中文"), ("zh", "English")):
        t = words("by_hand", language)  # type: ignore[arg-type]
        page.until(f"sheet.answer.language === '{language}'")
        assert first.locator(".verdict").inner_text() == t("shapes_clash", columns=2, rows=3)
        assert page.page.locator(".case.split .verdict").inner_text() == t("shapes_heads_clash", d_model=10, heads=3)
        first.locator(".frame").nth(1).locator("button").first.click()
        page.page.wait_for_selector('.case[data-case="0"][data-clash="false"]')
        assert first.locator(".verdict").inner_text() == t("shapes_fine", rows=3, columns=2)
        page.page.locator(".shapes > header .tool").click()
        page.page.wait_for_selector('.case[data-case="0"][data-clash="true"]')
        page.page.get_by_text(other, exact=True).click()
