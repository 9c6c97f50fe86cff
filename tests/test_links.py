"""Links: every page declares what its links hold; those made before open what they opened."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import attnviz as av
from attnviz.lessons import LESSONS
from attnviz.trace.walkthrough import Edit
from attnviz.ui.attention import link as attention
from attnviz.ui.by_hand import link as by_hand
from attnviz.ui.compress import link as compress
from attnviz.ui.decoding import link as decoding
from attnviz.ui.decoding.subject import Subject, take_in
from attnviz.ui.experiments import link as experiments
from attnviz.ui.fields import link as of_fields
from attnviz.ui.finetuning import link as finetuning
from attnviz.ui.frame import stepper
from attnviz.ui.frame.link import Count, Field, Fields, Name, Number, OneOf, Switch, read, written
from attnviz.ui.masks import link as masks
from attnviz.ui.neuron import link as neuron
from attnviz.ui.pretraining import link as pretraining

UI = Path(__file__).resolve().parents[1] / "attnviz" / "ui"


@pytest.fixture(scope="module")
def reverse() -> Subject:
    model, task = av.load("reverse")
    return take_in(model, task, task.examples[1], "")


@pytest.fixture(scope="module")
def declared(reverse: Subject) -> dict[str, Fields]:
    """What the links of each page can hold."""
    return {
        "attention": attention.FIELDS,
        "masks": masks.FIELDS,
        "by_hand": by_hand.FIELDS,
        "decoding": decoding.fields_of(reverse),
        "pretraining": pretraining.FIELDS,
        "finetuning": finetuning.FIELDS,
        "experiments": experiments.FIELDS,
        "pictures": of_fields.PICTURES,
        "graphs": of_fields.GRAPHS,
        "compress": compress.FIELDS,
        "neuron": neuron.FIELDS,
    }


# Links as people have them since the first of each kind: page, parameters, and what they must go on to say.
MADE_BEFORE: list[tuple[str, dict[str, str], dict[str, Any]]] = [
    (
        "attention",
        {"model": "reverse", "example": "2", "kind": "cross", "layer": "2", "head": "3", "lang": "en"},
        {"model": "reverse", "example": 2, "kind": "cross", "layer": 2, "head": 3, "lang": "en"},
    ),
    (
        "attention",
        {"model": "pinyin", "off": "decoder.1.self_attn.2~encoder.0.self_attn.1"},
        {"model": "pinyin", "off": (("decoder.1.self_attn", 1), ("encoder.0.self_attn", 0))},
    ),
    (
        "masks",
        {"model": "lm-en", "example": "1", "mask.decoder_self": "causal | cells(4:5)", "at": "decoder_self.1.2"},
        {
            "model": "lm-en",
            "example": 1,
            "mask.": {"mask.decoder_self": "causal | cells(4:5)"},
            "at": "decoder_self.1.2",
        },
    ),
    (
        "masks",
        {"kind": "decoder_self", "layer": "2", "head": "3", "how": "-1e9", "precision": "fp16", "pads": "4"},
        {"kind": "decoder_self", "layer": 2, "head": 3, "how": "-1e9", "precision": "fp16", "pads": 4},
    ),
    ("masks", {"what": "tokens", "tokens": "97", "how": "own"}, {"what": "tokens", "tokens": 97, "how": "own"}),
    ("masks", {"view": "investigate", "kind": "cross"}, {"view": "investigate", "kind": "cross"}),
    (
        "by_hand",
        {"what": "model", "model": "reverse", "example": "2", "site": "decoder.0.cross_attn", "head": "2"},
        {"what": "model", "model": "reverse", "example": 2, "site": "decoder.0.cross_attn", "head": 2},
    ),
    (
        "by_hand",
        {"what": "apples", "row": "2", "step": "4", "view": "one", "divide": "no", "temperature": "0.5"},
        {"what": "apples", "row": 2, "step": 4, "view": "one", "divide": "no", "temperature": 0.5},
    ),
    (
        "by_hand",
        {"what": "two_heads", "temperature": "1/4", "edits": "scores:0:1:2:-3.5,x:0:0:1:2"},
        {"what": "two_heads", "temperature": 0.25, "edits": (Edit("scores", 1, 2, -3.5, 0), Edit("x", 0, 1, 2.0, 0))},
    ),
    (
        "decoding",
        {"strategy": "sample", "temperature": "2.5", "top_k": "7", "top_p": "0.9", "penalty": "1.3", "seed": "11"},
        {"strategy": "sample", "temperature": 2.5, "top_k": 7, "top_p": 0.9, "penalty": 1.3, "seed": 11},
    ),
    (
        "decoding",
        {"strategy": "beam", "beams": "4", "length_penalty": "0.6", "limit": "5", "step": "2"},
        {"strategy": "beam", "beams": 4, "length_penalty": 0.6, "limit": 5, "step": 2},
    ),
    (
        "decoding",
        {"part": "decoder.0.self_attn", "head": "3", "forced": "1:5,2:6"},
        {"part": "decoder.0.self_attn", "head": 3, "forced": {1: 5, 2: 6}},
    ),
    ("decoding", {"view": "forcing", "mistake": "none"}, {"view": "forcing", "mistake": {}}),
    ("decoding", {"view": "cache"}, {"view": "cache"}),
    (
        "pretraining",
        {"run": "20261127-abc", "view": "list", "step": "1200"},
        {"run": "20261127-abc", "view": "list", "step": 1200},
    ),
    (
        "finetuning",
        {"preset": "reverse-copy", "start": "lm-en", "task": "sentiment-en", "strategy": "lora", "examples": "64"},
        {"preset": "reverse-copy", "start": "lm-en", "task": "sentiment-en", "strategy": "lora", "examples": 64},
    ),
    ("experiments", {"experiment": "E3", "guess": "none"}, {"experiment": "E3", "guess": "none"}),
    (
        "pictures",
        {"model": "digits-low", "example": "7", "layer": "2", "head": "3", "query": "5", "hidden": "6~11"},
        {"model": "digits-low", "example": 7, "layer": 2, "head": 3, "query": 5, "hidden": ("6", "11")},
    ),
    (
        "pictures",
        {"view": "train", "run": "20261127-abc", "step": "40", "flow": "rollout", "off": "encoder.1.self_attn.2"},
        {"view": "train", "run": "20261127-abc", "step": 40, "flow": "rollout", "off": (("encoder.1.self_attn", 1),)},
    ),
    (
        "graphs",
        {"model": "karate-club", "query": "13", "edges": "0-12~2-8"},
        {"model": "karate-club", "query": 13, "edges": ("0-12", "2-8")},
    ),
    (
        "compress",
        {"model": "reverse", "out": "5", "order": "random", "at": "decoder.1.cross_attn.2"},
        {"model": "reverse", "out": 5, "order": "random", "at": "decoder.1.cross_attn.2"},
    ),
    (
        "neuron",
        {"activation": "tanh", "data": "xor", "rate": "5", "step": "30"},
        {"activation": "tanh", "data": "xor", "rate": "5", "step": 30},
    ),
    ("neuron", {"view": "activations", "z": "-1.5"}, {"view": "activations", "z": -1.5}),
    ("finetuning", {"view": "race", "group": "g-1"}, {"view": "race", "group": "g-1"}),
    ("finetuning", {"view": "folds", "run": "r", "step": "0"}, {"view": "folds", "run": "r", "step": 0}),
]


@pytest.mark.parametrize(("page", "params", "says"), MADE_BEFORE)
def test_a_link_made_before_says_what_it_said(
    page: str, params: dict[str, str], says: dict[str, Any], declared: dict[str, Fields]
) -> None:
    link = read(declared[page], params)
    assert dict(link.values) == says
    assert link.refused == ()


@pytest.mark.parametrize(("page", "params", "says"), MADE_BEFORE)
def test_what_was_read_is_written_again(
    page: str, params: dict[str, str], says: dict[str, Any], declared: dict[str, Fields]
) -> None:
    one_by_one = [one for one in declared[page] if one.name in says and one is not masks.MASKS]
    again = {
        name: text for name, text in written({one: says[one.name] for one in one_by_one}).items() if text is not None
    }
    read_again = read(declared[page], again)
    assert {one.name: read_again[one] for one in one_by_one} == {one.name: says[one.name] for one in one_by_one}


def test_lessons_use_what_their_pages_declare(declared: dict[str, Fields]) -> None:
    for lesson in LESSONS.values():
        for step in lesson.steps:
            if step.page not in declared:
                assert not step.address
                continue
            link = read(declared[step.page], step.address)
            assert not link.refused, (lesson.name, link.refused)
            formulas = link.values.get(masks.MASKS.name, {})
            assert {*link.values, *formulas} - {masks.MASKS.name} == set(step.address), (lesson.name, step.address)


@pytest.mark.parametrize(
    ("params", "view"),
    [
        ({}, "paint"),
        ({"how": "own", "mask.decoder_self": "causal"}, "paint"),
        ({"how": "after"}, "investigate"),
        ({"precision": "fp16"}, "investigate"),
        ({"pads": "4"}, "investigate"),
        ({"pads": "4", "view": "paint"}, "paint"),
        ({"view": "neither"}, "paint"),
    ],
)
def test_a_link_to_masks_opens_the_view_that_shows_what_it_is_about(params: dict[str, str], view: str) -> None:
    assert masks.view_of(read(masks.FIELDS, params)) == view


def test_a_name_stands_once_in_the_links_of_a_page(declared: dict[str, Fields]) -> None:
    for page, fields in declared.items():
        names = [one.name for one in fields]
        repeated = {name for name in names if names.count(name) > 1}
        # By hand and Decoding read the head more strictly, and say so themselves.
        assert repeated <= {"head"}, (page, repeated)
        assert not repeated & {one.name for one in stepper.FIELDS if one is not stepper.EARLIER_STEP}


def test_the_address_is_read_in_one_place() -> None:
    readers = [path.name for path in UI.rglob("*.py") if "query_params" in path.read_text(encoding="utf-8")]
    assert readers == ["link.py"]
    assert "query_params" in (UI / "frame" / "link.py").read_text(encoding="utf-8")
    for path in UI.rglob("*.py"):  # and written through fields: no name by hand
        assert not re.search(r'mirror\("[\w-]+", \w+=', path.read_text(encoding="utf-8")), path


# ---- the kinds of fields ---------------------------------------------------------------------------------------------

KINDS: list[tuple[Field[Any], dict[str, Any], tuple[str, ...]]] = [
    (Count("n"), {"1": 1, " 7": 7, "9999": 9999}, ("0", "-1", "1.5", "1e3", "٣", "10000", "9" * 500, "x")),
    (Count("n", low=0, high=12), {"0": 0, "12": 12}, ("13", "-0", "1_0")),
    (Number("n", 0.05, 5.0), {"2.5": 2.5, "5e0": 5.0}, ("nan", "inf", "5.1", "0", "٣", "1" * 21, "")),
    (Number("n", 0, 97, whole=True), {"3": 3, "4.0": 4}, ("3.5", "98")),
    (OneOf("n", ("a", "b")), {"a": "a"}, ("A", "c", "a ")),
    (OneOf("n", lambda: ["late"]), {"late": "late"}, ("early",)),
    (Name("n"), {"<b>": "<b>"}, ()),
    (Switch("n"), {"1": True}, ("0", "yes")),
]


@pytest.mark.parametrize(("field", "good", "bad"), KINDS)
def test_a_field_reads_what_it_declares(field: Field[Any], good: dict[str, Any], bad: tuple[str, ...]) -> None:
    for text, value in good.items():
        found = read([field], {"n": text, "other": "x"})
        assert (found[field], found.says(field), found.refused) == (value, True, ())
        assert type(found[field]) is type(value)
        assert read([field], {"n": field.write(value) or ""})[field] == value
    for text in bad:
        found = read([field], {"n": text})
        assert (found[field], found.says(field)) == (field.default, False)
        assert [one.value for one in found.refused] == ([text] if text else [])


def test_defaults_are_left_out_of_a_link_and_meant_by_it() -> None:
    field = OneOf("view", ("one", "two"), default="one")
    assert read([field], {})[field] == "one"
    assert read([field], {"view": "three"})[field] == "one"
    assert written({field: "one"}) == {"view": None}
    assert written({field: "two"}) == {"view": "two"}
    assert written({field: None}) == {"view": None}


def test_a_remark_names_the_field_the_beginning_of_the_value_and_what_is_allowed() -> None:
    fields: Fields = (Number("heat", 0.5, 2, complaint="url_range"), OneOf("view", ("one",), complaint="url_choice"))
    first, second = read((*fields, Count("quiet")), {"heat": "9" * 90, "view": "x", "quiet": "x"}).remarks
    assert (first.key, second.key) == ("url_range", "url_choice")
    assert (first.values["name"], first.values["low"], first.values["high"]) == ("heat", "0.5", "2")
    assert len(first.values["value"]) <= 40
    assert second.values["allowed"] == "one"


def test_a_lesson_of_before_goes_by_step_and_one_of_now_by_its_own_name() -> None:
    of_before = read(stepper.FIELDS, {"lesson": "look", "step": "3"})
    assert stepper.place(of_before, 4) == 3
    of_now = read(stepper.FIELDS, {"lesson": "by_hand", "step": "4", "lesson_step": "1", "guesses": "2-_-1"})
    assert stepper.place(of_now, 4) == 1
    assert of_now[stepper.GUESSED] == (2, None, 1)
    assert stepper.GUESSED.write((2, None, 1)) == "2-_-1"
