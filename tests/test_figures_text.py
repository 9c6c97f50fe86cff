"""People's own text reaches a figure as text: no tags, no TeX, nothing hidden, nothing reordered."""

from __future__ import annotations

import html
import json
import re

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz import figures
from attnviz.figures import text

HOSTILE = ("<script>alert(1)</script>", "<b>x</b>", "a & b", "&lt;i&gt;", "$x^2$", "</text>", "<a href='x'>")
OWN_TAGS = re.compile(r"</?b>|<br>|<extra></extra>|<extra>%\{fullData\.name\}</extra>|</?span[^<>]*>")


def strings(node: object) -> list[str]:
    """Every string anywhere in a figure's JSON."""
    if isinstance(node, str):
        return [node]
    if isinstance(node, dict):
        return [s for value in node.values() for s in strings(value)]
    return [s for value in node for s in strings(value)] if isinstance(node, list) else []


def drawn_with(tokens: tuple[str, ...]) -> list[go.Figure]:
    n = len(tokens)
    weights = np.full((n, n), 1 / n)
    mask = np.eye(n, dtype=bool)
    share = dict.fromkeys(tokens, 1 / n)
    return [
        figures.attention_head(weights, tokens, tokens, mask, title=tokens[0]),
        figures.attention_grid(weights[None, None], rows=tokens, columns=tokens, notes=[[tokens[0]]], title=tokens[0]),
        figures.attention_lines(weights, tokens, tokens, title=tokens[0]),
        figures.score_matrix(weights, tokens, tokens, title=tokens[0]),
        figures.mask_matrix(mask, tokens, tokens, title=tokens[0]),
        figures.difference(weights, weights.T * 2, tokens, tokens, title=tokens[0]),
        figures.top_k(share, share, reference=tokens[0], title=tokens[0]),
        figures.bars(share, name=tokens[0], baselines={tokens[0]: 0.5}, title=tokens[0]),
        figures.curves(
            {token: ([0, 1], [1, 2]) for token in tokens},
            baselines={tokens[0]: 1.5},
            events={0.5: tokens[0]},
            y_title=tokens[0],
            title=tokens[0],
        ),
        figures.head_statistics(weights, tokens[0], title=tokens[0]),
    ]


def test_no_figure_holds_anyones_markup() -> None:
    for number, figure in enumerate(drawn_with(HOSTILE)):
        found = json.loads(figure.to_json())
        found["layout"].pop("template")
        for string in strings(found):
            left = OWN_TAGS.sub("", string)
            assert "<" not in left, (number, string)
            assert "$" not in left, (number, string)


def test_the_text_is_still_there() -> None:
    figure = figures.attention_head(np.eye(len(HOSTILE)), HOSTILE, HOSTILE)
    shown = [html.unescape(tick) for tick in figure.layout.yaxis.ticktext]
    assert shown == [token if len(token) <= 12 else token[:11] + "…" for token in HOSTILE]
    hover = figure.data[0].hovertext
    for i, token in enumerate(HOSTILE):
        assert text.escape(token) in hover[i][0]


@given(st.text(max_size=30))
def test_escape_is_undone_by_what_plotly_decodes(written: str) -> None:
    escaped = text.escape(written)
    assert not set(escaped) & set("<>$")
    # In the order in which one pass over the entities has no effect on another.
    decoded = escaped.replace("&#36;", "$").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert decoded == written


@given(st.text(max_size=120), st.integers(2, 40))
def test_a_printable_token_is_seen_short_and_on_one_line(token: str, limit: int) -> None:
    shown = text.printable(token, limit)
    assert 1 <= len(shown) <= limit
    assert not set(shown) & set("\n\r\t\u202e\u2066")


@pytest.mark.parametrize(
    ("token", "shown"),
    [("", "∅"), (" ", "␣"), ("\n", "↵"), ("a\nb", "a↵b"), ("a b", "a b"), ("\u202eabc", "abc"), ("\ud800", "\ufffd")],
)
def test_what_cannot_be_seen_gets_a_sign(token: str, shown: str) -> None:
    assert text.printable(token) == shown


def test_right_to_left_text_is_isolated() -> None:
    assert text.label("שלום") == "\u2068שלום\u2069"
    assert text.label("abc") == "abc"


def test_a_huge_token_costs_little() -> None:
    figure = figures.attention_head(np.eye(2), ["x" * 100_000, "y"], ["x" * 100_000, "y"])
    assert len(figure.to_json()) < 20_000


def test_a_lone_surrogate_does_not_break_the_json() -> None:
    figure = figures.attention_head(np.eye(2), ["\ud800", "b"], title="\udfff")
    figure.to_json().encode("utf-8")


def test_both_languages_name_everything() -> None:
    for table in (text._WORDS, text._QUANTITIES, text._STATISTICS):
        for key, said in table.items():
            assert said.zh, key
            english = said.en
            assert english, key
            assert english.isascii() or not any("\u4e00" <= c <= "\u9fff" for c in english), key


def test_the_curriculums_terms_are_used() -> None:
    shown = {key: text.word(key, "zh") for key in ("query", "key", "weight", "blocked", "visible")}
    assert shown == {"query": "查询", "key": "键", "weight": "权重", "blocked": "■ 屏蔽", "visible": "□ 可见"}
    assert text.term("exact_match", "zh").startswith("逐序列正确率")
    assert text.statistic("entropy", "zh") == "熵"


def test_an_unknown_name_stays_and_an_unknown_language_is_refused() -> None:
    assert text.term("my <run>", "zh") == "my &lt;run&gt;"
    with pytest.raises(ValueError, match="allowed: zh, en"):
        text.word("query", "fr")  # type: ignore[arg-type]


def test_chinese_is_counted_wide_and_accents_are_not_counted() -> None:
    assert text.width_em("银行") == 2
    assert text.width_em("a\u0304") == text.width_em("a")
