"""The server around app.py: what is settled once, before the first visitor, and how it ends.

Without this file Streamlit runs nothing of ours until the first page is opened, and whoever knocks before that makes it
ask an outside service for this machine's address.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import FrameType

import uvicorn
from streamlit import cli_util, config
from streamlit.starlette import App
from streamlit.web.server.server_util import get_display_address, get_url

from attnviz.ui.frame.serve import stay_here

stay_here()  # when this module is loaded: the server listens already, and answers nobody yet


@asynccontextmanager
async def serving(app: App) -> AsyncIterator[None]:
    """While the server runs: it opens the browser, as Streamlit does for a plain script, and ends cleanly."""
    end_as_a_script_does()
    if not config.get_option("server.headless"):
        cli_util.open_browser(get_url(address()))
    yield


def address() -> str:
    """By which the browser on this machine asks for the app."""
    for option in ("browser.serverAddress", "server.address"):
        if config.is_manually_set(option):
            return get_display_address(str(config.get_option(option)))
    return "localhost"


def end_as_a_script_does() -> None:
    """A signal ends the server, and then Python ends by itself: threads are waited for, folders are taken away.

    Uvicorn would raise the signal once more when it is done, which ends the process in the middle of things.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if not isinstance(server, uvicorn.Server):
        return

    def end(number: int, _frame: FrameType | None) -> None:
        if server.should_exit and number == signal.SIGINT:
            server.force_exit = True
        server.should_exit = True

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, end)
