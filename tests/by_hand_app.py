"""The page By hand as tests drive it without a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from attnviz.trace.walkthrough import Setup, walk
from attnviz.ui.by_hand import page
from attnviz.ui.front.packing import split, unpack_bits

APP = Path(__file__).resolve().parents[1] / "app.py"


def opened(session: dict[str, object] | None = None, **query: str) -> AppTest:
    at = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    for name, kept in (session or {}).items():
        at.session_state[name] = kept
    at.switch_page("pages/by_hand.py")
    return ran(at)


def ran(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception, [error.value for error in at.exception]
    return at


def payload(at: AppTest) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The walk's values and matrices, as the browser gets them."""
    (element,) = [one for one in at.get("bidi_component") if one.proto.id.endswith(page.STAGE)]
    header, blocks = split(element.proto.bytes)
    arrays = {}
    for name, described in header["arrays"].items():
        shape, kind = tuple(described["shape"]), described["type"]
        raw = np.frombuffer(blocks[name], dtype=np.uint8 if kind == "bits" else np.dtype(kind))
        arrays[name] = unpack_bits(raw, shape) if kind == "bits" else raw.reshape(shape)
    return header, arrays


def html(at: AppTest) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


def notices(at: AppTest) -> str:
    return "\n".join(one.proto.body for one in at.get("html") if 'class="av-notice' in one.proto.body)


def address(at: AppTest, key: str) -> dict[str, Any]:
    for element in at.get("bidi_component"):
        if element.proto.id.endswith(key):
            found: dict[str, Any] = json.loads(json.loads(element.proto.json))
            return found
    raise AssertionError(key)


def same(arrays: dict[str, np.ndarray], setup: Setup) -> None:
    """Every matrix on the page is, to the last bit, the library's."""
    steps = walk(setup).steps
    assert [name for name in arrays if not name.startswith("before/")] == list(steps)
    for name, step in steps.items():
        np.testing.assert_array_equal(arrays[name], step.values, err_msg=name)


class Browser:
    """Stands for the browser: what it sends is what the page finds."""

    def __init__(self, at: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at, self.seq = at, 0
        self.message: dict[str, Any] | None = None
        monkeypatch.setattr(page, "sent", lambda key: self.message)

    def do(self, op: str, **values: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        shown, _ = payload(self.at)
        self.seq = shown["seq"] + 1
        self.message = {"scope": shown["scope"], "operations": [{"op": op, "seq": self.seq, **values}]}
        answer = payload(ran(self.at))
        assert answer[0]["seq"] == self.seq
        return answer

    def edit(self, step: str, row: int, column: int, text: str, head: int = 0) -> tuple[dict[str, Any], Any]:
        return self.do("edit", step=step, row=row, column=column, head=head, text=text)
