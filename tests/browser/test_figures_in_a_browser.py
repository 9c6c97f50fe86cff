"""Figures as Chromium draws them: text stays text, hatching stays vectors, and nothing leaves the machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from attnviz import figures

pytestmark = pytest.mark.browser

HOSTILE = ["<script>x", "<b>x</b>", "$x^2$", "&lt;i&gt;", "%{z}", "a\nb"]
TILE = "document.querySelector('.nsewdrag').getBoundingClientRect()"
PLOT = "document.querySelector('.plotly-graph-div')"


def show(tab: Any, figure: go.Figure) -> None:
    tab.page.set_content(figure.to_html(include_plotlyjs=True, include_mathjax=False))
    tab.page.wait_for_selector(".heatmaplayer image, .main-svg .plot path")


def causal_head(tokens: list[str]) -> go.Figure:
    n = len(tokens)
    mask = np.tril(np.ones((n, n), dtype=bool))
    return figures.attention_head(mask / mask.sum(axis=1, keepdims=True), tokens, tokens, mask, title=tokens[0])


def test_hostile_tokens_are_shown_as_they_were_typed(chromium_page: Callable[..., Any]) -> None:
    tab = chromium_page()
    dialogs: list[str] = []
    tab.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    show(tab, causal_head(HOSTILE))
    shown = tab.page.eval_on_selector_all(".ytick text", "ticks => ticks.map(tick => tick.textContent)")
    assert shown == [token.replace("\n", "↵") for token in HOSTILE]
    assert tab.page.text_content(".gtitle") == HOSTILE[0]
    box = tab.page.evaluate(f"(() => {{ const b = {TILE}; return [b.x, b.y, b.width, b.height]; }})()")
    cell = (box[2] / len(HOSTILE), box[3] / len(HOSTILE))
    tab.page.mouse.move(box[0] + cell[0] * 1.5, box[1] + cell[1] * 3.5)  # query 3, key 1
    tab.page.wait_for_selector(".hovertext")
    assert "&lt;i&gt; ← <b>x</b>" in tab.page.text_content(".hovertext")
    assert not dialogs
    assert not tab.foreign_requests
    assert not tab.console_errors


def test_an_exported_svg_keeps_its_hatching(chromium_page: Callable[..., Any]) -> None:
    tab = chromium_page()
    show(tab, causal_head(list("银行里行人")))
    svg = tab.page.evaluate(f"Plotly.toImage({PLOT}, {{format: 'svg'}}).then(decodeURIComponent)")
    assert "<pattern" in svg
    assert "银" in svg
    assert "<foreignObject" not in svg


def test_numbers_shrink_with_the_figure(chromium_page: Callable[..., Any]) -> None:
    tab = chromium_page()
    show(tab, figures.attention_head(np.full((7, 7), 1 / 7)))
    size = "Math.max(...[...document.querySelectorAll('.heatmap-label')].map(e => e.getBoundingClientRect().width))"
    room = f"{TILE}.width / 7"
    assert 0 < tab.page.evaluate(size) < tab.page.evaluate(room)
    tab.page.evaluate(f"Plotly.relayout({PLOT}, {{width: 330}})")
    assert 0 < tab.page.evaluate(size) < tab.page.evaluate(room)


def test_many_heads_are_few_elements(chromium_page: Callable[..., Any]) -> None:
    tab = chromium_page()
    mask = np.tril(np.ones((64, 64), dtype=bool))
    show(tab, figures.attention_grid(np.broadcast_to(mask / 64, (12, 12, 64, 64)), mask=mask))
    assert tab.page.evaluate("document.querySelectorAll('.main-svg *').length") < 3_000


def test_no_button_sends_the_figure_anywhere(chromium_page: Callable[..., Any]) -> None:
    tab = chromium_page()
    show(tab, causal_head(["a", "b"]))
    titles = tab.page.eval_on_selector_all(".modebar-btn", "buttons => buttons.map(b => b.dataset.title || '')")
    assert any("PNG" in title for title in titles)
    assert not [title for title in titles if "hare" in title or "loud" in title or "Studio" in title]
