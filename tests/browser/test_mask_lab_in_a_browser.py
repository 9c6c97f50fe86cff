"""The mask lab in a real browser: painting, dragging, keyboard, undo, formulas, links; zh and en; nothing leaves."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from attnviz.errors import MaskError
from attnviz.masks import causal, cells
from attnviz.masks.files import to_csv
from attnviz.ui.masks.painting import matrix_of
from attnviz.ui.text import words

pytestmark = pytest.mark.browser
APP = Path(__file__).resolve().parents[2] / "app.py"
FIND = """() => {
  for (const host of document.querySelectorAll("*")) {
    const root = host.shadowRoot;
    if (!root) continue;
    for (const node of [root, ...root.querySelectorAll("*")]) if (node.attnvizLab) return node.attnvizLab;
  }
  return null;
}"""


class LabPage:
    """The lab as a test drives it: by mouse and keyboard; `state` only looks."""

    def __init__(self, tab: Any, url: str) -> None:
        self.tab, self.page = tab, tab.page
        self.page.goto(url)
        self.page.wait_for_selector('.lab-place[data-state="ready"]', timeout=60_000)

    def state(self, expression: str) -> Any:
        return self.page.evaluate(f"() => {{ const lab = ({FIND})(); return {expression}; }}")

    def view(self, name: str) -> None:
        """Go to the other view by its button."""
        language = self.state("lab.shot.language")
        self.page.locator(".st-key-av-strip button", has_text=words("masks", language)(f"view_{name}")).click()
        self.page.wait_for_function(f"(name) => ({FIND})()?.view === name", arg=name)

    def settle(self) -> None:
        """Wait until the server has answered everything."""
        for _ in range(300):
            if not self.state("lab.operations.busy"):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("an operation was never answered")

    def only_one(self, locator: Any) -> None:
        """Wait until what the page showed before is gone."""
        for _ in range(200):
            if locator.count() == 1:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{locator} is there {locator.count()} times")

    def at(self, row: float, column: float) -> tuple[float, float]:
        """The middle of a cell on the screen; −0.5 of a column or row is its label."""
        box = self.state(
            "(() => { const b = lab.paint.box.cells, s = lab.refs.surface.getBoundingClientRect(), a = lab.shot.axes;"
            " return [s.left + b.x, s.top + b.y, b.w / a.columns, b.h / a.rows]; })()"
        )
        return box[0] + (column + 0.5) * box[2], box[1] + (row + 0.5) * box[3]

    def click(self, row: float, column: float) -> None:
        self.page.mouse.click(*self.at(row, column))

    def written(self) -> str:
        self.settle()
        return str(self.state("lab.shot.written"))

    def loss(self) -> str:
        self.settle()
        return str(self.page.inner_text(".outcome .loss"))

    def formula(self, text: str) -> None:
        field = self.page.locator(".formula > input")
        self.only_one(field)
        field.fill(text)
        field.press("Enter")
        self.settle()


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any]) -> Iterator[Any]:
    with serve(APP) as running:
        yield running


@pytest.fixture
def lab(chromium_page: Callable[..., Any], server: Any) -> LabPage:
    """Five letters, the model's own masks, decoder self-attention."""
    query = "model=reverse&example=2&kind=decoder_self&how=own"
    return LabPage(chromium_page(locale="en-GB"), f"{server.url}/masks?{query}")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_painted_cell_moves_the_numbers(chromium_page: Callable[..., Any], server: Any, language: str) -> None:
    tab = chromium_page(locale={"zh": "zh-CN", "en": "en-GB"}[language])
    page = LabPage(tab, f"{server.url}/masks?model=reverse&example=2&lang={language}&kind=decoder_self&how=own")
    t = words("masks", language)  # type: ignore[arg-type]
    assert page.page.inner_text(".av-question").startswith(t("question"))
    assert page.page.inner_text(".verdict strong") == t("verdict_causal")
    page.view("investigate")
    assert page.page.inner_text(".heads .hint") == t("heads_none")
    page.view("paint")
    tab.forget()
    page.click(1, 2)
    assert page.state("lab.cells[1 * lab.shot.axes.columns + 2]") == 1
    assert page.written() == "causal | cells(1:2)"
    tokens = page.state("lab.shot.axes.rowLabels")
    said = t("verdict_leak", row=2, row_token=tokens[1], token=3, key_token=tokens[2])
    assert page.page.inner_text(".verdict strong") == said
    assert page.page.get_attribute(".verdict", "data-level") == "leak"
    page.view("investigate")
    assert max(page.state("[...lab.shot.array('moved')]")) > 0.01
    assert "%" in page.page.inner_text(".heads .hint")
    assert page.page.inner_text(".verdict strong") == said
    assert tab.console_errors == []
    assert tab.foreign_requests == []


