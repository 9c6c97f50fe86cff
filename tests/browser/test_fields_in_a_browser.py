"""Pictures and Graphs in a real browser: what is hidden or cut by a click changes the numbers and the address."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import attnviz as av
from attnviz.ui.fields.look import look
from attnviz.ui.graphs.scene import Graphs
from attnviz.ui.pictures.scene import Pictures
from attnviz.ui.text import words

pytestmark = pytest.mark.browser
APP = Path(__file__).resolve().parents[2] / "app.py"


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with serve(APP, ATTNVIZ_RUNS=str(tmp_path_factory.mktemp("runs"))) as running:
        yield running


def opened(tab: Any, url: str) -> Any:
    tab.page.goto(url)
    tab.page.locator('.stage-place[data-state="ready"]').wait_for(timeout=60_000)
    return tab.page


def chances(page: Any) -> dict[str, str]:
    """What stands beside each bar now."""
    return {
        row.get_attribute("data-label"): row.locator(".number b").inner_text()
        for row in page.locator(".bars-list li").all()
    }


def clicked(page: Any, x: float, y: float) -> None:
    """Click a place of the board, as shares of its width and height, and wait for the server's numbers."""
    before = page.locator(".stage").get_attribute("data-drawn")
    box = page.locator("canvas.board").bounding_box()
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.locator(f'.stage:not([data-drawn="{before}"])').wait_for()


def fine(tab: Any) -> None:
    assert not [error for error in tab.console_errors if "404" not in error]
    assert not tab.foreign_requests


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_patch_is_hidden_by_a_click_and_the_link_opens_it_again(
    chromium_page: Callable[..., Any], server: Any, language: str
) -> None:
    tab = chromium_page(locale={"zh": "zh-CN", "en": "en-GB"}[language], dark=language == "zh")
    page = opened(tab, f"{server.url}/pictures?example=25")
    before = chances(page)
    clicked(page, 0.5, 0.4)

    page.wait_for_function("new URL(location.href).searchParams.get('hidden')")
    after = chances(page)
    assert after != before
    assert page.locator(".facts li").first.inner_text().rstrip().endswith("0")
    page.locator(".tile .switch").first.click()
    page.wait_for_function("new URL(location.href).searchParams.get('off')")
    switched = chances(page)
    page.reload()
    page.locator('.stage-place[data-state="ready"]').wait_for(timeout=60_000)
    assert chances(page) == switched
    assert page.locator('.tile[data-off="true"]').count() == 1
    page.locator("button.undo").click()
    page.wait_for_function("!new URL(location.href).searchParams.get('hidden')")
    assert chances(page) == before
    fine(tab)


def test_strokes_hide_many_patches_and_keys_hide_one(chromium_page: Callable[..., Any], server: Any) -> None:
    tab = chromium_page(locale="en-GB")
    page = opened(tab, f"{server.url}/pictures?example=25")
    box = page.locator("canvas.board").bounding_box()
    size = min(box["width"], box["height"] - 38)
    left = box["x"] + (box["width"] - size) / 2
    page.mouse.move(left + size / 8, box["y"] + size / 8)
    page.mouse.down()
    for column in range(1, 4):
        page.mouse.move(left + size * (2 * column + 1) / 8, box["y"] + size / 8, steps=5)
    page.mouse.up()
    page.wait_for_function("new URL(location.href).searchParams.get('hidden') === '1~2~3~4'")
    page.locator("canvas.board").focus()
    for key in ("ArrowRight", "ArrowDown", " "):
        page.keyboard.press(key)
    page.wait_for_function("new URL(location.href).searchParams.get('hidden') === '1~2~3~4~5'")
    fine(tab)


