"""The page Decoding: its numbers are the library's, in both languages; nothing that is typed or linked breaks it."""

from __future__ import annotations

import re
from functools import partial
from html import escape
from typing import Any

import app_driver
import numpy as np
import pytest
from app_driver import address, all_notices, ran

import attnviz as av
from attnviz.data import BOS, EOS, UNK
from attnviz.decoding import BeamOptions, Choice, Decoding, beam_search, compare_forcing
from attnviz.errors import said
from attnviz.language import LANGUAGES
from attnviz.trace.walkthrough import setup_of, walk
from attnviz.ui.decoding import forcing, handover, link, measuring
from attnviz.ui.decoding.progress import Progress
from attnviz.ui.decoding.running import decode, search
from attnviz.ui.decoding.settings import Settings
from attnviz.ui.decoding.subject import Subject, take_in
from attnviz.ui.frame.link import read
from attnviz.ui.sentence.model_picker import CHOSEN
from attnviz.ui.text import words

opened = partial(app_driver.opened, "decoding", model="reverse", example="2", lang="en")
payload = partial(app_driver.payload, stage="decoding-stage")

NASTY = "<script>alert(1)</script> **b** $x$ :material/home:"


@pytest.fixture(scope="module")
def reverse() -> Subject:
    model, task = av.load("reverse")
    return take_in(model, task, task.examples[1], "")


def by_library(subject: Subject, **options: Any) -> Decoding:
    sites = (*subject.model.sites_of("decoder_self"), *subject.model.sites_of("cross"))
    given = {"bos_id": BOS, "eos_id": EOS, "max_len": 9, "prefix": subject.prefix, "record": sites, **options}
    decoding = Decoding(subject.model, subject.src, **given)
    list(decoding)
    return decoding


# ---- numbers --------------------------------------------------------------------------------------------------


def test_both_languages_show_the_librarys_numbers_and_differ_in_words_only(reverse: Subject) -> None:
    expected = by_library(reverse)
    pages = {language: opened(lang=language) for language in LANGUAGES}
    headers = {}
    for language, at in pages.items():
        header, arrays = payload(at)
        assert words("decoding", language)("question") in " ".join(one.proto.body for one in at.get("html"))
        assert header["language"] == language
        assert [step["id"] for step in header["steps"]] == [step.token for step in expected.steps]
        for shown_step, step in zip(header["steps"], expected.steps, strict=True):
            assert shown_step["p"] == pytest.approx(step.probability, abs=1e-6)
            assert shown_step["entropy"] == pytest.approx(step.entropy, abs=1e-5)
            for site, row in step.rows.items():
                np.testing.assert_allclose(arrays[site][:, step.position, : row.shape[1]], row, atol=1e-6)
                assert not arrays[site][:, step.position, row.shape[1] :].any()
        assert header["steps"][-1]["reason"] == "eos"
        headers[language] = {name: value for name, value in header.items() if name not in ("text", "language", "state")}
    assert headers["zh"] == headers["en"]


def test_the_parts_are_the_models_own_and_add_up(reverse: Subject) -> None:
    model = payload(opened())[0]["model"]
    assert sum(part["parameters"] for part in model["parts"]) == model["parameters"]
    assert model["parameters"] == sum(weight.numel() for weight in reverse.model.parameters())
    sublayers = {"encoder.0": 0, "decoder.0": 0, "decoder.1": 0}
    for part in model["parts"]:
        sublayers[part["block"]] = sublayers.get(part["block"], 0) + (part["kind"] != "norm")
    assert (sublayers["encoder.0"], sublayers["decoder.0"], sublayers["decoder.1"]) == (2, 3, 3)
    assert {part["site"] for part in model["parts"] if part["site"]} == {one["site"] for one in model["sites"]}


def test_a_link_settles_the_strategy_and_the_same_seed_draws_the_same_text(reverse: Subject) -> None:
    query = {"strategy": "sample", "temperature": "2.5", "top_k": "7", "top_p": "0.9", "penalty": "1.3", "seed": "11"}
    at = opened(**query, step="2", part="decoder.0.self_attn", head="3")
    header, _ = payload(at)
    choice = Choice(method="sample", temperature=2.5, top_k=7, top_p=0.9, repetition_penalty=1.3, seed=11)
    expected = by_library(reverse, choice=choice, max_len=len(header["steps"]))
    assert [step["id"] for step in header["steps"]] == [step.token for step in expected.steps]
    assert [step["draw"] for step in header["steps"]] == [step.draw for step in expected.steps]
    written = address(at)
    assert {name: written[name] for name in query} == query
    assert (written["step"], written["part"], written["head"]) == ("2", "decoder.0.self_attn", "3")
    assert not all_notices(at)


