"""The app as tests drive it without a browser: open a page, read what it drew and what it handed to the browser."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from streamlit.runtime.scriptrunner import RerunData
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from attnviz.ui.front.packing import split, unpack_bits

APP = Path(__file__).resolve().parents[1] / "app.py"


def opened(page: str | None = None, /, *, session: Mapping[str, object] | None = None, **query: str) -> AppTest:
    """A page (None: the one that the app begins with) at an address, drawn without an exception."""
    at = AppTest.from_file(str(APP), default_timeout=120)
    for name, value in query.items():
        at.query_params[name] = value
    for name, kept in (session or {}).items():
        at.session_state[name] = kept
    if page is not None:
        at.switch_page(f"pages/{page}.py")
    return ran(at.run())


def ran(at: AppTest) -> AppTest:
    """The app after a run that must have gone well."""
    assert not at.exception, [error.value for error in at.exception]
    return at


def answered_in_its_part(at: AppTest, widget: Any) -> AppTest:
    """The app after a widget was answered, run as a browser asks for it: only the fragment around the widget.

    `AppTest` runs the whole page, whatever was answered, so that what a fragment forgets to tell the page stays unseen.
    """
    of = at._session_state._state._new_widget_state.widget_metadata[widget.proto.id]
    assert of.fragment_id is not None, "it stands in no fragment"

    def ask(runner: LocalScriptRunner, wanted: RerunData) -> None:
        runner._requests._rerun_data = replace(wanted, fragment_id_queue=[of.fragment_id])

    with mock.patch.object(LocalScriptRunner, "request_rerun", ask):
        return ran(at.run())


def html(at: AppTest) -> str:
    """All HTML of a page but its style sheets."""
    return "\n".join(one.proto.body for one in at.get("html") if "<style" not in one.proto.body)


def notices(at: AppTest) -> list[str]:
    """The boxes with sentences about what was wrong or was changed."""
    return [one.proto.body for one in at.get("html") if 'class="av-notice' in one.proto.body]


def all_notices(at: AppTest) -> str:
    """The same in one text."""
    return "\n".join(notices(at))


def payload(at: AppTest, stage: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The values and the arrays of a stage, as the browser gets them; its identity ends with `stage`."""
    (element,) = [one for one in at.get("bidi_component") if one.proto.id.endswith(stage)]
    header, blocks = split(element.proto.bytes)
    arrays = {}
    for name, described in header["arrays"].items():
        shape, kind = tuple(described["shape"]), described["type"]
        raw = np.frombuffer(blocks[name], dtype=np.uint8 if kind == "bits" else np.dtype(kind))
        arrays[name] = unpack_bits(raw, shape) if kind == "bits" else raw.reshape(shape)
    return header, arrays


def address(at: AppTest, key: str = "-address-") -> dict[str, Any]:
    """What the page writes into the address; `key`: by the components whose identity holds it."""
    found: dict[str, Any] = {}
    for element in at.get("bidi_component"):
        if key in element.proto.id:
            found |= json.loads(json.loads(element.proto.json))
    return found
