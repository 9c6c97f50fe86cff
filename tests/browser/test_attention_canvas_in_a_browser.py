"""The attention stage alone in a real Chromium: hovering, choosing, keys, switches."""

from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from attention_canvas_app import HEADS, LAYERS, pictures
from attention_canvas_driver import STAGE, box_of, clean, drawn, point_at, readout

pytestmark = pytest.mark.browser


def test_it_opens_at_the_choice_of_the_address_and_writes_it_back(opened):
    tab = opened("kind=cross&layer=1&head=2")
    assert tab.page.locator(".head-card h2").inner_text() == "第 1 层 · 头 2"
    tab.page.locator("[data-head='2.1']").click()
    assert tab.page.locator(".head-card h2").inner_text() == "第 2 层 · 头 1"
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
    assert page.locator(".head-card h2").inner_text() == "Layer 1 · head 1", "moving does not choose"
    outline = page.evaluate(f"getComputedStyle({focused}).outlineWidth")
    assert outline == "3px", "the focus is visible"
    page.keyboard.press("Enter")
    assert page.locator(".head-card h2").inner_text() == "Layer 2 · head 2"
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


def test_heads_of_a_large_stage_come_when_they_are_looked_at(opened):
    tab = opened("tokens=300&kind=decoder_self&layer=1&head=1&lang=en")
    weights = pictures(300)[0].weights
    tab.page.locator("[data-head='2.3']").click()
    tab.page.wait_for_function(f"() => {STAGE}.state.kind.has(1, 2) && !{STAGE}.coarse")
    assert tab.page.locator(".head-card h2").inner_text() == "Layer 2 · head 3"
    found = tab.page.evaluate(f"[7, 150, 299].map((row) => {STAGE}.state.kind.weight(1, 2, row, 5))")
    np.testing.assert_allclose(found, weights[1, 2, [7, 150, 299], 5], atol=0.004)
    point_at(tab, 200, 100)
    assert "←" in readout(tab)
    assert "…" not in readout(tab)
    clean(tab)


@pytest.mark.parametrize(("asked", "ghosts"), [("no-preference", 1), ("reduce", 0)])
def test_another_head_fades_in_where_motion_is_wanted(opened, asked, ghosts):
    page = opened("kind=cross&layer=1&head=1", reduced_motion=asked).page
    page.evaluate(
        f"""() => {{
          window.most = 0;
          const body = {STAGE}.refs.headBody;
          const look = () => {{
            window.most = Math.max(window.most, body.querySelectorAll("canvas[data-fading]").length);
            requestAnimationFrame(look);
          }};
          look();
        }}"""
    )
    page.locator("[data-head='2.1']").click()
    page.wait_for_timeout(700)
    assert page.evaluate("window.most") == ghosts
    assert page.locator("canvas[data-fading]").count() == 0