def test_nothing_moves_under_the_mouse_that_paints(lab: LabPage) -> None:
    before = lab.at(0, 0)
    for painted in ("0:3-4", "0-4:5"):
        lab.formula(f"causal | cells({painted})")
        assert lab.page.locator(".verdict .detail").count() >= 2
        assert lab.at(0, 0) == pytest.approx(before, abs=1)
    loss = lab.page.locator(".verdict .loss").first.bounding_box()
    verdict = lab.page.locator(".verdict").bounding_box()
    assert loss["x"] + loss["width"] <= verdict["x"] + verdict["width"]


def test_the_cell_changes_before_the_server_has_answered(lab: LabPage) -> None:
    x, y = lab.at(0, 3)
    changed = lab.page.evaluate(
        f"""([x, y]) => {{
          const lab = ({FIND})();
          const send = (type) => lab.refs.surface.dispatchEvent(new PointerEvent(type, {{
            clientX: x, clientY: y, button: 0, pointerId: 1, bubbles: true, composed: true }}));
          lab.refs.surface.setPointerCapture = () => {{}};
          const before = lab.cells[3];
          send("pointerdown");
          send("pointerup");
          return [before, lab.cells[3], lab.shot.array("mask")[3]];
        }}""",
        [x, y],
    )
    assert changed == [0, 1, 0]
    assert lab.written() == "causal | cells(0:3)"


def test_a_cell_is_answered_directly_and_the_address_follows(lab: LabPage) -> None:
    lab.tab.forget()
    asked = (
        "() => performance.getEntriesByType('resource').filter((one) => one.name.includes('/attnviz/direct/')).length"
    )
    lab.click(1, 2)
    lab.settle()
    assert lab.page.evaluate(asked) == 1
    assert lab.tab.frames_sent == [], "no run of the script"
    assert lab.state("lab.shot.written") == "causal | cells(1:2)"
    lab.page.wait_for_function("() => location.search.includes('mask.decoder_self=')")
    assert lab.tab.frames_sent
    drawn = lab.state("lab.refs.root.dataset.drawn")
    lab.page.wait_for_timeout(500)
    assert lab.state("lab.refs.root.dataset.drawn") == drawn, "what followed is what was there"


@pytest.mark.parametrize("how", ["no way", "another server"])
def test_without_a_direct_line_everything_goes_the_ordinary_way(lab: LabPage, how: str) -> None:
    if how == "no way":
        lab.page.route("**/attnviz/direct/**", lambda route: route.abort())
    else:
        lab.page.route("**/attnviz/direct/**", lambda route: route.fulfill(status=404, body=""))
    lab.tab.forget()
    before = lab.loss()
    lab.click(1, 2)
    assert lab.written() == "causal | cells(1:2)"
    assert lab.loss() != before
    assert lab.tab.frames_sent
    lab.click(1, 3)
    assert lab.written() == "causal | cells(1:2-3)"


