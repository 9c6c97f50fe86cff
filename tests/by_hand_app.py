"""The page By hand as tests drive it without a browser."""

from __future__ import annotations

from functools import partial
from typing import Any

import app_driver
import numpy as np
import pytest
from app_driver import ran
from streamlit.testing.v1 import AppTest

from attnviz.trace.walkthrough import Setup, walk
from attnviz.ui.by_hand import page

opened = partial(app_driver.opened, "by_hand")
payload = partial(app_driver.payload, stage=page.STAGE)


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
        answer = payload(ran(self.at.run()))
        assert answer[0]["seq"] == self.seq
        return answer

    def edit(self, step: str, row: int, column: int, text: str, head: int = 0) -> tuple[dict[str, Any], Any]:
        return self.do("edit", step=step, row=row, column=column, head=head, text=text)
