"""How a control tells a run what to do."""

from __future__ import annotations

from typing import Protocol


class Act(Protocol):
    """Tell the run something; the page makes the run first where there is none."""

    def __call__(self, kind: str, **arguments: object) -> None: ...
