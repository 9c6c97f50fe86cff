"""`attnviz app`, or `attnviz` alone: the app in the browser, from any folder."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz import environment

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from attnviz.runs.registry import Registry

FIRST_PORT, PORTS_TRIED = 8501, 100
END_SECONDS = 20.0  # that a server or a worker may take to end by itself


def add(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    command = commands.add_parser("app", help="open the app in the browser (the same as attnviz alone)")
    command.add_argument("--port", type=_port, metavar="N", help=f"default: the first free one from {FIRST_PORT} on")
    command.add_argument("--address", default="127.0.0.1", help="0.0.0.0 opens it to the room (default: 127.0.0.1)")
    command.add_argument(
        "--host", action="append", default=[], metavar="NAME", help="a further name that browsers call this machine by"
    )
    command.add_argument("--lang", choices=("zh", "en"), help="default: what the browser asks for")
    command.add_argument(
        "--device",
        metavar="NAME",
        help="where pages compute: cpu, cuda, cuda:1, auto (default: ATTNVIZ_DEVICE, or cpu)",
    )
    command.add_argument("--no-browser", action="store_true", help="only serve; open no browser")
    command.set_defaults(run=run)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port; 1 to 65535 are")
    return int(text)


def script() -> Path:
    """The `app.py` to serve: the one packed with an installed package, else the repository's."""
    package = Path(__file__).resolve().parents[1]
    packed = package / "site" / "app.py"
    return packed if packed.is_file() else package.parent / "app.py"


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C; then the workers that were started meanwhile end cleanly, and their runs can go on later."""
    served = script()
    if not served.is_file():
        raise ValueError(f"there is no {served}; install attnviz again")
    port = arguments.port or free_port(arguments.address)
    if not is_free(arguments.address, port):
        raise ValueError(f"port {port} of {arguments.address} cannot be used; leave --port out to take a free one")
    from attnviz.runs import Library
    from attnviz.runs.registry import Registry

    registry = Registry(Library().root)
    others = {worker.token for worker in registry.alive().values()}
    variables = dict(os.environ)
    if arguments.lang:
        variables[environment.LANGUAGE] = arguments.lang
    if arguments.device:
        variables[environment.DEVICE] = arguments.device
    shown = "127.0.0.1" if arguments.address in ("0.0.0.0", "::") else arguments.address
    print(f"attnviz: http://{shown}:{port}  (Ctrl-C ends it)", flush=True)
    command = [sys.executable, "-m", "attnviz.ui.frame.serve", "--with-its-parent", "run", str(served)]
    command += [f"--server.port={port}", f"--server.address={arguments.address}", f"--browser.serverAddress={shown}"]
    command += [f"--server.allowedHosts={name}" for name in hosts(arguments.address, arguments.host)]
    if arguments.no_browser:
        command.append("--server.headless=true")
    with ended_by_signals():
        # A pipe that is never written to closes with this process, however it ends, and the server hears that.
        server = subprocess.Popen(command, env=variables, stdin=subprocess.PIPE)
        try:
            return server.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            _end(server)
            end_workers(registry, others)


def hosts(address: str, more: Iterable[str] = ()) -> tuple[str, ...]:
    """The names under which browsers may ask for the app: another name in a request comes from a page elsewhere.

    Nothing is asked of a name server. Open to the room (0.0.0.0), it is this machine's name and its address there.
    """
    names = ["localhost", "127.0.0.1", "::1"]
    if address in ("0.0.0.0", "::"):
        name = socket.gethostname()
        names += [name, f"{name.partition('.')[0]}.local", *own_addresses()]
    else:
        names.append(address)
    return tuple(dict.fromkeys([*names, *more]))


def own_addresses() -> list[str]:
    """This machine's addresses in its networks; a datagram socket is given a direction, and nothing is sent."""
    found = []
    for family, direction in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((direction, 9))
            found.append(str(probe.getsockname()[0]))
    return found


class ended_by_signals:  # used like a function
    """While inside, being asked to terminate is like Ctrl-C, so that nothing is left behind.

    Ctrl-C too is heard in any case: a shell lets what it starts in the background ignore it.
    """

    HEARD = (signal.SIGTERM, signal.SIGINT)

    def __enter__(self) -> None:
        self._before = {one: signal.signal(one, signal.default_int_handler) for one in self.HEARD}

    def __exit__(self, *error: object) -> None:
        for one, before in self._before.items():
            signal.signal(one, before)


def is_free(address: str, port: int) -> bool:
    """Whether a server may listen there."""
    try:
        found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        return False
    family, kind, protocol, _, place = found[0]
    with socket.socket(family, kind, protocol) as probe:
        if os.name != "nt":  # there it would also take ports in use
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(place)
        except OSError:
            return False
    return True


def free_port(address: str, among: Iterable[int] = range(FIRST_PORT, FIRST_PORT + PORTS_TRIED)) -> int:
    """The first of these ports that is free; raises ValueError when none is."""
    for port in among:
        if is_free(address, port):
            return port
    raise ValueError(f"no port can be used at {address}; name an address of this machine")


def _end(server: subprocess.Popen[bytes]) -> None:
    """Let the server end by itself, as Ctrl-C in a terminal also tells it; insist after a while."""
    if server.poll() is None:
        with suppress(OSError):
            server.terminate()
    try:
        server.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def end_workers(registry: Registry, others: set[str]) -> None:
    """Ask the workers of this machine to end, but those with a token among `others`: they keep what they have done."""
    for worker in registry.alive().values():
        if worker.token not in others and worker.identity.local:
            with suppress(OSError):
                os.kill(worker.identity.pid, signal.SIGTERM)
