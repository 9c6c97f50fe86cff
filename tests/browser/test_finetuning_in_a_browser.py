"""Fine-tuning in a real browser: one run from ▶ to the end, zh and en; nothing leaves the machine, no worker stays."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lists import choose

from attnviz.config import FineTuneConfig, TrainConfig
from attnviz.data import tasks
from attnviz.data.tasks.labels import LabelTask
from attnviz.runs import Library, RunConfig
from attnviz.runs.registry import Registry
from attnviz.runs.work.session import Session
from attnviz.ui.text import words

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(420),
]
APP = Path(__file__).resolve().parents[2] / "app.py"
PATIENCE = 120_000  # milliseconds; a loaded machine starts the worker late
SMALL = {"preset": "reverse-copy", "strategy": "head", "examples": "16"}


def end_workers(root: Path) -> None:
    """End the worker that this folder's runs started, and see it gone."""
    for worker in Registry(root).alive().values():
        os.kill(worker.identity.pid, signal.SIGTERM)
    until = time.monotonic() + 60
    while Registry(root).alive() and time.monotonic() < until:
        time.sleep(0.1)
    assert not Registry(root).alive()


def arrived(chromium_page: Callable[..., Any], server: Any, query: str) -> Any:
    """A tab with the page, drawn."""
    tab = chromium_page()
    tab.page.set_default_timeout(PATIENCE)
    tab.page.goto(f"{server.url}/finetuning?{query}")
    tab.page.wait_for_selector(".ft-model")
    return tab


@pytest.mark.parametrize("language", ["zh", "en"])
def test_ten_steps_change_the_numbers(
    serve: Callable[..., Any], chromium_page: Callable[..., Any], tmp_path: Path, language: str
) -> None:
    t = words("finetuning", language)
    r = words("runs", language)
    query = "&".join(f"{name}={value}" for name, value in {"lang": language, **SMALL}.items())
    root = tmp_path / "runs"
    try:
        with serve(APP, ATTNVIZ_RUNS=str(root)) as server:
            tab = arrived(chromium_page, server, query)
            page = tab.page
            # Only the head trains: its tensors are filled, the embeddings are frozen.
            head = page.locator('b.ft-trains[title^="output.weight"]')
            head.wait_for(state="attached")
            assert page.locator('b.ft-frozen[title^="embedding.tokens.weight"]').count() >= 1
            tab.forget()  # what Streamlit itself asks for in vain at a deep link
            page.get_by_role("button", name=r("ten_steps")).first.click()
            page.wait_for_function(
                """() => [...document.querySelectorAll('[data-number="step"] b')]
                  .some(one => one.textContent.startsWith('10'))"""
            )
            # The ten steps moved the head and nothing else.
            page.wait_for_function(
                """() => {
                  const parts = [...document.querySelectorAll('.ft-drift')].map(one => one.textContent);
                  return parts.some(said => /Δ\\d*[1-9]/.test(said)) && parts.some(said => said.endsWith('Δ0'));
                }"""
            )
            assert "run=" in page.url
            page.wait_for_function(
                "() => /[0-9]%/.test(document.querySelector('[data-tile=\"old\"]')?.textContent ?? '')"
            )
            page.get_by_text(t("shown_change"), exact=True).first.click()
            page.get_by_text(t("ranked_title")).first.wait_for()
            assert not tab.console_errors
            assert not tab.foreign_requests
        (made,) = Library(root).list()
        assert made.status is not None
        assert made.status.step == 10
        assert made.finetune
    finally:
        end_workers(root)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_chosen_in_the_form_stays_and_changes_what_trains(
    serve: Callable[..., Any], chromium_page: Callable[..., Any], tmp_path: Path, language: str
) -> None:
    t = words("finetuning", language)
    with serve(APP, ATTNVIZ_RUNS=str(tmp_path)) as server:
        tab = arrived(chromium_page, server, f"lang={language}&examples=16")
        page = tab.page
        tab.forget()
        trained = page.locator('[data-tile="trained"] b')
        everything = trained.inner_text()
        field = page.locator(".stSelectbox", has_text=t("field_strategy")).locator("input")
        choose(page, field, t("strategy_lora"), exact=True)
        until_other(page, '[data-tile="trained"] b', everything)
        two = trained.inner_text()
        page.get_by_role("button", name=t("target_k_proj"), exact=True).click()
        until_other(page, '[data-tile="trained"] b', two)
        # Q and V, and now K too: half as much again.
        number = [int(said.replace(",", "")) for said in (two, trained.inner_text())]
        assert number[1] * 2 == number[0] * 3
        page.wait_for_function("() => location.search.includes('strategy=lora')")
        assert not tab.console_errors
        assert not tab.foreign_requests


def train_two_steps(root: Path) -> str:
    """A segmenting model, hardly trained: it errs in every way. Without a worker."""
    train = TrainConfig(steps=2, batch_size=8, learning_rate=1e-3, warmup_steps=1, eval_every=2, eval_examples=8)
    tuned = FineTuneConfig(watch_old_task=False).to_dict()
    config = RunConfig(name="words", task="segmentation", train=train, start={"checkpoint": "lm-zh"}, finetune=tuned)
    run = Library(root).create(config)
    run.send("play")
    session = Session.open(run.folder)
    while session.work(5.0) and not session.closing:
        pass
    session.close()
    end_workers(root)
    return run.id


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_cell_of_the_confusion_matrix_opens_its_examples(
    serve: Callable[..., Any],
    chromium_page: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
) -> None:
    monkeypatch.setattr("attnviz.runs.run.Run.wake", lambda self: None)
    run, t = train_two_steps(tmp_path), words("finetuning", language)
    with serve(APP, ATTNVIZ_RUNS=str(tmp_path)) as server:
        tab = chromium_page()
        page = tab.page
        page.set_default_timeout(PATIENCE / 4)
        page.goto(f"{server.url}/finetuning?lang={language}&run={run}")
        page.get_by_text(t("shown_results"), exact=True).first.click()
        cells = page.locator(".js-plotly-plot .heatmaplayer image")
        cells.wait_for()
        tab.forget()
        opened = page.locator(".ft-cell, .ft-note").locator("xpath=preceding-sibling::h2")
        task = tasks.get("segmentation")
        assert isinstance(task, LabelTask)
        names = [task.title(label, language) for label in task.labels]
        titles = set()
        for row, column in [(0, 0), (0, 3), (1, 2), (2, 1), (3, 3)]:
            box = cells.bounding_box()
            page.mouse.click(box["x"] + (column + 0.3) * box["width"] / 4, box["y"] + (row + 0.7) * box["height"] / 4)
            wanted = t("cell_title", truth=names[row], called=names[column], count="")
            page.get_by_text(wanted.split("：" if language == "zh" else ":")[0]).first.wait_for()
            titles.add(opened.first.inner_text())
            page.wait_for_timeout(400)  # two clicks sooner than that are a double click, which chooses nothing
        assert len(titles) == 5
        assert not tab.console_errors
        assert not tab.foreign_requests


def until_other(page: Any, selector: str, before: str) -> None:
    """Wait until something else stands there."""
    page.wait_for_function(
        "([selector, before]) => ![before, undefined].includes(document.querySelector(selector)?.innerText)",
        arg=[selector, before],
    )