def test_an_edge_is_cut_by_a_click_on_a_cell_of_its_matrix(chromium_page: Callable[..., Any], server: Any) -> None:
    tab = chromium_page(locale="en-GB")
    t = words("graphs", "en")
    page = opened(tab, f"{server.url}/graphs")
    before = chances(page)
    page.locator(".st-key-claim-trial button").click()
    page.wait_for_function("new URL(location.href).searchParams.get('edges')")
    edge = page.evaluate("new URL(location.href).searchParams.get('edges')")
    page.locator(".verdict[data-right='true']", has_text="not connected").wait_for()
    cut = chances(page)
    assert cut != before
    page.locator(".st-key-claim-trial button", has_text=t("claim_back")).click()
    page.wait_for_function("!new URL(location.href).searchParams.get('edges')")
    assert chances(page) == before
    # The same edge as a cell of the matrix under the graph.
    one, other = map(int, edge.split("-"))
    nodes = int(page.locator(".facts li").nth(1).inner_text().split()[0])
    box = page.locator("canvas.board").bounding_box()
    size = int(min(box["height"] * 0.42, box["width"] * 0.62))
    cell = (size - 22) / (nodes + 1)
    left, top = round((box["width"] - size) / 2) + 22, box["height"] - size + 20
    clicked(page, (left + (one + 1.5) * cell) / box["width"], (top + (other + 1.5) * cell) / box["height"])
    page.wait_for_function("edge => new URL(location.href).searchParams.get('edges') === edge", arg=edge)
    assert chances(page) == cut
    fine(tab)


def test_the_digits_are_trained_and_the_heads_follow(chromium_page: Callable[..., Any], server: Any) -> None:
    tab = chromium_page(locale="en-GB")
    page = opened(tab, f"{server.url}/pictures?view=train")
    page.locator(".st-key-run-play button").first.click()
    page.locator(".rn-line", has_text=words("pictures", "en")("train_at", step="1")).first.wait_for(timeout=90_000)
    page.locator(".st-key-run-pause button").first.click()
    page.locator(".st-key-run-play button").first.wait_for(timeout=60_000)
    assert page.locator(".stage").is_visible()
    fine(tab)


def saved(page: Any, format_: str, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.locator(f"[data-format={format_}]").click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


@pytest.mark.parametrize(
    ("scene", "model", "query", "language", "name"),
    [
        (Pictures(), "digits", "hidden=2~7", "zh", "attnviz-pictures-digits-4-L1H2-2-changed"),
        (Graphs(), "graph-connected", "off=encoder.1.self_attn.1", "en", "attnviz-graphs-graph-connected-4-L1H2-1-off"),
    ],
    ids=["pictures", "graphs"],
)
def test_downloads_hold_what_is_shown(
    chromium_page: Callable[..., Any],
    server: Any,
    tmp_path: Path,
    scene: Pictures | Graphs,
    model: str,
    query: str,
    language: str,
    name: str,
) -> None:
    tab = chromium_page(locale={"zh": "zh-CN", "en": "en-GB"}[language])
    page = opened(tab, f"{server.url}/{scene.page}?example=4&layer=1&head=2&{query}")
    t = words(scene.page, language)  # type: ignore[arg-type]
    assert page.locator("[data-format=csv]").get_attribute("title") == t("download_csv")
    table = saved(page, "csv", tmp_path)
    assert table.name == f"{name}.csv"
    network, task = av.load(model)
    source = task.split("test")[3].source
    changed = tuple(query.removeprefix("hidden=").split("~")) if query.startswith("hidden") else ()
    off = [] if changed else [("encoder.1.self_attn", 0)]
    found = look(network, *scene.read(task, source, [changed]), off)  # type: ignore[arg-type]
    positions = [one for one in scene.positions(task, source) if one]  # type: ignore[arg-type]
    rows = list(csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines()))
    assert [row["key"] for row in rows[: len(positions)]] == positions
    count = len(positions)
    weights = np.array([float(row["weight"]) for row in rows]).reshape(count, count)
    np.testing.assert_allclose(weights, found.weights[0, 1, :count, :count], atol=2e-6)
    visible = np.array([row["visible"] == "1" for row in rows]).reshape(count, count)
    np.testing.assert_array_equal(visible, found.mask[0, 1, :count, :count])
    assert not visible.all()

    svg = ElementTree.fromstring(saved(page, "svg", tmp_path).read_text(encoding="utf-8"))
    tag = "{http://www.w3.org/2000/svg}"
    texts = [node.text or "" for node in svg.iter(f"{tag}text")]
    assert {"L1 H1", "L2 H4", t("rollout_after", layer=2)} <= {text.removesuffix(f" {t('off')}") for text in texts}
    assert ("L2 H1 off" in texts) == bool(off)
    assert any((node.get("fill") or "").startswith("url(#hatch") for node in svg.iter(f"{tag}rect"))
    png = saved(page, "png", tmp_path).read_bytes()
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20], "big") == 2 * int(svg.get("width") or 0), "twice the size"
    fine(tab)
