"""The page By hand: its numbers are the library's and the model's own, in both languages."""

from __future__ import annotations

import dataclasses
from html import escape

import app_driver
import numpy as np
import pytest
import torch
from app_driver import address, all_notices, html, ran
from by_hand_app import Browser, opened, payload, same
from streamlit.testing.v1 import AppTest

import attnviz as av
from attnviz.data import BOS, Batch
from attnviz.language import LANGUAGES
from attnviz.model import ATTENTION_TAPS
from attnviz.trace import watch
from attnviz.trace.walkthrough import Variant, example, walk
from attnviz.training.checkpoint import shipped
from attnviz.ui.by_hand import Opening, page
from attnviz.ui.by_hand.from_other_pages import ASKED
from attnviz.ui.text import words


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("what", "name"), [("apples", "apples"), ("two_heads", "two-heads")])
def test_the_examples_are_on_the_page_with_the_librarys_numbers(what: str, name: str, language: str) -> None:
    at = opened(lang=language, what=what)
    t = words("by_hand", language)  # type: ignore[arg-type]
    assert escape(t("question")) in html(at)
    assert not all_notices(at)
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
    shown, after = payload(ran(at.run()))
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
    assert not all_notices(at)


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
    from attnviz.ui.sentence.models import load

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


def test_an_edit_waits_while_its_step_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(opened(what="apples"), monkeypatch)
    browser.edit("attn_norm", 0, 0, "5")
    assert browser.do("switch", name="norm", value="none")[0]["edits"] == 0
    shown, arrays = browser.do("switch", name="norm", value="post")
    assert shown["edits"] == 1
    assert arrays["attn_norm"][0, 0] == 5


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
    assert words("by_hand", "en")("prefix_given", count=4) in all_notices(at)
    # No part of a sentence of people's own is in the address.
    assert "mnop" not in str([address(at, key) for key in ("address-source", "address-by-hand", "address-what")])
    # Another sentence ends it.
    (field,) = [widget for widget in at.text_input if str(widget.key).startswith("sentence:")]
    field.set_value("abc")
    assert payload(ran(at.run()))[0]["rows"] == ["<s>", "c", "b", "a"]
    assert not all_notices(at)


def test_a_language_model_opens_at_a_prefix() -> None:
    name = "lm-en"
    model, task = av.load(name)
    ids = (BOS, *task.tgt_vocab.encode(task.tokenize(task.examples[0]))[:5], 7)
    asked = Opening(model=name, text=task.examples[0], site=model.sites[-1], decoder_input=ids)
    _, arrays = payload(opened(session={ASKED: asked}))
    record = watch(model, Batch(None, torch.tensor([ids]), None))[model.sites[-1]]
    np.testing.assert_allclose(arrays["weights"], record.weights[0], atol=1e-6)


def test_a_button_of_another_page_leads_here(monkeypatch: pytest.MonkeyPatch) -> None:
    import streamlit

    def script() -> None:
        from attnviz.ui.by_hand import Opening, open_link

        open_link("by hand", Opening(model="reverse", text="abc", site="decoder.0.self_attn"), key="there")

    went: list[str] = []
    monkeypatch.setattr(streamlit, "switch_page", went.append)
    at = AppTest.from_function(script)
    at.run()
    assert went == []
    at.button[0].click().run()
    assert went == ["pages/by_hand.py"]
    assert at.session_state[ASKED] == Opening(model="reverse", text="abc", site="decoder.0.self_attn")


def test_a_language_model_opens_with_nothing_but_the_beginning() -> None:
    name = "lm-en"
    model, _ = av.load(name)
    asked = Opening(model=name, text="", site=model.sites[0], decoder_input=(BOS,))
    assert payload(opened(session={ASKED: asked}))[0]["rows"] == ["<s>"]


@pytest.mark.parametrize(("model", "site"), [("nothing", "decoder.0.self_attn"), ("reverse", "decoder.9.self_attn")])
def test_an_opening_that_cannot_be_is_said(model: str, site: str) -> None:
    at = opened(session={ASKED: Opening(model=model, text="abc", site=site)}, lang="en")
    assert "There is no model" in all_notices(at)
    same(payload(at)[1], example("apples"))


def test_a_very_wide_model_leaves_its_feed_forward_network_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page.subject, "MOST_NUMBERS", 20_000)
    at = opened(lang="en", what="model", model="reverse", site="decoder.0.cross_attn")
    assert words("by_hand", "en")("too_wide") in all_notices(at)
    steps = [step["name"] for step in payload(at)[0]["steps"]]
    assert steps[-1] == "attn_residual"
    assert not {"inner", "outer"} & set(steps)


def test_the_side_bar_opens_the_head_that_was_looked_at() -> None:
    at = app_driver.opened("attention", lang="en", model="reverse", kind="cross", layer="2", head="3")
    at.query_params.clear()
    at.switch_page("pages/by_hand.py")
    ran(at.run())
    assert at.session_state["by-hand-what"] == "model"
    assert at.session_state["by-hand-site"] == "decoder.1.cross_attn"
    assert at.session_state["by-hand"].asked["head"] == 3
    at.session_state["by-hand-what"] = "apples"
    at.switch_page("pages/by_hand.py")
    ran(at.run())
    assert at.session_state["by-hand-what"] == "apples"


def test_a_link_wins_over_what_was_looked_at() -> None:
    at = app_driver.opened("attention", lang="en", model="reverse", kind="cross", layer="2", head="3")
    at.query_params.clear()
    at.query_params["what"] = "apples"
    at.switch_page("pages/by_hand.py")
    ran(at.run())
    assert at.session_state["by-hand-what"] == "apples"
