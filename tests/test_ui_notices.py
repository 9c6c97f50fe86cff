"""What people type is shown as text, whatever it contains."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from attnviz.ui.frame.language import accepted
from attnviz.ui.frame.notices import listed, plain, shortened

NASTY = "<script>alert(1)</script> **bold** [a](javascript:x) $x^2$ :material/home: `code` # h"


@given(st.text(max_size=60))
def test_plain_escapes_every_character_that_markdown_knows(text: str) -> None:
    escaped = plain(text)
    assert re.sub(r"\\(.)", r"\1", escaped) == " ".join(text.split())
    assert not re.search(r"(?<!\\)(?:\\\\)*[*_`\[\]<>$:#~|&!-]", escaped.replace("\\\\", ""))


@given(st.text(max_size=300), st.integers(1, 50))
def test_shortened_is_one_printable_line_within_the_limit(text: str, limit: int) -> None:
    short = shortened(text, limit)
    assert len(short) <= limit
    assert "\n" not in short
    assert not set(short) & set("\u202e\u202d\u2066\u0000\u001b")


def test_a_notice_is_neither_markdown_nor_html() -> None:
    def script(text: str) -> None:
        from attnviz.ui.frame.notices import notice

        notice(text, "error")

    at = AppTest.from_function(script, args=(NASTY,)).run()
    assert not at.exception
    (box,) = at.get("html")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; **bold**" in box.proto.body
    assert "<script" not in box.proto.body
    assert 'role="alert"' in box.proto.body


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("fr-FR, zh-TW;q=0.3, en;q=0.2", "zh"),
        ("en;q=0.2, zh;q=0.7", "zh"),
        ("de", "en"),
        ("zh;q=0, de", "en"),
        ("zh;q=nonsense", "en"),
        (";;;,,,q=", "en"),
    ],
)
def test_the_browsers_language_is_taken(header: str, language: str) -> None:
    assert accepted(header) == language


@given(st.text(max_size=200))
def test_any_header_gives_a_language(header: str) -> None:
    assert accepted(header) in ("zh", "en")


def test_a_token_that_cannot_be_seen_is_listed_by_its_number() -> None:
    assert listed(["ü", "\u2009", "a\u2009", "\u3000\u2009"]) == "ü U+2009 a U+3000 U+2009"
