"""Nothing leaves this machine: no name is asked for, nobody outside is spoken to, whoever knocks; nor does a page of
another origin get in.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from attnviz.cli.app import free_port, hosts

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0
# Put before the server's own code: writes down every name that is looked up and every address that is spoken to.
RECORDER = """
import os, socket
_said = os.environ["RECORDED"]
def _note(kind, place):
    with open(_said, "a", encoding="utf-8") as file:
        print(kind, place, file=file)
def _watched(name):
    real = getattr(socket, name)
    def asked(host, *arguments, **options):
        _note("asked", host)
        return real(host, *arguments, **options)
    setattr(socket, name, asked)
_note("begun", "")
for _name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
    _watched(_name)
_real = socket.socket
class _Socket(_real):
    def connect(self, place):
        if self.family != getattr(socket, "AF_UNIX", None) and self.type == socket.SOCK_STREAM:
            _note("spoken", place[0])
        return super().connect(place)
    def sendto(self, data, *rest):
        _note("sent", rest[-1])
        return super().sendto(data, *rest)
socket.socket = _Socket
"""
HERE = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "None", ""}


def knock(port: int, *, host: str, origin: str | None) -> int:
    """The status with which the server answers who wants to talk to the app."""
    lines = [
        "GET /_stcore/stream HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *([] if origin is None else [f"Origin: {origin}"]),
    ]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return int(connection.recv(64).split()[1])


@contextmanager
def watched(folder: Path, command: list[str], port: int) -> Iterator[Path]:
    """A server while it runs, and the file with the names that it asks for and the addresses that it speaks to."""
    (folder / "sitecustomize.py").write_text(RECORDER, encoding="utf-8")
    said = folder / "recorded"
    said.touch()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
        "RECORDED": str(said),
        "ATTNVIZ_RUNS": str(folder / "runs"),
    }
    server = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert server.poll() is None, "the server ended"
                assert time.monotonic() < until, "the server did not come up"
                time.sleep(0.1)
        yield said
    finally:
        server.terminate()
        try:
            server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def outside(said: Path) -> list[str]:
    """What was asked of others, or said to them."""
    return [line for line in said.read_text(encoding="utf-8").splitlines() if line.split(" ", 1)[1] not in HERE]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    port = free_port("127.0.0.1", range(18600, 18700))
    command = [sys.executable, "-m", "attnviz", "app", "--port", str(port), "--no-browser"]
    with watched(tmp_path_factory.mktemp("served"), command, port) as said:
        yield port, said


def test_a_page_elsewhere_is_not_let_in_and_nobody_outside_is_asked(served: tuple[int, Path]) -> None:
    port, said = served
    assert knock(port, host=f"127.0.0.1:{port}", origin=f"http://127.0.0.1:{port}") == 101
    assert knock(port, host=f"localhost:{port}", origin=f"http://localhost:{port}") == 101
    assert knock(port, host=f"127.0.0.1:{port}", origin="http://elsewhere.example") == 403
    # A name elsewhere that was given an address of this machine: Host and Origin agree, and are not ours.
    assert knock(port, host=f"elsewhere.example:{port}", origin=f"http://elsewhere.example:{port}") == 403
    assert knock(port, host="elsewhere.example", origin="http://elsewhere.example") == 403
    assert outside(said) == []
    assert said.read_text(encoding="utf-8"), "the recorder heard nothing at all"


def test_plain_streamlit_asks_nobody_whoever_knocks_first(tmp_path: Path) -> None:
    """Without a browser Streamlit would ask for this machine's public address; `.streamlit/config.toml` gives it one.

    It would ask once more when a page of another origin knocks, even before the first page was opened: `app.py` is
    loaded before anybody is let in.
    """
    port = free_port("127.0.0.1", range(18800, 18900))
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), f"--server.port={port}"]
    with watched(tmp_path, [*command, "--server.headless=true"], port) as said:
        assert knock(port, host=f"localhost:{port}", origin="http://elsewhere.example") == 403
        assert knock(port, host=f"127.0.0.1:{port}", origin="http://192.0.2.7") == 403
        assert knock(port, host="elsewhere.example", origin="http://elsewhere.example") == 403
        assert outside(said) == []
        assert knock(port, host=f"localhost:{port}", origin=f"http://localhost:{port}") == 101
        assert outside(said) == []
        assert said.read_text(encoding="utf-8"), "the recorder heard nothing at all"


def test_names_of_this_machine_are_let_in_when_it_is_open_to_the_room() -> None:
    assert hosts("127.0.0.1") == ("localhost", "127.0.0.1", "::1")
    assert hosts("192.168.7.5")[-1] == "192.168.7.5"
    room = hosts("0.0.0.0", ["class.example"])
    assert socket.gethostname() in room
    assert room[-1] == "class.example"
    assert "*" not in room