def test_a_beam_trees_branch_has_the_attention_of_that_text(reverse: Subject) -> None:
    header, arrays = payload(opened(strategy="beam", beams="3"))
    found = search(reverse, Settings(strategy="beam", beams=3))
    trees = list(
        beam_search(
            reverse.model, reverse.src, bos_id=BOS, eos_id=EOS, max_len=reverse.room, options=BeamOptions(beams=3)
        )
    )
    nodes = header["beam"]["nodes"]
    assert [node["score"] for node in nodes] == pytest.approx([node.score for node in trees[-1].nodes])
    last = found.trees[-1]
    for end in last.finished:
        tokens = last.tokens(end)
        run = decode(reverse, Settings(), dict(enumerate(tokens)))
        for place, node in enumerate(last.path(end)):
            for site in ("decoder.1.cross_attn", "decoder.0.self_attn"):
                row = arrays[site][:, header["beam"]["expansions"][str(node.parent)]]
                width = run.weights[site].shape[2]
                np.testing.assert_allclose(row[:, :width], run.weights[site][:, place, : row.shape[1]], atol=2e-6)


def test_a_forced_token_stands_where_it_was_put_and_the_rest_follows_from_it(reverse: Subject) -> None:
    plain = by_library(reverse).tokens
    wrong = plain[1] - 1 if plain[1] > UNK + 1 else plain[1] + 1
    at = opened(forced=f"1:{wrong}")
    header, _ = payload(at)
    assert [step["forced"] for step in header["steps"][:3]] == [False, True, False]
    assert header["steps"][1]["id"] == wrong
    assert [step["id"] for step in header["steps"]] == list(by_library(reverse, forced={1: wrong}).tokens)
    assert address(at)["forced"] == f"1:{wrong}"


def test_both_regimes_with_a_mistake_are_the_librarys(reverse: Subject) -> None:
    reference = forcing.reference_of(reverse, None)
    wrong = reference.ids[0]
    header, _ = payload(opened(view="forcing", mistake=f"2:{wrong}"))
    lesson = header["lesson"]
    expected = compare_forcing(
        reverse.model, reverse.src, reference.ids, bos_id=BOS, eos_id=EOS, max_len=reverse.room, mistakes={2: wrong}
    )
    assert lesson["teacher_correct"] == expected.teacher_correct
    assert lesson["free_correct"] == expected.free_correct
    assert lesson["loss"] == pytest.approx(expected.teacher_loss)
    assert [place["disturbed"] for place in lesson["free"]] == [place.disturbed for place in expected.free]
    tokens = reverse.task.tgt_vocab.tokens
    assert lesson["teacher"][2]["written"] == lesson["free"][2]["written"] == tokens[wrong]
    assert not lesson["teacher"][2]["right"]
    # The ribbon: teacher forcing reads BOS and then the targets, one place later.
    fed, targets = [one["fed"] for one in lesson["teacher"]], [one["target"] for one in lesson["teacher"]]
    assert fed[0] == "<s>"
    assert fed[1:] == targets[:-1]  # the mistake is written, not read


def test_the_page_opens_with_a_mistake_that_hurts_free_running_more() -> None:
    lesson = payload(opened(view="forcing", model="numbers-zh", example="1"))[0]["lesson"]
    assert lesson["mistake"] is not None
    assert lesson["free_clean"] - lesson["free_correct"] > lesson["teacher_clean"] - lesson["teacher_correct"]
    assert payload(opened(view="forcing", mistake="none"))[0]["lesson"]["mistake"] is None


def test_the_cache_is_marked_and_measured_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "LONGEST", 4)
    header, _ = payload(opened(view="cache"))
    for position, step in enumerate(header["steps"]):
        assert step["reused"]["decoder.0.self_attn"] == position
        assert step["reused"]["decoder.1.cross_attn"] == (len(header["subject"]["columns"]) if position else 0)
    assert header["speeds"]
    for one in header["speeds"]:
        assert one["speedup"] == pytest.approx(one["cached"] / one["uncached"])
        assert one["difference"] < 1e-5


def test_a_language_model_goes_on_from_its_text_to_the_length_limit() -> None:
    header, _ = payload(opened(model="lm-zh", example="1", limit="5"))
    given = header["subject"]["prefix"]
    assert given > 0
    assert [step["forced"] for step in header["steps"]] == [True] * given + [False] * 5
    assert header["steps"][-1]["reason"] == "length"
    assert not header["model"]["has_encoder"]


def test_any_step_opens_in_by_hand_with_the_same_weights(reverse: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover.st, "session_state", {CHOSEN: "reverse"})
    run = decode(reverse, Settings(), {})
    for site in ("decoder.1.cross_attn", "decoder.0.self_attn"):
        asked = handover.opening(reverse, run.steps[3].tokens, Progress(site=site, head=2), "hello")
        assert asked.row == 3
        assert asked.decoder_input == (BOS, *run.steps[2].tokens)
        walked = walk(setup_of(reverse.model, reverse.fed(asked.decoder_input[1:]), site))
        weights = walked["weights"].values[2, 3]
        np.testing.assert_allclose(weights, run.weights[site][2, 3, : len(weights)], atol=1e-6)


