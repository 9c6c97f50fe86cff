"""Errors and remarks: every sentence stands once, in both languages, and every code that is raised fills its blanks."""

from __future__ import annotations

import ast
import io
import json
import pickle
import re
import string
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsed import tree_of

import attnviz
from attnviz import errors
from attnviz.errors import SENTENCES, CheckpointError, InputError, MaskError, Notice, RunError, said
from attnviz.errors.sentences import WORDS
from attnviz.language import LANGUAGES, Text
from attnviz.settings import FINETUNING, MODEL
from attnviz.ui.frame.boundary import explain

PACKAGE = Path(attnviz.__file__).parent
KINDS = {name for name in errors.__all__ if isinstance(getattr(errors, name), type)}


FIELDS = {*MODEL, *FINETUNING, "head_dim"}


def blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_every_sentence_is_said_in_both_languages_with_the_same_blanks(code: str) -> None:
    both = SENTENCES[code]
    assert blanks(both.zh) == blanks(both.en)
    assert both.zh.endswith("。"), both.zh
    assert both.en.endswith("."), both.en
    assert both.en[0].isupper() or both.en[0] in "{'" or both.en.split()[0] in FIELDS, both.en
    assert not set(both.en) & set("，。；：？！（）“”")
    error = InputError(code, **dict.fromkeys(blanks(both.en), 7))
    assert error.text("en") == str(error) == explain(error, "en")
    assert error.text("zh") == explain(error, "zh") != str(error)


def test_no_sentence_and_no_word_stands_twice() -> None:
    english = [text.en for text in SENTENCES.values()]
    assert sorted(twice for twice in set(english) if english.count(twice) > 1) == ["The file is empty."]
    assert all(isinstance(text, Text) and text.zh and text.en for text in WORDS.values())
    assert not set(WORDS) & set(SENTENCES)


def raised() -> Iterator[tuple[str, str, set[str] | None]]:
    """(where, code, details) of every error and remark that the package makes with a literal code."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(tree_of(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS):
                continue
            where = f"{path.relative_to(PACKAGE)}:{node.lineno}"
            given: set[str] | None = {str(word.arg) for word in node.keywords if word.arg}
            if node.func.id == "Notice":
                more = node.args[1] if len(node.args) > 1 else ast.Dict([], [])
                given = {ast.literal_eval(key) for key in more.keys if key} if isinstance(more, ast.Dict) else None
            elif any(word.arg is None for word in node.keywords):
                given = None
            choice = node.args[0]
            for one in (choice.body, choice.orelse) if isinstance(choice, ast.IfExp) else (choice,):
                if isinstance(one, ast.Constant):
                    yield where, one.value, given


def test_every_code_that_is_raised_has_its_sentence_and_fills_it() -> None:
    found = list(raised())
    assert len(found) > 150
    assert not [(where, code) for where, code, _ in found if code not in SENTENCES]
    short = {
        where: blanks(SENTENCES[code].en) - details
        for where, code, details in found
        if details is not None and blanks(SENTENCES[code].en) - details
    }
    assert not short


def test_every_sentence_is_used() -> None:
    written = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py") if "sentences" not in path.parts]
    assert not [code for code in SENTENCES if not any(f'"{code}"' in text for text in written)]


def test_errors_survive_pickling_and_json_and_are_value_errors() -> None:
    error = RunError("too_few_rows", given=3, need=10)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.code, again.details) == (RunError, str(error), error.code, error.details)
    assert isinstance(error, ValueError)
    assert issubclass(MaskError, InputError)
    stored = json.loads(json.dumps({"code": error.code, "details": error.details}))
    assert str(Notice(**stored)) == str(error)
    with pytest.raises(ValueError, match="code is"):
        InputError("no such code")


def test_a_reason_that_has_a_code_is_said_in_the_language_of_the_whole_sentence() -> None:
    for inner in (InputError("too_few_rows", given=3, need=11), Notice("too_few_rows", {"given": 3, "need": 11})):
        outer = CheckpointError("checkpoint_task", problem=inner)
        assert json.loads(json.dumps(outer.details)) == outer.details
        for language in LANGUAGES:
            assert inner.text(language).rstrip("。.") in outer.text(language)
            assert explain(outer, language) == outer.text(language)
    assert "strange" in CheckpointError("checkpoint_task", problem=KeyError("strange")).text("zh")


def test_a_detail_is_said_by_its_own_word_where_it_has_one() -> None:
    error = InputError("finetune_backbone", architecture="encoder-only", backbone="whole", kind="seq2seq")
    assert str(error) == "A start with an encoder only, carried on whole, cannot do this kind of task: " + (
        "one sequence becomes another."
    )
    assert "只有编码器" in error.text("zh")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=7),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=7), inner, max_size=3),
    max_leaves=7,
)


@given(st.sampled_from(sorted(SENTENCES)), st.dictionaries(st.text(max_size=7) | st.just("problem"), JSON, max_size=3))
def test_whatever_stands_in_a_file_as_a_problem_becomes_a_sentence(code: str, details: dict[str, object]) -> None:
    for language in LANGUAGES:
        assert said(code, details, language)
        assert explain(Notice(code, details), language)
        assert explain(Notice(code, {"problem": {"code": code, "details": details}}), language)


def test_a_problem_of_no_known_shape_is_said_too() -> None:
    for code, details in ((["x"], {}), (7, ["x"]), ("no such code", {})):
        assert explain(Notice(code, details), "zh") == explain(RuntimeError(), "zh")  # type: ignore[arg-type]
        assert str(code) in str(Notice(code, details))  # type: ignore[arg-type]
    assert str(Notice("empty", ["x"])) == str(InputError("empty"))  # type: ignore[arg-type]


def test_there_is_one_way_to_say_a_thing_in_two_languages() -> None:
    """No dict with both languages and no second Language type beside `Text`."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(tree_of(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict) and {getattr(key, "value", None) for key in node.keys} == {"zh", "en"}:
                assert not all(isinstance(value, ast.Constant | ast.JoinedStr) for value in node.values) or (
                    path.name == "language.py"  # the languages' own names
                ), f"{path.relative_to(PACKAGE)}:{node.lineno}"
        if path.relative_to(PACKAGE).parts != ("language.py",):
            assert 'Literal["zh", "en"]' not in path.read_text(encoding="utf-8"), path
    assert Text("a {b}", "c {b}").filled(b=Text("x", "y")) == Text("a x", "c y")
    with pytest.raises(ValueError, match="fr"):
        Text("a", "b")["fr"]  # type: ignore[index]


