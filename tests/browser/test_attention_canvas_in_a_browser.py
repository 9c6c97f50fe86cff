"""The attention stage alone in a real Chromium: hovering, keys, switches, downloads, looks."""

import base64
import csv
import json
import re
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import numpy as np
import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from attention_canvas_app import HEADS, LAYERS, pictures  # noqa: E402

pytestmark = pytest.mark.browser

STAGE = "document.querySelector('[data-testid=stBidiComponentIsolated]').shadowRoot.attnvizStage"


@pytest.fixture(scope="module")
def server(serve):
    with serve(HERE / "attention_canvas_app.py") as running:
        yield running


@pytest.fixture
def opened(server, chromium_page):
    """Open the stage and wait until it is drawn and the connection is quiet."""

    def open_stage(query="", **options):
        tab = chromium_page(**options)
        tab.page.goto(f"{server.url}/?{query}")
        tab.page.locator(".stage .head").first.wait_for()
        tab.page.get_by_text(re.compile(r"^runs=\d+")).wait_for()
        tab.page.wait_for_timeout(600)
        return tab

    return open_stage


def box_of(tab, row, column):
    """Where a cell of the large head is on the page."""
    return tab.page.evaluate(
        f"""([row, column]) => {{
            const stage = {STAGE};
            const {{ cells }} = stage.layouts.head.matrix;
            const part = stage.shownPart();
            const at = stage.refs.surface.getBoundingClientRect();
            const [w, h] = [cells.w / part.columns, cells.h / part.rows];
            const [x, y] = [at.left + cells.x + (column - part.left) * w, at.top + cells.y + (row - part.top) * h];
            return {{ x, y, w, h }};
        }}""",
        [row, column],
    )


def point_at(tab, row, column):
    box = box_of(tab, row, column)
    tab.page.mouse.move(box["x"] + box["w"] / 2, box["y"] + box["h"] / 2)
    tab.page.wait_for_timeout(80)


def readout(tab):
    return tab.page.locator(".readout").inner_text()


def drawn(tab, selector, x, y, w, h):
    """Pixels of a canvas as an (h, w, 4) array, in CSS pixels of the canvas."""
    read = """(canvas, [x, y, w, h]) => {
        const { data } = canvas.getContext("2d").getImageData(x, y, w, h);
        let text = "";
        for (let i = 0; i < data.length; i += 32768) text += String.fromCharCode(...data.subarray(i, i + 32768));
        return btoa(text);
    }"""
    encoded = tab.page.locator(selector).evaluate(read, [x, y, w, h])
    return np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(h, w, 4)


def clean(tab):
    assert tab.console_errors == []
    assert tab.foreign_requests == []


def test_it_opens_at_the_choice_of_the_address_and_writes_it_back(opened):
    tab = opened("kind=cross&layer=1&head=2")
    assert tab.page.locator(".head-card h3").inner_text() == "第 1 层 · 头 2"
    tab.page.locator("[data-head='2.1']").click()
    assert tab.page.locator(".head-card h3").inner_text() == "第 2 层 · 头 1"
    tab.page.wait_for_function("location.search.includes('layer=2') && location.search.includes('head=1')")
    query = parse_qs(urlsplit(tab.page.url).query)
    assert (query["kind"], query["layer"], query["head"]) == (["cross"], ["2"], ["1"])
    tab.page.locator("[data-option=decoder_self]").click()
    tab.page.wait_for_function("location.search.includes('kind=decoder_self')")
    clean(tab)


def test_every_head_is_drawn_with_its_words(opened):
    tab = opened("lang=en")
    heads = tab.page.locator(".head")
    assert heads.count() == LAYERS * HEADS
    labels = [heads.nth(i).get_attribute("aria-label") for i in range(heads.count())]
    assert labels[2].startswith("Layer 1, head 3, Entropy 0.")
    assert "Δloss +1.61" in labels[2]
    assert "Δloss …" in labels[1]
    boxes = tab.page.evaluate(f"{STAGE}.layouts.grid.boxes.map(({{ cells }}) => cells)")
    for box in boxes:
        pixels = drawn(tab, ".grid-body canvas >> nth=0", *(round(box[k]) for k in "xywh"))
        assert len(np.unique(pixels.reshape(-1, 4), axis=0)) > 5
    clean(tab)