def test_turning_a_knob_changes_the_text_and_the_address() -> None:
    at = opened(strategy="sample", temperature="4", seed="0")
    before = [step["id"] for step in payload(at)[0]["steps"]]
    (seed,) = [one for one in at.number_input if one.key == "decoding:seed"]
    ran(seed.set_value(3).run())
    assert [step["id"] for step in payload(at)[0]["steps"]] != before
    assert address(at)["seed"] == "3"
    (strategy,) = [group for group in at.get("button_group") if str(group.key).startswith("decoding-strategy")]
    ran(strategy.set_value("beam").run())
    assert "beam" in payload(at)[0]
    assert (address(at)["strategy"], address(at)["seed"]) == ("beam", None)
    (strategy,) = [group for group in at.get("button_group") if str(group.key).startswith("decoding-strategy")]
    ran(strategy.set_value("sample").run())
    assert address(at)["seed"] == "3"


# ---- what people and links say ----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"strategy": NASTY}, "url_choice"),
        ({"temperature": "nan"}, "url_range"),
        ({"top_k": "1e9"}, "url_range"),
        ({"seed": "٣"}, "url_range"),
        ({"head": "99"}, "url_range"),
        ({"part": NASTY}, "url_choice"),
        ({"forced": "a:b"}, "url_tokens"),
        ({"view": "sideways"}, "url_choice"),
    ],
)
def test_a_link_that_makes_no_sense_gets_one_sentence(query: dict[str, str], said: str, language: str) -> None:
    at = opened(lang=language, **query)
    pieces = re.split(r"\{\w+\}", words("decoding", language)(said))  # type: ignore[arg-type]
    assert all_notices(at).count(escape(max(pieces, key=len))) == 1
    assert "<script" not in all_notices(at)
    assert payload(at)[0]["steps"]


def test_settings_go_through_an_address_and_back() -> None:
    settings = Settings(strategy="sample", temperature=0.35, top_k=4, top_p=0.75, penalty=1.5, seed=9, limit=12)
    written = {name: value for name, value in link.parameters(settings).items() if value is not None}
    asked = read(link.ARRIVAL, written)
    assert (link.settings_of(asked), asked.refused) == (settings, ())


@pytest.mark.parametrize("language", LANGUAGES)
def test_empty_text_gets_a_sentence_and_the_knobs_stay(language: str) -> None:
    at = opened(lang=language, strategy="sample", seed="3")
    (field,) = [one for one in at.text_input if str(one.key).startswith("sentence:")]
    ran(field.set_value("  ").run())
    assert said("empty", {}, language) in all_notices(at)  # type: ignore[arg-type]
    (seed,) = [one for one in at.number_input if one.key == "decoding:seed"]
    assert seed.value == 3
    (field,) = [one for one in at.text_input if str(one.key).startswith("sentence:")]
    ran(field.set_value("abc").run())
    assert not all_notices(at)


@pytest.mark.parametrize("text", ["a" * 100_000, "😀😀", "שלום", "‮abc", NASTY])
def test_strange_text_is_decoded_or_explained(text: str) -> None:
    at = opened()
    (field,) = [one for one in at.text_input if str(one.key).startswith("sentence:")]
    ran(field.set_value(text).run())
    assert all_notices(at)
    assert "<script" not in all_notices(at)
    assert payload(at)[0]["steps"]


def test_a_prefix_is_forced_and_its_unknown_tokens_are_said() -> None:
    at = opened()
    (field,) = [one for one in at.text_input if str(one.key).startswith("decoding-prefix")]
    ran(field.set_value("ab").run())
    header, _ = payload(at)
    assert [step["token"] for step in header["steps"][:2]] == ["a", "b"]
    assert [step["forced"] for step in header["steps"][:3]] == [True, True, False]
    assert not all_notices(at)
    (field,) = [one for one in at.text_input if str(one.key).startswith("decoding-prefix")]
    ran(field.set_value("a😀").run())
    assert "😀" in all_notices(at)
    assert payload(at)[0]["steps"][1]["id"] == UNK
    assert "😀" not in str(address(at))
    (field,) = [one for one in at.text_input if str(one.key).startswith("decoding-prefix")]
    ran(field.set_value("b" * 5000).run())
    assert words("decoding", "en")("prefix_cut").split("{")[0] in all_notices(at)


def test_switching_the_language_keeps_everything() -> None:
    at = opened(lang="zh", strategy="sample", seed="5", temperature="3", step="2")
    before, _ = payload(at)
    (switch,) = [group for group in at.get("button_group") if group.key == "language-switch"]
    ran(switch.set_value("en").run())
    after, _ = payload(at)
    assert (after["language"], before["language"]) == ("en", "zh")
    assert after["steps"] == before["steps"]
    assert after["state"] == before["state"]
