"""Python's own syntax tree of a source, for tests that read the package."""

from __future__ import annotations

import ast
import gc


def tree_of(source: str) -> ast.Module:
    """The tree. Nothing is collected meanwhile.

    In Python 3.11, what a collection runs in the middle of it may build trees too, and the parser then loses its count
    ("AST constructor recursion depth mismatch").
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(source)
    finally:
        if collecting:
            gc.enable()