def test_a_fast_drag_leaves_no_holes_and_is_one_step(lab: LabPage) -> None:
    lab.page.mouse.move(*lab.at(0, 1))
    lab.page.mouse.down()
    lab.page.mouse.move(*lab.at(0, 5))
    lab.page.mouse.up()
    assert lab.written() == "causal | cells(0:1-5)"
    lab.page.keyboard.press("Control+z")
    assert lab.written() == "causal"
    lab.page.keyboard.press("Control+y")
    assert lab.written() == "causal | cells(0:1-5)"


def test_labels_paint_their_row_or_column(lab: LabPage) -> None:
    lab.click(2, -0.8)
    assert lab.written() == "causal & ~cells(2:0-2)"
    lab.click(2, -0.8)
    assert lab.written() == "causal", "a second click gives back what the model sees there, and no future cell"
    lab.click(-0.8, 3)
    assert lab.written() == "causal & ~cells(3-5:3)"
    lab.page.keyboard.press("Control+z")
    assert lab.written() == "causal"
    lab.formula("full & ~window(9)")  # nothing is visible, nor is there anything of the model's own at (0, 3)
    lab.click(-0.8, 3)
    assert lab.written() == "full & ~window(9) | cells(3-5:3)"


def test_everything_by_keyboard(lab: LabPage) -> None:
    lab.page.locator(".surface").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", " "):
        lab.page.keyboard.press(key)
    assert lab.written() == "causal | cells(1:2)"
    assert "visible" in lab.page.inner_text(".spoken")
    lab.page.keyboard.press("Shift+ArrowRight")
    assert lab.written() == "causal | cells(1:2-3)"
    lab.page.keyboard.press("c")
    assert lab.written() == "causal & ~cells(3-5:3) | cells(1:2)"
    lab.page.keyboard.press("r")
    assert lab.written() == "causal & ~cells(1:0-1,3-5:3)"
    for _ in range(4):
        lab.page.keyboard.press("Control+z")
    assert lab.written() == "causal"


def test_a_touch_paints(chromium_page: Callable[..., Any], server: Any) -> None:
    query = "model=reverse&example=2&kind=decoder_self&how=own"
    page = LabPage(chromium_page(has_touch=True), f"{server.url}/masks?{query}")
    page.page.touchscreen.tap(*page.at(0, 2))
    assert page.written() == "causal | cells(0:2)"


def test_a_formula_is_read_and_a_bad_one_refused_in_words(lab: LabPage) -> None:
    lab.formula("window(2) & causal")
    assert lab.written() == "window(2) & causal"
    assert lab.page.locator(".chip").count() == 2
    lab.formula("window(2) & & causal")
    assert "character 13" in lab.page.inner_text(".problem")
    assert lab.page.locator(".formula > input").input_value() == "window(2) & & causal"
    assert lab.written() == "window(2) & causal"
    lab.page.locator(".chip .drop").first.click()
    assert lab.written() == "causal"
    assert lab.page.locator(".problem").is_hidden()


def test_chips_write_the_formula(lab: LabPage) -> None:
    lab.formula("causal & ~cells(0:1,2:1) | (full | window(2)) & ~padding")
    assert lab.page.locator('.chip:not([data-name="bracket"])').count() == 5
    assert lab.page.locator('.chip[data-name="bracket"]').count() == 3
    lab.page.locator('.chip[data-name="causal"] > .not').click()
    assert lab.written() == "~causal & ~cells(0:1,2:1) | (full | window(2)) & ~padding"
    inside = lab.page.locator(".chip .chip .chip .arguments")
    inside.fill("4")
    inside.press("Enter")
    assert lab.written() == "~causal & ~cells(0:1,2:1) | (full | window(4)) & ~padding"
    lab.page.locator(".join").last.click()
    assert lab.written() == "~causal & ~cells(0:1,2:1) | (full | window(4) | ~padding)"
    lab.page.locator('.chip[data-name="window"] > .drop').click()
    assert lab.written() == "~causal & ~cells(0:1,2:1) | (full | ~padding)"
    lab.formula("window(2)")
    argument = lab.page.locator(".chip .arguments")
    argument.fill("3")
    argument.press("Enter")
    assert lab.written() == "window(3)"
    lab.page.locator(".chips-place > button").click()
    lab.page.locator(".preset", has_text="prefix").locator("button").nth(1).click()
    assert lab.written() == "window(3) & prefix(2)"