def test_hovering_reads_the_row_and_lights_every_head_without_the_server(opened):
    tab = opened("lang=en")
    kind = pictures(0)[1]
    tab.forget()
    for row, column in [(0, 0), (2, 1), (4, 2)]:
        point_at(tab, row, column)
        said = readout(tab)
        order = np.argsort(-kind.weights[1, 2, row], kind="stable")
        assert said.startswith(f"after {kind.row_labels[row]}, predicting {kind.next_labels[row]} ← ")
        top = kind.column_labels[order[0]]
        assert f"{top} {kind.weights[1, 2, row, order[0]]:.2f}" in said
        tip = tab.page.locator(".tip").inner_text()
        assert kind.column_labels[column] in tip
        assert f"{kind.weights[1, 2, row, column]:.4f}"[:5] in tip
        boxes = tab.page.evaluate(f"{STAGE}.layouts.grid.boxes.map(({{ cells }}) => cells)")
        for box in boxes:
            light = drawn(tab, ".grid-body canvas >> nth=1", *(round(box[k]) for k in "xywh")).astype(int)
            strong = light[light[..., 3] > 230]
            assert ((strong[:, 2] - strong[:, 0]) > 60).any(), "the query's row is framed blue"
            assert ((strong[:, 0] - strong[:, 2]) > 60).any(), "the key's column is framed orange"
    tab.page.mouse.move(2, 2)
    tab.page.wait_for_timeout(80)
    assert readout(tab).startswith("Point at")
    assert tab.frames_sent == []
    clean(tab)


def test_a_label_lights_its_row_and_in_self_attention_its_column_too(opened):
    tab = opened("kind=decoder_self")
    box = box_of(tab, 1, 0)
    tab.page.mouse.move(box["x"] - 20, box["y"] + box["h"] / 2)
    tab.page.wait_for_timeout(80)
    lit = tab.page.evaluate(f"{STAGE}.lit")
    assert (lit["row"], lit["column"]) == (1, 1)
    assert readout(tab).startswith("yín ← ")
    top = box_of(tab, 0, 2)
    tab.page.mouse.move(top["x"] + top["w"] / 2, top["y"] - 10)
    tab.page.wait_for_timeout(80)
    assert readout(tab).startswith("háng → ")
    tab.page.locator("[data-option=cross]").click()
    tab.page.mouse.move(2, 2)
    box = box_of(tab, 1, 0)
    tab.page.mouse.move(box["x"] - 20, box["y"] + box["h"] / 2)
    tab.page.wait_for_timeout(80)
    assert tab.page.evaluate(f"{STAGE}.lit.column") is None
    clean(tab)


def test_a_blocked_cell_says_so(opened):
    tab = opened()
    point_at(tab, 1, 3)
    assert "■ 屏蔽 blocked" in tab.page.locator(".tip").inner_text()
    point_at(tab, 1, 0)
    assert "屏蔽" not in tab.page.locator(".tip").inner_text()
    clean(tab)


def test_choosing_views_scales_and_kinds_needs_no_server(opened):
    tab = opened()
    tab.forget()
    seen = set()
    for option in ["matrix", "lines", "mask", "both", "sqrt", "row", "linear", "decoder_self", "cross"]:
        button = tab.page.locator(f"[data-option={option}]")
        button.click()
        assert button.get_attribute("aria-pressed") == "true"
        size = tab.page.evaluate(f"(() => {{ const c = {STAGE}.refs.headStatic; return [c.width, c.height]; }})()")
        seen.add(drawn(tab, ".head-body canvas >> nth=0", 0, 0, *size).tobytes())
    tab.page.locator("[data-head='1.1']").click()
    tab.page.wait_for_timeout(600)
    assert len(seen) >= 7, "the pictures differ"
    assert tab.frames_sent == []
    clean(tab)


