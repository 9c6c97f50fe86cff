"""Texts: both languages say everything, with the same blanks; every text that the code asks for exists."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

from attnviz.language import LANGUAGES, Text
from attnviz.ui import text
from attnviz.ui.frame.navigation import PAGES
from attnviz.ui.text import texts, words

UI = Path(text.__file__).parents[1]
TABLES = sorted(path.stem for path in Path(text.__file__).parent.glob("*.py") if path.stem != "__init__")


def blanks(sentence: str) -> set[str]:
    return {name.split("!")[0] for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("name", TABLES)
def test_both_languages_say_everything_with_the_same_blanks(name: str) -> None:
    for key, both in texts(name).items():
        assert isinstance(both, Text), key
        assert both.zh.strip(), key
        assert both.en.strip(), key
        assert blanks(both.zh) == blanks(both.en), key


@pytest.mark.parametrize("name", TABLES)
def test_english_texts_that_are_sentences_hold_no_chinese_punctuation(name: str) -> None:
    for key, both in texts(name).items():
        assert not set(both.en) & set("，。；：？！（）"), key


def test_tables_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        texts("common")["share"] = Text("a", "b")  # type: ignore[index]


def test_every_page_has_a_title_a_question_and_a_hint() -> None:
    for entry in PAGES:
        for language in LANGUAGES:
            for key in ("title", "question", "hint"):
                assert words(entry.name, language)(key)


def test_a_page_falls_back_to_the_common_texts_and_an_unknown_key_is_an_error() -> None:
    assert words("attention", "zh")("share") == texts("common")["share"].zh
    with pytest.raises(KeyError):
        words("attention", "zh")("no such key")


def asked_for(path: Path) -> set[str]:
    """Literal keys in calls like t("key") and frame.t("key", …)."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if called == "t" and isinstance(node.args[0].value, str):
                found.add(node.args[0].value)
    return found


def test_every_text_that_the_code_asks_for_exists() -> None:
    known = {key for name in TABLES for key in texts(name)}
    asked = {key: path.name for path in UI.rglob("*.py") for key in asked_for(path)}
    assert len(asked) > 20
    assert not {key: file for key, file in asked.items() if key not in known}