def test_one_head_can_be_changed_in_all_layers(lab: LabPage) -> None:
    lab.page.locator(".bar select").nth(1).select_option("2")
    lab.settle()
    assert lab.state("lab.shot.target") == {"kind": "decoder_self", "layer": None, "head": 2}
    lab.click(0, 1)
    lab.settle()
    assert lab.page.inner_text(".edit-go").endswith("H3")
    # The address is written by the server's answer, which may come after the picture.
    lab.page.wait_for_function("() => location.search.includes('mask.decoder_self.all.3=')")


def test_tab_stops_where_something_else_begins(lab: LabPage) -> None:
    for view in ("paint", "investigate"):
        lab.view(view)
        stops = lab.state(
            "[...lab.refs.root.querySelectorAll('button, input, select, textarea, [tabindex]')]"
            ".filter((one) => one.checkVisibility() && !one.disabled && one.tabIndex >= 0).length"
        )
        assert stops <= 16, (view, stops)
    lab.view("paint")
    lab.page.locator(".take button").first.focus()
    lab.page.keyboard.press("ArrowRight")
    assert lab.state("lab.refs.root.getRootNode().activeElement.dataset.name") == "npy"


def test_several_edits_stand_side_by_side(lab: LabPage) -> None:
    lab.click(0, 1)
    lab.settle()
    lab.page.locator(".segmented button[data-value=cross]").click()
    lab.settle()
    lab.page.locator(".bar select").nth(0).select_option("1")
    lab.settle()
    lab.click(0, 0)
    lab.settle()
    assert [edit["kind"] for edit in lab.state("lab.shot.edits")] == ["decoder_self", "cross"]
    assert lab.state("lab.shot.edits[1].layer") == 1
    lab.page.locator(".edit-drop").first.click()
    lab.settle()
    assert [edit["kind"] for edit in lab.state("lab.shot.edits")] == ["cross"]


def test_another_language_keeps_everything(lab: LabPage) -> None:
    lab.click(1, 3)
    lab.settle()
    loss = lab.state("lab.shot.loss.now")
    lab.page.get_by_text("中文", exact=True).click()
    lab.page.wait_for_function(f"() => ({FIND})()?.shot?.language === 'zh'")
    assert lab.written() == "causal | cells(1:3)"
    assert lab.state("lab.shot.loss.now") == loss
    assert lab.page.inner_text(".paint h2") == "① " + words("masks", "zh")("paint_title")
    lab.page.keyboard.press("Control+z")
    assert lab.written() == "causal"


def test_nan_is_drawn_as_nan(lab: LabPage) -> None:
    lab.formula("causal & ~cells(0:0)")
    lab.view("investigate")
    lab.page.locator(".bar select").nth(2).select_option("-inf")
    lab.settle()
    assert lab.page.get_attribute(".verdict", "data-level") == "dead"
    assert "NaN" in lab.page.inner_text(".outcome .loss")
    assert "NaN" in lab.page.inner_text(".row-numbers")


def test_a_link_opens_what_was_shared(lab: LabPage, chromium_page: Callable[..., Any]) -> None:
    lab.click(1, 3)
    lab.formula("causal & ~cells(3:1) | cells(1:3)")
    lab.view("investigate")
    lab.page.locator(".bar select").nth(2).select_option("after")
    lab.settle()
    lab.page.wait_for_function("() => location.href.includes('how=after')")
    again = LabPage(chromium_page(locale="en-GB"), lab.page.url)
    for value in ("written", "how", "view", "verdict.sentence", "loss.now"):
        assert again.state(f"lab.shot.{value}") == lab.state(f"lab.shot.{value}"), value


