"""attnviz: see, break and understand attention.

`import attnviz as av` is light: torch, Plotly and pandas are imported when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attnviz import figures, masks, runs
    from attnviz.api import load, watch

__version__ = "0.1.0"
__all__ = ["__version__", "figures", "load", "masks", "runs", "watch"]

_LAZY_MODULES = {"config", "data", "decoding", "figures", "masks", "model", "runs", "trace", "training"}
_LAZY_FUNCTIONS = {"load": "attnviz.api", "watch": "attnviz.api"}


def __getattr__(name: str) -> Any:
    if name in _LAZY_MODULES:
        return importlib.import_module(f"attnviz.{name}")
    if name in _LAZY_FUNCTIONS:
        return getattr(importlib.import_module(_LAZY_FUNCTIONS[name]), name)
    raise AttributeError(f"module 'attnviz' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY_MODULES, *_LAZY_FUNCTIONS})
