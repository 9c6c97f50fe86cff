"""The page By hand: its numbers are the library's and the model's own, in both languages, whatever people type."""

from __future__ import annotations

import dataclasses
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

import attnviz as av
from attnviz.data import BOS, Batch
from attnviz.model import ATTENTION_TAPS
from attnviz.trace import watch
from attnviz.trace.walkthrough import Setup, Variant, example, walk
from attnviz.training.checkpoint import shipped
from attnviz.ui.by_hand import Opening, page
from attnviz.ui.by_hand.opening import ASKED
from attnviz.ui.components.packing import split, unpack_bits
from attnviz.ui.text import LANGUAGES, words

APP = Path(__file__).resolve().parents[1] / "app.py"
NASTY = "<script>alert(1)</script> **b** [a](javascript:x) $x$"
pytestmark = pytest.mark.skipif("reverse" not in shipped(), reason="no shipped checkpoint")


def opened(session: dict[str, object] | None = None, **query: str) -> AppTest:
    at = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    for name, kept in (session or {}).items():
        at.session_state[name] = kept
    at.switch_page("pages/by_hand.py")
    return ran(at)


def ran(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception, [error.value for error in at.exception]
    return at


def payload(at: AppTest) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The walk's values and matrices, as the browser gets them."""
    (element,) = [one for one in at.get("bidi_component") if one.proto.id.endswith(page.STAGE)]
    header, blocks = split(element.proto.bytes)
    arrays = {}
    for name, described in header["arrays"].items():
        shape, kind = tuple(described["shape"]), described["type"]
        raw = np.frombuffer(blocks[name], dtype=np.uint8 if kind == "bits" else np.dtype(kind))
        arrays[name] = unpack_bits(raw, shape) if kind == "bits" else raw.reshape(shape)
    return header, arrays


def html(at: AppTest) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


def notices(at: AppTest) -> str:
    return "\n".join(one.proto.body for one in at.get("html") if 'class="av-notice' in one.proto.body)


def address(at: AppTest, key: str) -> dict[str, Any]:
    import json

    for element in at.get("bidi_component"):
        if element.proto.id.endswith(key):
            found: dict[str, Any] = json.loads(element.proto.json)["values"]
            return found
    raise AssertionError(key)


def same(arrays: dict[str, np.ndarray], setup: Setup) -> None:
    """Every matrix on the page is, to the last bit, the library's."""
    steps = walk(setup).steps
    assert [name for name in arrays if not name.startswith("before/")] == list(steps)
    for name, step in steps.items():
        np.testing.assert_array_equal(arrays[name], step.values, err_msg=name)


class Browser:
    """Stands for the browser: what it sends is what the page finds."""

    def __init__(self, at: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at, self.seq = at, 0
        self.message: dict[str, Any] | None = None
        monkeypatch.setattr(page, "sent", lambda key: self.message)

    def do(self, op: str, **values: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        shown, _ = payload(self.at)
        self.seq = shown["seq"] + 1
        self.message = {"scope": shown["scope"], "operations": [{"op": op, "seq": self.seq, **values}]}
        answer = payload(ran(self.at))
        assert answer[0]["seq"] == self.seq
        return answer

    def edit(self, step: str, row: int, column: int, text: str, head: int = 0) -> tuple[dict[str, Any], Any]:
        return self.do("edit", step=step, row=row, column=column, head=head, text=text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("what", "name"), [("apples", "apples"), ("two_heads", "two-heads")])
def test_the_examples_are_on_the_page_with_the_librarys_numbers(what: str, name: str, language: str) -> None:
    at = opened(lang=language, what=what)
    t = words("by_hand", language)  # type: ignore[arg-type]
    assert escape(t("question")) in html(at)
    assert not notices(at)
    shown, arrays = payload(at)
    setup = example(name, language)  # type: ignore[arg-type]
    same(arrays, setup)
    assert tuple(shown["rows"]) == setup.row_labels
    assert shown["text"]["stage_mask"] == t("stage_mask")
    assert [screen["stage"] for screen in shown["screens"]] == [stage for stage, _ in walk(setup).screens]


def test_nothing_changes_between_the_languages_but_words() -> None:
    chosen = {"what": "two_heads", "norm": "pre", "masking": "after", "edits": "x:0:1:2:0.75"}
    (zh, zh_arrays), (en, en_arrays) = (payload(opened(lang=language, **chosen)) for language in ("zh", "en"))
    for name, array in zh_arrays.items():
        np.testing.assert_array_equal(array, en_arrays[name])
    own = {"language", "text", "rows", "columns", "scope", "asked", "blocks", "body"}
    assert {name: value for name, value in zh.items() if name not in own} == {
        name: value for name, value in en.items() if name not in own
    }
    assert set(zh["text"]) == set(en["text"])
    assert zh["text"] != en["text"]


def test_switching_the_language_keeps_edits_and_switches(monkeypatch: pytest.MonkeyPatch) -> None:
    at = opened(lang="zh", what="apples")
    Browser(at, monkeypatch).edit("x", 2, 1, "3")
    before = payload(at)[1]
    (switch,) = [group for group in at.get("button_group") if group.key == "language-switch"]
    switch.set_value("en")
    shown, after = payload(ran(at))
    assert shown["language"] == "en"
    assert before["x"][2, 1] == after["x"][2, 1] == 3
    for name, array in before.items():
        np.testing.assert_array_equal(array, after[name])


@pytest.mark.parametrize(
    ("query", "variant"),
    [
        ({"divide": "no"}, Variant(divide=False)),
        ({"norm": "pre"}, Variant(norm="pre")),
        ({"norm": "none", "combine": "sum"}, Variant(norm="none", combine="sum")),
        ({"masking": "after"}, Variant(mask="after")),
        ({"masking": "after-renormalised", "temperature": "0.5"}, Variant(mask="after-renormalised", temperature=0.5)),
    ],
)
def test_a_link_sets_the_switches(query: dict[str, str], variant: Variant) -> None:
    at = opened(what="two_heads", **query)
    same(payload(at)[1], dataclasses.replace(example("two-heads", "en"), variant=variant))
    written = address(at, "address-by-hand")
    assert {name: written[name] for name in query} == query
    assert not notices(at)


@pytest.mark.parametrize("model_name", [name for name in ("reverse", "pinyin", "lm-en") if name in shipped()])
def test_every_number_is_the_models_own(model_name: str) -> None:
    model, task = av.load(model_name)
    text = task.examples[1]
    batch = task.encode(text, task.reference(text)) if model.config.has_encoder else task.encode(text)
    trace = watch(model, batch)
    for site in (model.sites[0], model.sites[-1]):
        at = opened(what="model", model=model_name, example="2", site=site)
        shown, arrays = payload(at)
        assert shown["site"] == site
        record = trace[site]
        for name in ATTENTION_TAPS:
            np.testing.assert_allclose(arrays[name], getattr(record, name)[0], atol=1e-6, err_msg=f"{site} {name}")
        block = site.rsplit(".", 1)[0]
        if "ff_residual" in arrays:
            np.testing.assert_allclose(arrays["ff_residual"], trace.outputs[block][0], atol=1e-5)
        assert address(at, "address-source") == {"model": model_name, "example": "2", "site": site}


def test_an_edit_moves_what_follows_and_leaves_the_model_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from attnviz.ui.models import load

    at = opened(what="model", model="reverse", example="2", site="decoder.1.cross_attn")
    before, plain = payload(at)
    model = load("reverse").model
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    browser = Browser(at, monkeypatch)
    shown, arrays = browser.edit("w_q", 0, 0, "9")
    assert shown["edits"] == 1
    assert arrays["w_q"][0, 0] == 9
    np.testing.assert_array_equal(arrays["before/q"], plain["q"])
    assert not np.array_equal(arrays["q"], plain["q"])
    np.testing.assert_array_equal(arrays["k"], plain["k"])
    browser.edit("scores", 1, 1, "−3", head=2)
    browser.edit("mask", 0, 0, "0", head=1)
    _, arrays = browser.do("temperature", text="2")
    assert arrays["scores"][2, 1, 1] == -3
    assert arrays["weights"][1, 0, 0] == 0
    for name, value in model.state_dict().items():
        assert torch.equal(value, weights[name])
    shown, arrays = browser.do("reset")
    for name, array in plain.items():
        np.testing.assert_array_equal(arrays[name], array)
    assert {**shown, "seq": 0, "can_undo": False} == {**before, "seq": 0, "can_undo": False}
    shown, arrays = browser.do("undo")
    assert arrays["scores"][2, 1, 1] == -3
    shown, _ = browser.do("redo")
    assert shown["edits"] == 0


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


def test_an_edit_waits_while_its_step_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(opened(what="apples"), monkeypatch)
    browser.edit("attn_norm", 0, 0, "5")
    assert browser.do("switch", name="norm", value="none")[0]["edits"] == 0
    shown, arrays = browser.do("switch", name="norm", value="post")
    assert shown["edits"] == 1
    assert arrays["attn_norm"][0, 0] == 5


# ---- opened from another page ---------------------------------------------------------------------------------


def test_another_page_opens_it_at_its_own_numbers() -> None:
    model, task = av.load("reverse")
    text = "mnop"
    ids = (BOS, *task.tgt_vocab.encode(list("pma")))
    site = "decoder.1.cross_attn"
    asked = Opening(model="reverse", text=text, site=site, head=2, row=3, decoder_input=ids)
    at = opened(session={ASKED: asked}, lang="en")
    shown, arrays = payload(at)
    batch = dataclasses.replace(task.encode(text), decoder_input=torch.tensor([ids]))
    record = watch(model, batch)[site]
    for name in ATTENTION_TAPS:
        np.testing.assert_allclose(arrays[name], getattr(record, name)[0], atol=1e-6, err_msg=name)
    assert (shown["asked"]["head"], shown["asked"]["row"]) == (3, 4)
    assert shown["rows"] == ["<s>", "p", "m", "a"]
    assert words("by_hand", "en")("prefix_given", count=4) in notices(at)
    # No part of a sentence of people's own is in the address.
    assert "mnop" not in str([address(at, key) for key in ("address-source", "address-by-hand", "address-what")])
    # Another sentence ends it.
    (field,) = [widget for widget in at.text_input if str(widget.key).startswith("sentence:")]
    field.set_value("abc")
    assert payload(ran(at))[0]["rows"] == ["<s>", "c", "b", "a"]
    assert not notices(at)


def test_a_language_model_opens_at_a_prefix() -> None:
    name = next((one for one in ("lm-en", "lm-zh") if one in shipped()), None)
    if name is None:
        pytest.skip("no shipped language model")
    model, task = av.load(name)
    ids = (BOS, *task.tgt_vocab.encode(task.tokenize(task.examples[0]))[:5], 7)
    asked = Opening(model=name, text=task.examples[0], site=model.sites[-1], decoder_input=ids)
    _, arrays = payload(opened(session={ASKED: asked}))
    record = watch(model, Batch(None, torch.tensor([ids]), None))[model.sites[-1]]
    np.testing.assert_allclose(arrays["weights"], record.weights[0], atol=1e-6)


@pytest.mark.parametrize(("model", "site"), [("nothing", "decoder.0.self_attn"), ("reverse", "decoder.9.self_attn")])
def test_an_opening_that_cannot_be_is_said(model: str, site: str) -> None:
    at = opened(session={ASKED: Opening(model=model, text="abc", site=site)}, lang="en")
    assert "There is no model" in notices(at)
    same(payload(at)[1], example("apples"))


# ---- bad links and bad sentences ---------------------------------------------------------------------------------


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
            assert f"{name}=" in notices(at) or f"{name}“" in notices(at) or escape(f"{name}='") in notices(at), name
    assert "<script" not in notices(at)
    same(payload(at)[1], example("apples", language))  # type: ignore[arg-type]


def test_an_edit_in_a_link_outside_every_matrix_is_left_out() -> None:
    same(payload(opened(lang="en", what="apples", edits="x:0:50:1:2,gone:0:0:0:1"))[1], example("apples"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_strange_sentences(language: str) -> None:
    at = opened(lang=language, what="model", model="reverse", site="decoder.0.cross_attn")

    def typed(text: str) -> AppTest:
        (field,) = [widget for widget in at.text_input if str(widget.key).startswith("sentence:")]
        field.set_value(text)
        return ran(at)

    assert words("errors", language)("empty") in notices(typed("   "))  # type: ignore[arg-type]
    for text in ("ab" * 50_000, "😀🎉", "שלום", NASTY):
        typed(text)
        shown, arrays = payload(at)
        assert len(shown["columns"]) <= 64
        assert np.isfinite(arrays["attn_output"]).all()
        assert "<script" not in html(at)
    assert payload(typed("abc"))[0]["rows"] == ["<s>", "c", "b", "a"]


def test_a_site_that_is_not_there_is_replaced() -> None:
    assert (
        payload(opened(what="model", model="reverse", site="decoder.9.cross_attn"))[0]["site"]
        in av.load("reverse")[0].sites
    )
