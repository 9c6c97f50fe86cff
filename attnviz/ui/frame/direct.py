"""A component's direct line: what it asks is answered by an HTTP request of its own, without a run of the script.

Before anything of a run is drawn, Streamlit and the browser have worked for it whatever it shows; on a direct line the
same bytes come that a run would hand to the component. What they change is the session's own, so the next run finds it.
Where no line leads to the server (another one runs the script, a proxy lets nothing else pass), the browser asks in the
ordinary way.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Mapping
from functools import cache
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from streamlit import config

PREFIX = "attnviz/direct"
AT_ONCE = 16  # answers that are computed: other requests have threads of their own
LONGEST = 2**20  # bytes of a question; files go the ordinary way
Answer = Callable[[Mapping[str, Any]], bytes | None]
log = logging.getLogger("attnviz.ui")


class Line:
    """One component of one session. Whoever keeps it keeps it open: it ends with the session that it lies in.

    `answer` is what the last run says; None from it: the browser shall ask in the ordinary way.
    """

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(24)  # nobody else's page can guess it
        self.answer: Answer | None = None
        self.lock = Lock()  # of whatever the answers change: the session's run and the line take turns
        OPEN[self.token] = self

    @property
    def path(self) -> str:
        """Where the browser asks, from the server's root."""
        return f"{_base()}/{PREFIX}/{self.token}"

    def ask(self, message: Mapping[str, Any]) -> bytes | None:
        """The answer to one message; None where there is none."""
        return None if self.answer is None else self.answer(message)


OPEN: WeakValueDictionary[str, Line] = WeakValueDictionary()


async def answered(request: Request) -> Response:
    """One question. Whatever is wrong with it has a status and no body: the browser asks again in the ordinary way."""
    line = OPEN.get(request.path_params["token"])
    if line is None:
        return Response(status_code=404)
    question = bytearray()
    async for piece in request.stream():
        question += piece
        if len(question) > LONGEST:
            return Response(status_code=413)
    try:
        message = json.loads(question)
    except (ValueError, RecursionError):
        return Response(status_code=400)
    if not isinstance(message, dict):
        return Response(status_code=400)
    try:
        answer = await to_thread.run_sync(line.ask, message, limiter=_limiter())
    except Exception as error:
        # The ordinary way says on the page what went wrong.
        log.info("no direct answer", exc_info=error)
        return Response(status_code=500)
    if answer is None:
        return Response(status_code=204)
    # Packed already where that pays: "identity" keeps Streamlit from doing it again.
    headers = {"Content-Encoding": "identity", "Cache-Control": "no-store"}
    return Response(answer, media_type="application/octet-stream", headers=headers)


def route() -> Route:
    """For the server around the app."""
    return Route(f"{_base()}/{PREFIX}/{{token}}", answered, methods=["POST"])


@cache
def _limiter() -> CapacityLimiter:
    return CapacityLimiter(AT_ONCE)


def _base() -> str:
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""
