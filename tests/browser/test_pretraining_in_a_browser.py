"""Training in a real browser: play, numbers that move, pause, time dragged back, a link that only watches."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from attnviz.config import TrainConfig
from attnviz.runs import Library, RunConfig
from attnviz.ui.text import words

pytestmark = pytest.mark.browser
APP = Path(__file__).resolve().parents[2] / "app.py"
STEP = '.rn-number[data-number="step"] b'
TINY: dict[str, Any] = {"d_model": 16, "n_heads": 2, "d_ff": 16, "n_encoder_layers": 1, "n_decoder_layers": 2}
# In every frame: how many of the two buttons take room.
WATCH_BUTTONS = """() => {
  window.mostButtons = 0;
  const look = () => {
    const both = [...document.querySelectorAll(".st-key-run-play, .st-key-run-pause")];
    window.mostButtons = Math.max(window.mostButtons, both.filter((one) => one.getBoundingClientRect().width).length);
    requestAnimationFrame(look);
  };
  look();
}"""
PATIENCE = 90_000  # milliseconds: a worker imports torch before its first step


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of runs; its worker is ended when the tests are done."""
    folder = tmp_path_factory.mktemp("runs")
    yield folder
    with contextlib.suppress(sqlite3.Error):
        with contextlib.closing(sqlite3.connect(folder / "workers.sqlite")) as connection:
            workers = connection.execute("SELECT pid FROM workers").fetchall()
        for (pid,) in workers:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM)


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any], root: Path) -> Iterator[Any]:
    with serve(APP, ATTNVIZ_RUNS=str(root), ATTNVIZ_THREADS="1") as running:
        yield running


def tiny(root: Path, name: str) -> str:
    """A run that would go on for a long time."""
    config = TrainConfig(steps=100_000, batch_size=8, warmup_steps=4, eval_every=20, eval_examples=8)
    return Library(root).create(RunConfig(name=name, task="reverse", shape=TINY, train=config)).id


def visit(page: Any, server: Any, **query: str) -> None:
    """Come from the first page, as people do; a link into a page of a fresh server is Streamlit's own affair."""
    page.goto(server.url + "/pretraining?" + "&".join(f"{name}={value}" for name, value in query.items()))
    page.wait_for_selector(".st-key-rn-card-time", timeout=PATIENCE)


def steps(page: Any) -> int:
    """The step in the strip."""
    return int(page.inner_text(STEP).split("/")[0].replace(",", ""))


def until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE / 1000) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def errors(tab: Any) -> list[str]:
    """What the console says, but for Streamlit's own question whether it is served below another path."""
    return [line for line in tab.console_errors if "404" not in line]


def address(page: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_play_watch_pause_and_drag_time_back(
    chromium_page: Callable[..., Any], server: Any, root: Path, language: str
) -> None:
    t = words("runs", language)  # type: ignore[arg-type]
    run = tiny(root, f"tiny-{language}")
    tab = chromium_page()
    page = tab.page
    visit(page, server, lang=language, run=run)
    assert page.inner_text(".rn-watching").endswith(t("read_only"))  # by a link one watches
    page.click(".st-key-run-take button")
    page.wait_for_selector(".st-key-run-play button", timeout=PATIENCE)
    page.evaluate(WATCH_BUTTONS)
    page.click(".st-key-run-play button", timeout=PATIENCE)
    page.wait_for_selector(".st-key-run-pause button", timeout=PATIENCE)
    until(lambda: steps(page) >= 12, "the run does not move")
    before = page.inner_text('.rn-number[data-number="loss"] b')
    until(lambda: page.inner_text('.rn-number[data-number="loss"] b') != before, "the loss does not move")
    page.wait_for_selector(".chart .curve", timeout=PATIENCE)

    page.click(".st-key-run-pause button")
    page.wait_for_selector(".st-key-run-play button", timeout=PATIENCE)
    page.wait_for_selector(".rn-state.rn-paused", timeout=PATIENCE)
    reached = steps(page)
    assert page.evaluate("window.mostButtons") == 1, "Train and Pause stood there at once"
    assert Library(root).open(run).status().step == reached

    track = page.locator(".track")
    until(lambda: track.get_attribute("aria-valuemax") == str(Library(root).open(run).kept_steps()[-1]), "time line")
    newest = page.inner_text(".rn-line small")
    track.focus()
    page.keyboard.press("Home")
    first = t("attention_at", step="0")
    until(lambda: page.inner_text(".rn-line small") == first, "the heads do not follow the time line")
    assert newest != first
    page.keyboard.press("ArrowRight")
    until(lambda: page.inner_text(".rn-line small") == t("attention_at", step="1"), "one kept step further")
    page.click(".live")
    until(lambda: page.inner_text(".rn-line small") == newest, "following again")

    page.click(".st-key-run-one_step button")
    until(lambda: steps(page) == reached + 1, "one step")
    assert address(page)["run"] == run
    assert not errors(tab)
    assert not tab.foreign_requests
    assert "Traceback" not in server.log_text()


def test_the_switch_of_the_language_loses_nothing(chromium_page: Callable[..., Any], server: Any, root: Path) -> None:
    run = tiny(root, "switch")
    tab = chromium_page()
    page = tab.page
    visit(page, server, lang="en", run=run)
    field = page.locator(".st-key-av-sentence input[type=text]").first
    field.fill("dcba")
    field.press("Enter")
    wanted = words("runs", "en")("probe_wrong", wanted="abcd")  # a model that knows nothing
    until(lambda: wanted in page.inner_text(".rn-line"), "the sentence is read")
    page.locator("[data-testid=stSidebar] button", has_text="中文").click()
    question = words("pretraining", "zh")("question")
    until(lambda: page.inner_text(".av-question").startswith(question), "the language")
    until(lambda: page.locator(".st-key-av-sentence input[type=text]").first.input_value() == "dcba", "the sentence")
    assert page.inner_text(".rn-watching").endswith(words("runs", "zh")("read_only"))
    assert address(page)["run"] == run
    assert not errors(tab)
    assert not tab.foreign_requests
