"""A component's JavaScript module: shared scripts, then its own, joined in order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

ASSETS = Path(__file__).parent
# What every canvas component needs, in this order; others of the folder are named where they are used.
SHARED = ("payload.js", "arrivals.js", "theme.js", "dom.js", "labels.js")


def bundle(folder: Path, own: Sequence[str], shared: Sequence[str] = ()) -> str:
    """`SHARED`, more of this folder (`shared`), then those of `folder` (`own`), without indentation and comments."""
    files = [*(ASSETS / name for name in (*SHARED, *shared)), *(folder / name for name in own)]
    lines = (line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))
