"""Python's own syntax tree of a source, for tests that read the package."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing is collected inside.

    In Python 3.11, what a collection runs in the middle of parsing may build trees too, and the parser then loses its
    count ("AST constructor recursion depth mismatch").
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def tree_of(source: str) -> ast.Module:
    """The tree."""
    with uncollected():
        return ast.parse(source)
