"""From a painted cell to all numbers updated: a real Chromium, in turns with an empty fragment's round trip."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from attnviz import environment
from attnviz.bench.figures import Figure, Options, Result, Skipped

NAME = "paint"
LIMITS = {32: (1.5, 1.2), 256: (3.0, 2.0)}  # tokens → (must, aim): at most so many empty round trips
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
PAUSE = 700.0  # milliseconds between two round trips: by then the page around a direct answer has followed it
PATIENCE = 90.0  # seconds until the server must be up and the page drawn

# Both are timed in the browser: from the event until the answer is drawn.
EMPTY = "async () => (await window.attnvizBench.empty())"
PAINT = "async () => (await window.attnvizBench.paint())"


def paint(options: Options) -> Iterator[Result]:
    """The round trip at each size, as a multiple of an empty fragment's in the same browser tab."""
    if find_spec("playwright") is None:
        yield Skipped(NAME, "needs a browser: pip install playwright, and Chromium or Chrome")
        return
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright, server("masks/bench_app.py") as url:
        try:
            browser = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        except Error as error:
            yield Skipped(NAME, f"no Chromium could be started: {str(error).splitlines()[0]}")
            return
        with contextlib.closing(browser):
            tabs = {tokens: opened(browser, f"{url}/?tokens={tokens}") for tokens in LIMITS}
            with without_errors(*tabs.values()):
                times = _in_turns(tabs, options.repeats(25, 4))
    for tokens, (must, aim) in LIMITS.items():
        whole, floor = (1e3 * statistics.median(times[tokens][what]) for what in ("paint", "empty"))
        yield Figure(
            name=f"{NAME}/{tokens}",
            ratio=whole / floor,
            what=f"from a painted cell to all numbers updated, {tokens} tokens",
            against="an empty fragment's round trip",
            milliseconds=whole,
            base_milliseconds=floor,
            must=must,
            aim=aim,
        )


def _in_turns(tabs: dict[int, Any], repeats: int) -> dict[int, dict[str, list[float]]]:
    """Seconds of painted cells, each beside an empty round trip of the same tab; the first two rounds warm up."""
    times: dict[int, dict[str, list[float]]] = {tokens: {"empty": [], "paint": []} for tokens in tabs}
    for turn in range(repeats + 2):
        for tokens, tab in tabs.items():
            tab.bring_to_front()
            for what, script in (("empty", EMPTY), ("paint", PAINT)):
                tab.wait_for_timeout(PAUSE)
                milliseconds = float(tab.evaluate(script))
                if turn >= 2:
                    times[tokens][what].append(milliseconds / 1e3)
    return times


def opened(browser: Any, url: str) -> Any:
    """A tab that is ready to be timed."""
    tab = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    tab.set_default_timeout(1e3 * PATIENCE)
    tab.goto(url)
    tab.wait_for_function("() => window.attnvizBench && window.attnvizBench.ready()")
    return tab


@contextmanager
def without_errors(*tabs: Any) -> Iterator[None]:
    """What is timed inside must have gone well: a script that fails is quick. Raises RuntimeError."""
    errors: list[str] = []
    for tab in tabs:
        tab.on("pageerror", lambda error: errors.append(str(error)))
    yield
    if errors:
        raise RuntimeError(f"what was timed went wrong: {errors[0]}")


def executable() -> str | None:
    """The Chromium to drive: ATTNVIZ_CHROMIUM, else the first that the machine has."""
    named = os.environ.get(environment.CHROMIUM)
    return named or next((found for found in map(shutil.which, BROWSERS) if found), None)


@contextmanager
def server(app: str) -> Iterator[str]:
    """A benchmark's app, by its path in `attnviz/ui`, on a free port of this machine; ended when the block is left."""
    import attnviz

    with served(Path(attnviz.__file__).resolve().parent / "ui" / app) as (url, _):
        yield url


@contextmanager
def served(script: Path, **more: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A script under Streamlit on a free port of this machine: its address and its process. `more`: its environment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.address", "127.0.0.1"]
    command += ["--server.port", str(port), "--server.headless", "true", "--server.fileWatcherType", "none"]
    command += ["--browser.gatherUsageStats", "false", "--server.enableWebsocketCompression", "false"]
    environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **more}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health", process)
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("the benchmark's Streamlit server did not come up")