# ---- reasons ------------------------------------------------------------------------------------------------

ENGLISH = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")  # two words side by side, as no code, field or file name has them


def literal_texts(node: ast.expr) -> Iterator[str]:
    """The text that is written down in an expression; what is filled in is "…"."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=values):
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else "…" for one in values)
        case ast.IfExp(body=body, orelse=other):
            yield from (*literal_texts(body), *literal_texts(other))
        case ast.BinOp(left=left, right=right):
            yield from (*literal_texts(left), *literal_texts(right))
        case ast.Subscript(value=value):
            yield from literal_texts(value)


def details_given() -> Iterator[tuple[str, str, ast.expr]]:
    """(where, name, value) of every detail of every error and remark that the package makes."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(tree_of(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS):
                continue
            where = f"{path.relative_to(PACKAGE)}:{node.lineno}"
            yield from ((where, str(word.arg), word.value) for word in node.keywords)
            for argument in node.args[1:]:
                if isinstance(argument, ast.Dict):
                    for key, value in zip(argument.keys, argument.values, strict=True):
                        yield where, str(getattr(key, "value", "")), value


def test_no_reason_is_written_in_english() -> None:
    found = list(details_given())
    assert len(found) > 400
    assert not [
        (where, name, text) for where, name, value in found for text in literal_texts(value) if ENGLISH.search(text)
    ]


def test_no_blank_of_a_sentence_is_filled_with_nothing() -> None:
    """Where there is nothing to name, as when a whole file is wrong, there is a sentence of its own."""
    assert not [
        (where, name) for where, name, value in details_given() if isinstance(value, ast.Constant) and value.value == ""
    ]


def test_no_error_is_turned_into_its_english_text() -> None:
    """`problem=error` is said in the language of the whole sentence, `problem=str(error)` would be said in English."""
    turned = {"str", "repr", "describe"}
    assert not [
        (where, name)
        for where, name, value in details_given()
        for node in ast.walk(value)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") in turned
        and any(getattr(argument, "id", "") in {"error", "problem", "exception"} for argument in node.args)
    ]


@pytest.mark.parametrize("code", [code for code in SENTENCES if code.startswith("reason_") and code != "reason_words"])
def test_a_reason_stands_in_a_sentence_without_english(code: str) -> None:
    inner = Notice(code, dict.fromkeys(blanks(SENTENCES[code].en), 7))
    for outer in (RunError("run_damaged", file="x", problem=inner), RunError("zip_damaged", problem=inner)):
        assert not re.search(r"[A-Za-z]{2,} [a-z]{2,}", outer.text("zh"))
        assert inner.text("zh").rstrip("。") in outer.text("zh")
        assert inner.text("en").rstrip(".") in outer.text("en")


def made_by(broken: Callable[[], object]) -> BaseException:
    with pytest.raises(Exception) as caught:  # noqa: PT011  # whatever it is, it is said
        broken()
    return caught.value


@pytest.mark.parametrize(
    ("broken", "said_in_chinese"),
    [
        (lambda: json.loads('{"a":\n 7,,}'), "第 2 行第 4 列"),
        (lambda: b"\xff\xfe".decode("utf-8"), "UTF-8"),
        (lambda: {}["steps"], "缺少 steps"),
        (lambda: Path("/nowhere/at/all").read_bytes(), "没有这个文件"),
        (lambda: Path(__file__).parent.read_bytes(), "文件夹"),
        (lambda: zipfile.ZipFile(io.BytesIO(b"no zip")), "不完整"),
        (lambda: zlib.decompress(b"no zlib"), "不完整"),
        (lambda: json.loads("[" * 10**6), "太深"),
        (lambda: json.loads("9" * 5000), "太大的数"),
        (lambda: float(10**400), "太大的数"),
        (lambda: json.loads(r'"\ud800"').encode(), "半个字符"),
        (lambda: int("seven"), "原话是“invalid literal"),
    ],
)
def test_what_the_system_says_is_said_in_the_language_of_the_sentence(
    broken: Callable[[], object], said_in_chinese: str
) -> None:
    sentence = RunError("run_damaged", file="x", problem=made_by(broken)).text("zh")
    assert said_in_chinese in sentence
    assert not ENGLISH.search(re.sub("“[^”]*”", "", sentence))