def test_keys_move_choose_enter_and_leave(opened):
    tab = opened("kind=cross&layer=1&head=1&lang=en")
    tab.forget()
    page = tab.page
    page.locator("[data-head='1.1']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    focused = f"{STAGE}.host.activeElement"
    assert page.evaluate(f"{focused}.dataset.head") == "2.2"
    assert page.locator(".head-card h3").inner_text() == "Layer 1 · head 1", "moving does not choose"
    outline = page.evaluate(f"getComputedStyle({focused}).outlineWidth")
    assert outline == "3px", "the focus is visible"
    page.keyboard.press("Enter")
    assert page.locator(".head-card h3").inner_text() == "Layer 2 · head 2"
    assert page.locator("[data-head='2.2']").get_attribute("aria-pressed") == "true"
    page.keyboard.press("Enter")
    assert page.evaluate(f"{focused}.classList.contains('surface')"), "Enter on the chosen head enters it"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(80)
    assert readout(tab).startswith("after yín, predicting háng ← ")
    assert page.evaluate(f"{STAGE}.lit.column") == 1
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    assert page.evaluate(f"{focused}.classList.contains('surface')"), "the first Esc lets the pinned cell go"
    page.keyboard.press("Escape")
    assert page.evaluate(f"{focused}.dataset.head") == "2.2"
    page.keyboard.press("Escape")
    assert page.evaluate(f"{focused} === null")
    assert page.locator(".readout").get_attribute("aria-live") == "polite"
    assert page.locator(".head[tabindex='0']").count() == 1, "one stop for the tabulator"
    assert tab.frames_sent == []
    clean(tab)


def test_a_switch_is_reported_once_and_answered(opened):
    tab = opened("lang=en")
    tab.forget()
    toggle = tab.page.locator("[data-switch='1.2']")
    toggle.click()
    assert toggle.get_attribute("aria-checked") == "false", "at once"
    tab.page.get_by_text("runs=2 off=[('decoder.0.cross', 1)] seq=1").wait_for()
    assert len(tab.frames_sent) == 1
    tab.page.locator("[data-head='1.2']").focus()
    tab.page.keyboard.press(" ")
    tab.page.get_by_text("off=[] seq=2").wait_for()
    assert toggle.get_attribute("aria-checked") == "true"
    assert len(tab.frames_sent) == 2
    clean(tab)


def test_switches_thrown_faster_than_the_server_answers_are_all_kept(opened):
    tab = opened("lang=en")
    for head in ("1.1", "1.3", "2.2"):
        tab.page.locator(f"[data-switch='{head}']").click()
    off = "off=[('decoder.0.cross', 0), ('decoder.0.cross', 2), ('decoder.1.cross', 1)] seq=3"
    tab.page.get_by_text(off).wait_for()
    tab.page.wait_for_timeout(500)
    assert tab.page.locator(".switch[aria-checked=false]").count() == 3
    assert tab.page.locator(".stage").get_attribute("data-pending") == "false"
    tab.page.locator(".all-on").click()
    tab.page.get_by_text("off=[] seq=4").wait_for()
    assert tab.page.locator(".switch[aria-checked=false]").count() == 0
    clean(tab)


def test_an_answer_to_an_older_message_changes_no_switch(opened):
    tab = opened("lang=en")
    off = tab.page.evaluate(
        f"""() => {{
            const stage = {STAGE};
            for (const head of [0, 1, 2]) stage.toggle(1, head);
            stage.switches.receive({{ scope: "model", seq: 1, heads_off: [["decoder.1.cross", 0]] }});
            const during = stage.switches.off.size;
            stage.switches.receive({{ scope: "model", seq: 3, heads_off: [["decoder.1.cross", 2]] }});
            const after = [...stage.switches.off];
            stage.switches.receive({{ scope: "another model", seq: 0, heads_off: [] }});
            return [during, after, stage.switches.off.size, stage.switches.seq];
        }}"""
    )
    assert off == [3, ["2@decoder.1.cross"], 0, 3]
    clean(tab)


def test_a_rerun_keeps_what_the_browser_chose(opened):
    tab = opened("kind=cross&layer=1&head=1")
    tab.page.locator("[data-head='2.3']").click()
    tab.page.locator("[data-option=lines]").click()
    tab.page.locator("[data-option=sqrt]").click()
    tab.page.get_by_text("English").click()
    tab.page.get_by_text("runs=2").wait_for()
    tab.page.get_by_text("Layer 2 · head 3").wait_for()
    for option in ("lines", "sqrt"):
        assert tab.page.locator(f"[data-option={option}]").get_attribute("aria-pressed") == "true"
    tab.page.wait_for_timeout(600)
    assert parse_qs(urlsplit(tab.page.url).query)["head"] == ["3"]
    clean(tab)


@pytest.mark.parametrize("dark", [False, True])
def test_blocked_and_zero_differ_without_colour(opened, dark):
    tab = opened("kind=cross", dark=dark)

    def grey(row, column):
        box = box_of(tab, row, column)
        at = tab.page.locator(".surface").bounding_box()
        x, y = box["x"] - at["x"] + 4, box["y"] - at["y"] + 4
        pixels = drawn(tab, ".head-body canvas >> nth=0", round(x), round(y), 18, 10)
        return pixels[..., :3] @ np.array([0.3, 0.6, 0.1])

    blocked, zero = grey(2, 3), grey(1, 0)
    assert zero.std() < 1, "a weight of 0 is one plain colour"
    assert blocked.std() > 8, "blocked is a pattern"
    assert tab.page.locator(".stage").get_attribute("data-dark") == str(dark).lower()
    clean(tab)


def test_a_change_of_theme_repaints(opened):
    tab = opened()
    before = drawn(tab, ".head-body canvas >> nth=0", 0, 0, 400, 300)
    tab.page.emulate_media(color_scheme="dark")
    tab.page.locator(".stage[data-dark=true]").wait_for()
    tab.page.wait_for_timeout(200)
    after = drawn(tab, ".head-body canvas >> nth=0", 0, 0, 400, 300)
    assert (before != after).any()
    clean(tab)


def test_tokens_are_text_and_nothing_else(opened):
    tab = opened()
    point_at(tab, 0, 2)
    assert "<script>" in readout(tab) + tab.page.locator(".tip").inner_text()
    assert tab.page.evaluate("window.hacked") is None
    clean(tab)


def downloaded(tab, format_, folder):
    with tab.page.expect_download() as waiting:
        tab.page.locator(f"[data-format={format_}]").click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def test_downloads_hold_what_is_shown(opened, tmp_path):
    tab = opened("kind=cross&layer=2&head=3")
    tab.forget()
    kind = pictures(0)[1]
    found = json.loads(downloaded(tab, "json", tmp_path).read_text(encoding="utf-8"))
    weights = np.array([one["weights"] for one in found["heads"]]).reshape(kind.weights.shape)
    np.testing.assert_allclose(weights, kind.weights, atol=2e-5)
    assert found["columns"] == list(kind.column_labels)
    assert np.array([one["visible"] for one in found["heads"]])[:, :, -1].any() == False  # noqa: E712

    table = downloaded(tab, "csv", tmp_path)
    assert table.name == "my-model-1-cross-L2H3.csv"
    rows = list(csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == len(kind.row_labels) * len(kind.column_labels)
    for row in rows:
        q, k = int(row["query_index"]), int(row["key_index"])
        assert float(row["weight"]) == pytest.approx(kind.weights[1, 2, q, k], abs=2e-5)
        assert row["key"] == kind.column_labels[k]
        assert row["visible"] == str(int(kind.mask[q, k]))

    svg = ElementTree.fromstring(downloaded(tab, "svg", tmp_path).read_text(encoding="utf-8"))
    name = "{http://www.w3.org/2000/svg}"
    texts = [node.text for node in svg.iter(f"{name}text")]
    assert {"银", "háng", "L1 H1", "L2 H3"} <= set(texts)
    assert {node.get("id") for node in svg.iter(f"{name}pattern")} == {"hatch", "hatch-fine"}
    assert any(node.get("fill") == "url(#hatch)" for node in svg.iter(f"{name}rect"))
    assert not list(svg.iter(f"{name}script"))
    assert not list(svg.iter(f"{name}image"))

    png = downloaded(tab, "png", tmp_path).read_bytes()
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20], "big") == 2 * int(svg.get("width")), "twice the size"
    assert tab.frames_sent == []
    clean(tab)


