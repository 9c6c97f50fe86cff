"""The collector is spared what stays for ever, and garbage of sessions still goes."""

from __future__ import annotations

import gc
import subprocess
import sys
import tomllib
import types
import weakref
from pathlib import Path

import pytest

from attnviz.ui.frame import memory

ROOT = Path(__file__).resolve().parents[1]


class Node:
    """Something that refers to itself: only the collector can free it."""

    def __init__(self) -> None:
        self.itself = self


def test_what_is_loaded_is_set_aside_once_and_again_after_more_was_loaded() -> None:
    memory.settle()
    assert gc.get_freeze_count() > 0
    assert not memory.settle()
    sys.modules["attnviz_test_of_memory"] = types.ModuleType("attnviz_test_of_memory")
    try:
        assert memory.settle()
    finally:
        del sys.modules["attnviz_test_of_memory"]
        gc.unfreeze()


def test_what_a_session_left_behind_is_freed_although_it_was_set_aside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gc.disable()
    try:
        gone = weakref.ref(Node())
        gc.freeze()
        assert gone() is not None
        monkeypatch.setattr(memory, "_modules_seen", 0)
        memory.settle()
        assert gone() is None
    finally:
        gc.unfreeze()
        gc.enable()


def test_streamlit_does_not_collect_after_every_run() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["runner"]["postScriptGC"] is False


def test_idle_threads_of_the_app_sleep() -> None:
    code = "import os; os.environ.pop('OMP_WAIT_POLICY', None); import attnviz.ui.frame.app, sys;"
    code += "print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["PASSIVE", "False"]
