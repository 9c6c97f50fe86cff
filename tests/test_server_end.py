"""The end of the server: it leaves no process behind, however it comes, and cuts off nothing in the middle."""

from __future__ import annotations

import ast
import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from parsed import tree_of

from attnviz.cli.app import free_port, is_free
from attnviz.ui.frame import server

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0
# Counts beside a page, inside torch, when the interpreter comes to its end.
COUNTING = r"""
import time, torch
from attnviz.ui.frame.beside import beside
def count():
    numbers, until = torch.randn(61, 61, requires_grad=True), time.monotonic() + 1
    while time.monotonic() < until:
        (numbers @ numbers).sum().backward()
    print("counted\n", end="", flush=True)  # one write, for there are two of them
for _ in range(2):
    beside(count)
time.sleep(0.3)
"""


@contextmanager
def visitor(port: int) -> Iterator[None]:
    """Somebody whose browser is connected, and who hears nothing of an end."""
    lines = ["GET /_stcore/stream HTTP/1.1", f"Host: localhost:{port}", f"Origin: http://localhost:{port}"]
    lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        assert connection.recv(64).split()[1] == b"101"
        yield


def wait_until(port: int, *, served: bool) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            if served:
                return
        if not served and is_free("127.0.0.1", port):
            return
        time.sleep(0.05)
    pytest.fail(f"the server is {'not there' if served else 'still there'} after {PATIENCE:.0f} s")


@pytest.mark.skipif(os.name == "nt", reason="there, to end a process and to kill it are the same")
@pytest.mark.parametrize("how", ["kill", "terminate"])
def test_no_server_is_left_behind_however_attnviz_ends(how: str, tmp_path: Path) -> None:
    port = free_port("127.0.0.1", range(18700, 18800))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ATTNVIZ_RUNS": str(tmp_path / "runs")}
    command = [sys.executable, "-m", "attnviz", "app", "--port", str(port), "--no-browser"]
    begun = subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        wait_until(port, served=True)
        getattr(begun, how)()
        said, _ = begun.communicate(timeout=PATIENCE)  # the server has the same output: it ends when both are gone
        wait_until(port, served=False)
    finally:
        begun.kill()
        begun.wait()
    assert b"Traceback" not in said
    assert begun.returncode == {"kill": -9, "terminate": 0}[how]


@pytest.mark.skipif(os.name == "nt", reason="there, to end a process and to kill it are the same")
def test_plain_streamlit_ends_while_somebody_is_there_and_lets_python_finish(tmp_path: Path) -> None:
    port = free_port("127.0.0.1", range(18900, 19000))
    (tmp_path / "sitecustomize.py").write_text("import atexit; atexit.register(print, 'finished')", encoding="utf-8")
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), f"--server.port={port}"]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]),
        "ATTNVIZ_RUNS": str(tmp_path / "runs"),
    }
    begun = subprocess.Popen(
        [*command, "--server.headless=true"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        wait_until(port, served=True)
        with visitor(port):
            begun.terminate()
            said, _ = begun.communicate(timeout=PATIENCE)
    finally:
        begun.kill()
        begun.wait()
    assert begun.returncode == 0
    assert b"finished" in said
    assert b"Traceback" not in said


@pytest.mark.parametrize(("headless", "opened"), [(True, []), (False, ["http://localhost:8501"])])
def test_the_server_opens_the_browser_as_a_plain_script_does(
    headless: bool, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    options = {"server.headless": headless, "browser.serverAddress": "localhost", "browser.serverPort": 8501}
    monkeypatch.setattr(server.config, "get_option", lambda name: options.get(name, ""))
    monkeypatch.setattr(server.config, "is_manually_set", lambda name: name in options)
    monkeypatch.setattr(server.cli_util, "open_browser", asked.append)
    handlers = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}

    async def begun_and_ended() -> None:
        async with server.serving(server.App(ROOT / "app.py")):
            pass

    with ThreadPoolExecutor(1) as beside:  # this thread may have a loop already: a browser's that was driven before
        beside.submit(asyncio.run, begun_and_ended()).result(PATIENCE)
    assert asked == opened
    assert {one: signal.getsignal(one) for one in handlers} == handlers


def test_what_is_counted_beside_a_page_is_not_cut_off_by_the_end() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", COUNTING], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "counted\n" * 2)


def test_no_other_thread_of_the_app_can_be_cut_off() -> None:
    """A daemon thread inside torch aborts the process at its end. Two may be such threads: one sleeps in the system,
    the other runs a template's own program, which may never end and calls nothing but Python."""
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "attnviz").rglob("*.py")
        for node in ast.walk(tree_of(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and any(one.arg == "daemon" and getattr(one.value, "value", True) is not False for one in node.keywords)
    }
    assert found == {"attnviz/ui/frame/serve.py", "attnviz/foreign/chat.py"}