@pytest.mark.parametrize("tokens", [2, 64, 512])
def test_short_and_long_texts_are_drawn(opened, tokens):
    tab = opened(f"tokens={tokens}&kind=decoder_self&lang=en")
    tab.forget()
    point_at(tab, tokens // 2, tokens // 2)
    assert "←" in readout(tab)
    size = tab.page.evaluate(f"(() => {{ const c = {STAGE}.refs.headStatic; return [c.width, c.height]; }})()")
    assert len(np.unique(drawn(tab, ".head-body canvas >> nth=0", 0, 0, *size).reshape(-1, 4), axis=0)) > 20
    milliseconds = tab.page.evaluate(
        f"""() => {{
            const stage = {STAGE};
            const start = performance.now();
            for (let i = 0; i < 20; i++) {{
                stage.lit = {{ row: i % {tokens}, column: 0, lead: "row", label: false, layer: 1, head: 2 }};
                stage.light();
            }}
            return (performance.now() - start) / 20;
        }}"""
    )
    assert milliseconds < 40, "hovering stays fluent, also on a busy machine"
    assert tab.frames_sent == []
    clean(tab)


def test_the_wheel_zooms_a_long_text_and_a_double_click_resets(opened):
    tab = opened("tokens=512&kind=decoder_self")
    box = box_of(tab, 0, 0)
    tab.page.mouse.move(box["x"] + 150, box["y"] + 150)
    before = tab.page.evaluate(f"{STAGE}.lit")
    for _ in range(8):
        tab.page.mouse.wheel(0, -240)
        tab.page.wait_for_timeout(30)
    zoom = tab.page.evaluate(f"{STAGE}.state.zoom")
    assert zoom["zoom"] > 4
    tab.page.mouse.move(box["x"] + 151, box["y"] + 151)
    tab.page.wait_for_timeout(80)
    after = tab.page.evaluate(f"{STAGE}.lit")
    assert abs(after["row"] - before["row"]) <= 2, "the cell under the pointer stays there"
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] + 60, box["y"] + 90, steps=4)
    tab.page.mouse.up()
    tab.page.wait_for_timeout(80)
    assert tab.page.evaluate(f"{STAGE}.state.zoom.left") > zoom["left"]
    tab.page.mouse.dblclick(box["x"] + 60, box["y"] + 90)
    tab.page.wait_for_timeout(80)
    assert tab.page.evaluate(f"{STAGE}.state.zoom.zoom") == 1
    clean(tab)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1920, 1080), (720, 1000), (390, 844)])
