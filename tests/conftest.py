"""Shapes in signatures are checked while tests run; Hypothesis examples are repeatable and untimed (see `laws`)."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import laws
import pytest
from jaxtyping import install_import_hook

TYPED = ("masks", "data", "model", "trace", "decoding", "training")
install_import_hook([f"attnviz.{layer}" for layer in TYPED], "beartype.beartype")
laws.register()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A thousand examples take longer than a test may."""
    if laws.deep():
        for item in items:
            item.add_marker(pytest.mark.timeout(laws.DEEP_SECONDS))
