"""The attention stage alone in a real Chromium: what is drawn, downloaded and zoomed, and that nothing sticks out."""

import csv
import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from attention_canvas_app import pictures
from attention_canvas_driver import STAGE, box_of, clean, drawn, point_at, readout

from attnviz.figures.colour import contrast

pytestmark = pytest.mark.browser


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


@pytest.mark.parametrize("dark", [False, True])
def test_numbers_stand_out_on_every_colour(opened, dark):
    tab = opened("kind=cross", dark=dark)
    colours, inks = tab.page.evaluate(f"[{STAGE}.theme.rgb, {STAGE}.theme.inkOn]")
    assert len(colours) == len(inks) == 256
    assert set(inks) == {"#000000", "#ffffff"}
    for rgb, ink in zip(colours, inks, strict=True):
        assert contrast("#" + "".join(f"{part:02x}" for part in rgb), ink) >= 4.5
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
    # Hovering stays fluent however long the text is: only what is lit is painted, never the matrix below it.
    painted = tab.page.evaluate(
        f"""() => {{
            const stage = {STAGE};
            const painted = {{ headStatic: 0, gridStatic: 0, headLight: 0 }};
            for (const name of Object.keys(painted)) {{
                const pen = stage.refs[name].getContext("2d");
                for (const stroke of ["fillRect", "clearRect", "drawImage", "putImageData", "fill", "stroke"]) {{
                    const usual = pen[stroke].bind(pen);
                    pen[stroke] = (...given) => {{ painted[name] += 1; return usual(...given); }};
                }}
            }}
            for (let i = 0; i < 20; i++) {{
                stage.lit = {{ row: i % {tokens}, column: 0, lead: "row", label: false, layer: 1, head: 2 }};
                stage.light();
            }}
            return painted;
        }}"""
    )
    assert (painted["headStatic"], painted["gridStatic"]) == (0, 0)
    assert painted["headLight"] >= 20
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


def test_the_skeleton_holds_the_place(stage_server, chromium_page):
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
    tab.page.goto(stage_server.url)
    tab.page.locator(".stage .head").first.wait_for()
    tab.page.wait_for_timeout(500)
    seen = tab.page.evaluate("window.seen")
    assert seen[-1][0] == "ready"
    heights = {round(height) for _, height in seen}
    assert len(heights) == 1, f"the page jumped: {heights}"
    assert heights.pop() >= 540
    clean(tab)
