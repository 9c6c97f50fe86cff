"""By hand, whatever people type or put into a link: a sentence in their language, and nothing is lost."""

from __future__ import annotations

from html import escape

import numpy as np
import pytest
from app_driver import all_notices, html, ran
from by_hand_app import Browser, opened, payload, same
from streamlit.testing.v1 import AppTest

import attnviz as av
from attnviz.errors import said
from attnviz.language import LANGUAGES
from attnviz.trace.walkthrough import example
from attnviz.ui.by_hand import page
from attnviz.ui.text import words

NASTY = "<script>alert(1)</script> **b** [a](javascript:x) $x$"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("NaN", "number_nan"),
        ("nan", "number_nan"),
        ("1e999", "number_beyond"),
        ("-inf", "number_beyond"),
        ("1000001", "number_beyond"),
        ("abc", "number_unreadable"),
        ("1/0", "number_unreadable"),
        ("1_0", "number_unreadable"),
        ("1,5", "number_unreadable"),
        ("😀", "number_unreadable"),
        ("<script>", "number_unreadable"),
        ("9" * 5000, "number_beyond"),
        ("‮5", "number_unreadable"),
    ],
)
def test_what_is_no_number_gets_a_sentence_and_loses_nothing(
    text: str, key: str, language: str, shared: dict[str, Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = shared[language]
    monkeypatch.setattr(page, "sent", lambda _: browser.message)
    before = payload(browser.at)[1]
    shown, arrays = browser.edit("x", 1, 1, text)
    fixed = words("by_hand", language)(key).split("{")[-1].split("}")[-1]  # type: ignore[arg-type]
    assert fixed in shown["problem"]["sentence"]
    assert shown["problem"]["place"] == ["x", 0, 1, 1]
    assert len(shown["problem"]["draft"]) <= 40
    for name, array in before.items():
        np.testing.assert_array_equal(arrays[name], array)
    assert browser.edit("x", 1, 1, "0.5")[0]["problem"] is None


@pytest.fixture(scope="module")
def shared() -> dict[str, Browser]:
    """A page in each language that several tests type into."""
    with pytest.MonkeyPatch.context() as patch:
        return {language: Browser(opened(lang=language, what="apples"), patch) for language in LANGUAGES}


def test_numbers_are_read_as_people_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(opened(what="apples"), monkeypatch)
    for text, value in (("−1.25", -1.25), (" 1/4 ", 0.25), ("1e-3", 0.001), ("０.５", 0.5), ("+2", 2.0)):
        assert browser.edit("x", 0, 0, text)[1]["x"][0, 0] == value
    _, arrays = browser.edit("x", 0, 0, "  ")
    same(arrays, example("apples", payload(browser.at)[0]["language"]))


def test_a_mask_holds_only_zero_and_one_and_temperature_is_above_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(opened(what="two_heads", lang="en"), monkeypatch)
    shown, arrays = browser.edit("mask", 0, 1, "2")
    assert "only 1" in shown["problem"]["sentence"]
    assert not arrays["mask"][0, 0, 1]
    for text in ("0", "-1", "abc", "NaN", "1e9"):
        shown, arrays = browser.do("temperature", text=text)
        assert shown["problem"]["sentence"]
        assert shown["variant"]["temperature"] == 1
    assert browser.do("temperature", text="")[0]["problem"] is None


def test_what_is_not_understood_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(opened(what="two_heads"), monkeypatch)
    before = payload(browser.at)[1]
    for operation in (
        {"op": "edit", "step": "nothing", "row": 0, "column": 0, "head": 0, "text": "1"},
        {"op": "edit", "step": "x", "row": 99, "column": 0, "head": 0, "text": "1"},
        {"op": "edit", "step": "q", "row": 0, "column": 0, "head": 7, "text": "1"},
        {"op": "edit", "step": "x", "row": -1, "column": True, "head": 0, "text": "1"},
        {"op": "edit", "step": "x", "row": 0, "column": 0, "head": 0, "text": 5},
        {"op": "switch", "name": "norm", "value": "sideways"},
        {"op": "switch", "name": "divide", "value": 1},
        {"op": "switch", "name": ["norm"], "value": {}},
        {"op": "format the disk"},
    ):
        shown, arrays = browser.do(**operation)  # type: ignore[arg-type]
        assert shown["edits"] == 0
        for name, array in before.items():
            np.testing.assert_array_equal(arrays[name], array)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "query",
    [
        {"what": NASTY, "step": "-3", "row": "1e9", "view": "upside-down"},
        {"what": "apples", "norm": "sideways", "masking": "never", "divide": "maybe", "temperature": "NaN"},
        {"what": "apples", "edits": "x:0:1:1:1e999,,x:::,q:a:b:c:d"},
        {"what": "apples", "head": "no"},
        {"what": "apples", "head": "7", "step": "99", "row": "12"},
    ],
)
def test_a_link_that_makes_no_sense_gets_a_sentence_and_the_page(query: dict[str, str], language: str) -> None:
    at = opened(lang=language, **query)
    for name in query:
        if name != "what" or query["what"] == NASTY:
            said = all_notices(at)
            assert any(sign in said for sign in (f"{name}=", f"{name}“", escape(f"{name}='"))), name
    assert "<script" not in all_notices(at)
    same(payload(at)[1], example("apples", language))  # type: ignore[arg-type]


def test_an_edit_in_a_link_outside_every_matrix_is_left_out() -> None:
    same(payload(opened(lang="en", what="apples", edits="x:0:50:1:2,gone:0:0:0:1"))[1], example("apples"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_strange_sentences(language: str) -> None:
    at = opened(lang=language, what="model", model="reverse", site="decoder.0.cross_attn")

    def typed(text: str) -> AppTest:
        (field,) = [widget for widget in at.text_input if str(widget.key).startswith("sentence:")]
        field.set_value(text)
        return ran(at.run())

    assert said("empty", {}, language) in all_notices(typed("   "))  # type: ignore[arg-type]
    for text in ("ab" * 50_000, "😀🎉", "שלום", NASTY):
        typed(text)
        shown, arrays = payload(at)
        assert len(shown["columns"]) <= 64
        assert np.isfinite(arrays["attn_output"]).all()
        assert "<script" not in html(at)
    assert payload(typed("abc"))[0]["rows"] == ["<s>", "c", "b", "a"]


def test_unknown_characters_are_said_and_marked() -> None:
    at = opened(lang="en", what="model", model="reverse", site="decoder.0.cross_attn")
    (field,) = [widget for widget in at.text_input if str(widget.key).startswith("sentence:")]
    field.set_value("a😀b")
    shown = payload(ran(at.run()))[0]
    assert shown["unknown"]["key"] == [1]
    assert shown["columns"][1] == "😀"
    assert "😀" in all_notices(at)


def test_a_site_that_is_not_there_is_replaced() -> None:
    assert (
        payload(opened(what="model", model="reverse", site="decoder.9.cross_attn"))[0]["site"]
        in av.load("reverse")[0].sites
    )