def test_nothing_overlaps_or_sticks_out(opened, width, height):
    tab = opened("lang=en", width=width, height=height)
    page = tab.page
    names = (".bar", ".grid-card", ".head-card")
    place = page.locator(".stage").bounding_box()
    boxes = [page.locator(name).bounding_box() for name in names]
    for box in boxes:
        assert box["x"] >= place["x"] - 1
        assert box["x"] + box["width"] <= place["x"] + place["width"] + 1
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            apart_x = one["x"] + one["width"] <= other["x"] + 1 or other["x"] + other["width"] <= one["x"] + 1
            apart_y = one["y"] + one["height"] <= other["y"] + 1 or other["y"] + other["height"] <= one["y"] + 1
            assert apart_x or apart_y
    below = page.get_by_text(re.compile(r"^runs=\d+")).bounding_box()
    assert below["y"] >= max(box["y"] + box["height"] for box in boxes) - 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    parts = page.evaluate(
        f"""() => {{
            const stage = {STAGE};
            const {{ matrix, lines }} = stage.layouts.head;
            const end = lines.box.y + lines.box.h;
            return [matrix.cells.y + matrix.cells.h, lines.box.y, end, stage.refs.headBody.clientHeight];
        }}"""
    )
    assert parts == sorted(parts), "matrix, lines and the card's end follow each other"
    clean(tab)


def test_the_skeleton_holds_the_place(server, chromium_page):
    tab = chromium_page()
    tab.page.add_init_script(
        """window.seen = [];
        const look = () => {
            const host = document.querySelector('[data-testid=stBidiComponentIsolated]');
            const place = host && host.shadowRoot && host.shadowRoot.querySelector('.stage-place');
            if (place) window.seen.push([place.dataset.state, place.getBoundingClientRect().height]);
            requestAnimationFrame(look);
        };
        requestAnimationFrame(look);"""
    )
    tab.page.goto(server.url)
    tab.page.locator(".stage .head").first.wait_for()
    tab.page.wait_for_timeout(500)
    seen = tab.page.evaluate("window.seen")
    assert seen[-1][0] == "ready"
    heights = {round(height) for _, height in seen}
    assert len(heights) == 1, f"the page jumped: {heights}"
    assert heights.pop() >= 540
    clean(tab)
