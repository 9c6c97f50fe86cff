"""A real Chromium against a real Streamlit server on 127.0.0.1.

Fixtures
--------
serve            `with serve(path_to_script) as server:` → `server.url`; the process is ended on exit.
chromium_page    `tab = chromium_page(width=1440, height=900, dark=False)` → `tab.page` (a Playwright page) and what it
                 said: `tab.console_errors`, `tab.requests`, `tab.foreign_requests`, `tab.frames_sent`.
opened           `tab = opened("kind=cross&layer=1")`: the attention stage alone, drawn and at rest.

Tests that use them carry `pytest.mark.browser`. Without a Chromium they are skipped, unless ATTNVIZ_REQUIRE_BROWSER=1.
ATTNVIZ_CHROMIUM names an executable to use.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
LOCAL_HOSTS = {"127.0.0.1", "localhost"}


@dataclass
class Server:
    """A running Streamlit server."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def log_text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


@dataclass
class Tab:
    """A page and everything it said since it was opened (or since `forget`)."""

    page: Any
    console_errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    frames_sent: list[int] = field(default_factory=list)

    @property
    def foreign_requests(self) -> list[str]:
        """Requests to any other machine; `blob:` and `data:` never leave the page."""
        return [
            url
            for url in self.requests
            if urlsplit(url).scheme in {"http", "https", "ws", "wss"} and urlsplit(url).hostname not in LOCAL_HOSTS
        ]

    def forget(self) -> None:
        self.console_errors.clear()
        self.requests.clear()
        self.frames_sent.clear()

    def said(self) -> str:
        """The address, the words on the page and the console's errors."""
        try:
            words = self.page.inner_text("body", timeout=2_000)
        except Exception as error:  # the page may be gone
            words = str(error)
        return "\n".join([self.page.url, words[:4_000], *self.console_errors])


TABS = pytest.StashKey[list[Tab]]()


def find_chromium() -> str | None:
    """The executable to drive, or None."""
    named = os.environ.get("ATTNVIZ_CHROMIUM")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
    return named or next((found for found in map(shutil.which, names) if found), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for the whole session."""
    required = os.environ.get("ATTNVIZ_REQUIRE_BROWSER") == "1"
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        if required:
            raise
        pytest.skip("playwright is not installed")
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
        except Error as error:
            if required:
                raise
            pytest.skip(f"no Chromium on this machine: {str(error).splitlines()[0]}")
        yield chromium
        chromium.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    """A test that fails shows what its pages said."""
    report = yield
    if report.when == "call" and report.failed:
        for number, tab in enumerate(item.stash.get(TABS, []), 1):
            report.sections.append((f"page {number}", tab.said()))
    return report


@pytest.fixture
def chromium_page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Tab]]:
    """Open a page in a context of its own; it is closed after the test."""
    contexts: list[Any] = []
    tabs = request.node.stash[TABS] = []

    def open_tab(*, width: int = 1440, height: int = 900, dark: bool = False, **options: Any) -> Tab:
        options.setdefault("reduced_motion", "reduce")  # tests look at what a change comes to
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        tab = Tab(page)
        page.on("console", lambda said: tab.console_errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: tab.console_errors.append(str(error)))
        page.on("request", lambda request: tab.requests.append(request.url))

        def watch(websocket: Any) -> None:
            tab.requests.append(websocket.url)
            websocket.on("framesent", lambda frame: tab.frames_sent.append(len(frame)))

        page.on("websocket", watch)
        tabs.append(tab)
        return tab

    yield open_tab
    for context in contexts:
        context.close()


@contextmanager
def streamlit_server(script: Path, port: int | None, log: Path, environment: dict[str, str]) -> Iterator[Server]:
    """Run `streamlit run script` until the block ends; raises RuntimeError with the log if it does not come up."""
    port = port or free_port()
    options = {
        "server.headless": "true",
        "server.address": "127.0.0.1",
        "server.port": str(port),
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    command += [part for name, value in options.items() for part in (f"--{name}", value)]
    inherited = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY), "PYTHONUTF8": "1"}
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, cwd=REPOSITORY, stdout=sink, stderr=sink, env={**os.environ, **inherited, **environment}
        )
        server = Server(f"http://127.0.0.1:{port}", process, log)
        try:
            wait_until_healthy(server)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_healthy(server: Server, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"streamlit did not come up:\n{server.log_text()}")


@pytest.fixture(scope="session")
def serve(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., AbstractContextManager[Server]]:
    """`serve(script, port=None, NAME="value", …)`: a context manager; keyword arguments go into the environment."""

    def start(script: Path | str, port: int | None = None, **environment: str) -> AbstractContextManager[Server]:
        log = tmp_path_factory.mktemp("streamlit") / "server.log"
        return streamlit_server(Path(script), port, log, environment)

    return start


@pytest.fixture(scope="module")
def stage_server(serve: Callable[..., Any]) -> Iterator[Server]:
    """The attention stage alone."""
    with serve(Path(__file__).parent / "attention_canvas_app.py") as running:
        yield running


@pytest.fixture
def opened(stage_server: Server, chromium_page: Callable[..., Tab]) -> Callable[..., Tab]:
    """Open that stage and wait until it is drawn and the connection is quiet."""

    def open_stage(query: str = "", **options: Any) -> Tab:
        tab = chromium_page(**options)
        tab.page.goto(f"{stage_server.url}/?{query}")
        tab.page.locator(".stage .head").first.wait_for()
        tab.page.get_by_text(re.compile(r"^runs=\d+")).wait_for()
        tab.page.wait_for_timeout(600)
        return tab

    return open_stage
