"""Shapes in signatures are checked while tests run; Hypothesis examples are repeatable and untimed (see `laws`)."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from importlib.util import find_spec
from pathlib import Path

import laws
import pytest
from jaxtyping import install_import_hook

TYPED = ("masks", "data", "model", "trace", "decoding", "training")


def with_shapes() -> list[str]:
    """Modules of these layers whose signatures carry shapes: a check takes longer than many a small function."""
    spec = find_spec("attnviz")
    assert spec is not None, "the tests stand beside the package"
    package = Path(spec.submodule_search_locations[0])  # type: ignore[index]
    found = [path for layer in TYPED for path in (package / layer).rglob("*.py")]
    shaped = [path for path in found if "from jaxtyping import" in path.read_text(encoding="utf-8")]
    return [".".join(path.relative_to(package.parent).with_suffix("").parts) for path in shaped]


install_import_hook(with_shapes(), "beartype.beartype")
laws.register()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A thousand examples take longer than a test may."""
    if laws.deep():
        for item in items:
            item.add_marker(pytest.mark.timeout(laws.DEEP_SECONDS))