def test_the_mask_goes_into_a_file_and_comes_back(lab: LabPage, tmp_path: Path) -> None:
    lab.formula("causal | cells(1:3)")
    with lab.page.expect_download() as saved:
        lab.page.locator(".take button[data-name=csv]").click()
    file = tmp_path / saved.value.suggested_filename
    saved.value.save_as(file)
    expected = matrix_of(causal() | cells([(1, 3)]), head=0, heads=4, queries=6, keys=6)
    assert file.read_bytes() == to_csv(expected)
    lab.formula("full")
    lab.page.set_input_files(".take input[type=file]", file)
    lab.page.wait_for_function(f"() => ({FIND})()?.shot?.written.startsWith('cells')")
    assert lab.state("[...lab.cells]") == expected.astype(int).flatten().tolist()
    lab.page.set_input_files(
        ".take input[type=file]", {"name": "m.csv", "mimeType": "text/csv", "buffer": b"1,2\n0,1\n"}
    )
    lab.page.wait_for_selector(".problem:not([hidden])")
    assert MaskError("mask_file_value", row=1, column=2, value="2").text("en") in lab.page.inner_text(".problem")


def test_the_picture_of_a_mask_names_the_colours_of_its_cells(lab: LabPage) -> None:
    lab.formula("causal | cells(1:3)")
    with lab.page.expect_download() as saved:
        lab.page.locator(".take button[data-name=png]").click()
    picture = base64.b64encode(saved.value.path().read_bytes()).decode()
    colours = lab.page.evaluate(
        f"""async (picture) => {{
          const {{ theme }} = ({FIND})();
          const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${{picture}}`)).blob());
          const sheet = new OffscreenCanvas(image.width, image.height), c = sheet.getContext("2d");
          c.drawImage(image, 0, 0);
          const below = c.getImageData(0, image.height - 80, image.width, 80).data; // the legend, without a cell
          const count = (css) => {{
            const [r, g, b] = css.match(/[0-9a-f]{{2}}/gi).map((part) => parseInt(part, 16));
            let found = 0;
            for (let i = 0; i < below.length; i += 4)
              found += below[i] === r && below[i + 1] === g && below[i + 2] === b;
            return found;
          }};
          return ["visible", "blocked_fill", "alarm"].map((name) => count(theme[name]));
        }}""",
        picture,
    )
    assert min(colours) > 50, colours


def test_the_code_is_shown_for_three_interfaces(lab: LabPage) -> None:
    lab.page.locator(".take button[data-name=show_code]").click()
    lab.settle()
    assert "scaled_dot_product_attention" in lab.page.inner_text(".code pre")
    for api, name in (("flex", "flex_attention"), ("mha", "nn.MultiheadAttention")):
        lab.page.locator(f".code button[data-value={api}]").click()
        lab.settle()
        assert name in lab.page.inner_text(".code pre")


@pytest.mark.parametrize("dark", [False, True])
def test_five_hundred_tokens(chromium_page: Callable[..., Any], server: Any, dark: bool) -> None:
    tab = chromium_page(dark=dark, width=1920, height=1080)
    page = LabPage(tab, f"{server.url}/masks?model=reverse&lang=en")
    page.page.locator("[data-testid=stSelectbox]").first.click()
    page.page.get_by_role("option", name="a long sequence").click()
    field = page.page.locator("input[type=number]").first
    field.wait_for()
    field.fill("512")
    field.press("Enter")
    page.page.wait_for_function(f"() => ({FIND})()?.shot?.axes.rows === 512", timeout=60_000)
    tab.forget()
    page.formula("causal & window(32)")
    assert page.page.get_attribute(".verdict", "data-level") == "fine"
    page.page.locator(".zoom button[data-name=zoom_in]").click()
    page.page.wait_for_function(f"() => ({FIND})()?.zoom.zoom > 1")
    page.click(100, 300)
    page.settle()
    assert "cells(" in page.written()
    assert tab.console_errors == []
    assert tab.foreign_requests == []
