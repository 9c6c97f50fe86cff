"""Texts: both languages say everything, with the same blanks; every text that the code asks for exists."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from parsed import tree_of

from attnviz.figures.theme import DARK, LIGHT, Palette
from attnviz.language import LANGUAGES, Text
from attnviz.settings import FINETUNING, MODEL, TRAINING
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


def test_people_are_addressed_in_one_way() -> None:
    """您, never 你, but where it is what a sentence of the corpus says."""
    said = {f"{name}.{key}": both.zh for name in TABLES for key, both in texts(name).items()}
    assert any("您" in one for one in said.values())
    assert not {key for key, one in said.items() if "你" in one.replace("我爱你", "")}


def test_tables_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        texts("common")["share"] = Text("a", "b")  # type: ignore[index]


COLOUR_WORDS = (
    r"(?i)\b(red|orange|yellow|green|blue|violet|purple|brown|rust|gr[ae]y|magenta|pink)\b|[红橙黄绿蓝紫棕褐]|灰色"
)


def test_no_text_names_a_colour_by_itself() -> None:
    """The name of a colour on screen comes from the palette, light or dark, and is filled in (`colour_names`)."""
    said = [
        f"{name}.{key}"
        for name in TABLES
        for key, both in texts(name).items()
        if re.search(COLOUR_WORDS, f"{both.zh} {both.en}")
    ]
    assert said == []


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_blanks_for_colours_are_roles_of_the_palette(palette: Palette) -> None:
    for table, key in (("runs", "ph_forward_note"), ("finetuning", "folds_why"), ("finetuning", "difference_title")):
        for language in LANGUAGES:
            names = {role: palette.named(role)[language] for role in blanks(texts(table)[key][language])}
            assert names
            said = words(table, language)(key, **names)
            assert all(name in said for name in names.values())


def test_every_page_has_a_title_a_question_and_a_hint() -> None:
    for entry in PAGES:
        for language in LANGUAGES:
            for key in ("title", "question", "hint"):
                assert words(entry.name, language)(key)


def test_a_page_falls_back_to_the_common_texts_and_an_unknown_key_is_an_error() -> None:
    assert words("attention", "zh")("share") == texts("common")["share"].zh
    with pytest.raises(KeyError):
        words("attention", "zh")("no such key")


# The tables of a room besides `common`: what `frame.t` and `t` look into there. Rooms that several pages share are
# asked by all of these pages, so their keys must stand in the table of each.
OWN = {"attention": ["attention"], "masks": ["masks"], "by_hand": ["by_hand"], "decoding": ["decoding"]}
OWN |= {"pretraining": ["pretraining"], "finetuning": ["finetuning"]}
OWN |= {"experiments": ["experiments"], "compress": ["compress"], "neuron": ["neuron"]}
OWN |= {"pictures": ["pictures"], "graphs": ["graphs"], "fields": ["pictures", "graphs"]}
SHARED = {"runs": ["pretraining", "finetuning"], "fields": ["pictures", "graphs"]}


@dataclass(frozen=True)
class Asked:
    """A key that a file asks for; `pattern` for one that is put together, in which {} stands for anything."""

    file: Path
    line: int
    by: str  # "frame.t", "t" …
    pattern: str

    def finds(self, table: Iterable[str]) -> list[str]:
        shape = ".+".join(map(re.escape, self.pattern.split("{}")))
        return [key for key in table if re.fullmatch(shape, key)]

    def __str__(self) -> str:
        return f"{self.file.relative_to(UI)}:{self.line} {self.by}({self.pattern!r})"


def patterns(node: ast.expr) -> list[str]:
    """Literals and f-strings that an argument may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return ["".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)]
    if isinstance(node, ast.IfExp):
        return patterns(node.body) + patterns(node.orelse)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        ends = [patterns(side) or ["{}"] for side in (node.left, node.right)]
        return [a + b for a in ends[0] for b in ends[1]] if ends != [["{}"], ["{}"]] else []
    return []


@cache
def asked_for(path: Path) -> tuple[Asked, ...]:
    """Keys in calls like t("key"), frame.t(f"view_{code}", …) and words("runs", language)("key")."""
    found = []
    for node in ast.walk(tree_of(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        by = ast.unparse(node.func)
        if by == "t" or by.endswith(".t") or by.startswith("words("):
            found += [Asked(path, node.lineno, by, one) for one in patterns(node.args[0])]
    return tuple(found)


def tables_for(asked: Asked) -> list[list[str]]:
    """Tables of which each group must know the key in one of its members."""
    named = set(re.findall(r'(?:words|texts)\("(\w+)"', asked.file.read_text(encoding="utf-8"))) - {"attention_stage"}
    room = asked.file.relative_to(UI).parts[0]
    if asked.by.startswith("words('"):
        return [[*re.findall(r"words\('(\w+)'", asked.by), "common"]]
    if asked.file.name in ("page.py", "navigation.py") and room == "frame":
        return [[entry.name, "common"] for entry in PAGES]
    if room == "lessons":
        return [["lessons"]]
    if room in SHARED and asked.by.endswith(".t"):
        return [[page, "common"] for page in SHARED[room]]
    return [[*OWN.get(room, ()), *named, *(["runs"] if room in SHARED else []), "common"]]


def test_every_text_that_the_code_asks_for_stands_where_it_is_looked_for() -> None:
    asked = [one for path in UI.rglob("*.py") for one in asked_for(path)]
    assert len(asked) > 300
    missing = [
        (str(one), group)
        for one in asked
        for group in tables_for(one)
        if not one.finds(key for name in group for key in texts(name))
    ]
    assert not missing


# Beginnings of keys that are put together from two parts, neither of which is written where it is done.
COMPOSED = ("combine_", "encoding_", "ended_", "fed_", "flow_", "go_", "halt_", "heading_", "how_", "mask_", "node_")
COMPOSED += (
    "norm_",
    "quoting_",
    "rail_",
    "reason_",
    "reference_",
    "regime_",
    "separator_",
    "stack_",
    "sublayers_",
    "sum_",
)
SETTINGS = {**FINETUNING, **TRAINING, **MODEL}


def test_every_text_is_asked_for() -> None:
    """By Python, as a literal or by an f-string, or by the front end of its page."""
    sources = {path: path.read_text(encoding="utf-8") for path in UI.rglob("*.py") if path.parent.name != "text"}
    literals = {
        node.value
        for source in sources.values()
        for node in ast.walk(tree_of(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    shapes = [
        Asked(path, node.lineno, "", one)
        for path, source in sources.items()
        for node in ast.walk(tree_of(source))
        if isinstance(node, ast.JoinedStr | ast.BinOp)
        for one in patterns(node)
        if re.search(r"[a-z]_\{\}|\{\}_[a-z]", one) and re.fullmatch(r"[\w{}.]+", one)
    ]
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in UI.rglob("*.js"))
    words_in_scripts = set(re.findall(r"\w+", scripts))
    templates = (re.sub(r"\$\{[^}]*\}", "{}", one) for one in re.findall(r"`([\w${}.]+)`", scripts))
    shapes += [Asked(UI, 0, "", one) for one in templates if re.search(r"[a-z]_\{\}|\{\}_[a-z]", one)]
    values = {f"{name}_{value}".replace("-", "_") for name, row in SETTINGS.items() for value in row.values}
    said = literals | words_in_scripts | values
    unused = [
        f"{name}.{key}"
        for name in TABLES
        for key in texts(name)
        if not (key in said or key.startswith((*COMPOSED, "field_")) or any(one.finds([key]) for one in shapes))
    ]
    assert not unused
