"""Fine-tuning in a real browser: one run from ▶ to the end, zh and en; nothing leaves the machine, no worker stays."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from attnviz.runs import Library
from attnviz.runs.registry import Registry
from attnviz.training.checkpoint import shipped
from attnviz.ui.text import words

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(420),
    pytest.mark.skipif("reverse" not in shipped(), reason="no shipped checkpoints"),
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
            tab = chromium_page()
            page = tab.page
            page.set_default_timeout(PATIENCE)
            page.goto(f"{server.url}/finetuning?{query}")
            page.wait_for_selector(".ft-model")
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
