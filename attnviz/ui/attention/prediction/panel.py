"""The panel as plain values, and as a Streamlit element. Choosing a token happens in the browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from attnviz.language import Language
from attnviz.ui.front import bundle
from attnviz.ui.front.plain_data import plain_data
from attnviz.ui.text import texts, words

ASSETS = Path(__file__).parent / "front"


@dataclass(frozen=True)
class Candidate:
    """A possible next token and its probability, now and before heads were switched off."""

    token: str
    now: float
    before: float | None = None
    is_target: bool = False


@dataclass(frozen=True)
class Step:
    """One decoder position: what it has just read, what it predicts, and what would be right."""

    read: str
    said: str
    before: str | None  # what it predicted with all heads on, where that differs
    target: str | None  # None where nothing is right or wrong
    right: bool | None
    candidates: tuple[Candidate, ...]  # most likely first
    read_unknown: bool = False


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Everything the panel shows. Losses are nats per target token."""

    steps: tuple[Step, ...]
    fed: str  # "reference", "own" or "text"
    reference: str  # "exact", "dictionary", "given", "none", or "text"
    loss: float | None
    loss_before: float | None = None  # set while heads are off
    output: str | None = None  # running freely; None for a language model
    output_before: str | None = None  # the same with all heads on, while heads are off
    output_equals: bool | None = None  # to the reference, where there is one
    chosen: int | None = None  # the step to begin with; None: the most telling one
    endless: bool = False  # the free run did not stop by itself

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the browser."""
        return asdict(self)


@cache
def _component() -> Callable[..., Any]:
    import streamlit as st

    html, css = ((ASSETS / f"prediction.{kind}").read_text(encoding="utf-8") for kind in ("html", "css"))
    return st.components.v2.component("attnviz_prediction", html=html, css=css, js=bundle(ASSETS / "prediction.js"))


def prediction_panel(panel: Panel, *, language: Language, key: str) -> None:
    """Draw the panel."""
    text = words("prediction", language).table(*texts("prediction"))
    _component()(key=key, data=plain_data({"panel": panel.to_dict(), "text": text}))
