"""What the page shows is what the library computes; both languages; nothing a link says breaks it."""

from __future__ import annotations

import html
import math
from functools import partial
from operator import attrgetter
from typing import Any

import app_driver
import numpy as np
import pytest
import torch
from app_driver import notices

import attnviz as av
from attnviz import masks
from attnviz.language import LANGUAGES
from attnviz.masks import MaskPlan
from attnviz.model.attention import explicit_attention
from attnviz.trace import watch
from attnviz.trace.application import APPLICATIONS, PRECISIONS, MaskApplication
from attnviz.trace.leakage import influence, reach
from attnviz.trace.predictions import predictions
from attnviz.training.checkpoint import shipped
from attnviz.ui.masks import rounds
from attnviz.ui.masks.lab import Lab
from attnviz.ui.masks.measuring import baseline, layers_of, measure, moved_share
from attnviz.ui.masks.picture import thumbnails, values_and_arrays
from attnviz.ui.masks.practice import practice_model, practice_subject
from attnviz.ui.masks.setting import Setting, Target
from attnviz.ui.masks.subject import Subject, answers
from attnviz.ui.masks.verdicts import Conclusion, conclude
from attnviz.ui.sentence.shelf import Bounded
from attnviz.ui.text import texts, words

opened = partial(app_driver.opened, "masks", model="reverse", example="2")
payload = partial(app_driver.payload, stage="mask-lab")

TEXT = "fedcb"


@pytest.fixture(scope="module")
def library() -> tuple[Any, Any, Any]:
    """Model, task and the second example's batch with the right answer."""
    model, task = av.load("reverse")
    text = task.examples[1]
    return model, task, task.encode(text, task.reference(text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_numbers_on_the_page_are_the_librarys(library: tuple[Any, Any, Any], language: str) -> None:
    model, task, batch = library
    formula = "causal & ~cells(2:1) | cells(1:3)"
    at = opened(lang=language, kind="decoder_self", layer="2", head="3", how="-1e9", **{"mask.decoder_self": formula})
    shown, arrays = payload(at)
    assert shown["language"] == language
    assert shown["text"]["scores"] == getattr(texts("masks")["scores"], language)
    mask = masks.causal() & ~masks.cells([(2, 1)]) | masks.cells([(1, 3)])
    plan = model.default_masks(batch.src, batch.decoder_input).with_kind("decoder_self", mask)
    trace = watch(model, batch, masks=plan, interventions=[MaskApplication("-1e9")])
    own = watch(model, batch)
    record, head = trace["decoder.1.self_attn"], 2
    for name in ("scores", "weights", "head_output"):
        np.testing.assert_allclose(arrays[name], getattr(record, name)[0, head], atol=1e-6, err_msg=name)
    np.testing.assert_allclose(arrays["row_sums"], record.row_sums[0, head], atol=1e-6)
    np.testing.assert_array_equal(arrays["mask"], record.mask[0, head])
    np.testing.assert_allclose(arrays["own_weights"], own["decoder.1.self_attn"].weights[0, head], atol=1e-6)
    assert shown["loss"]["now"] == pytest.approx(trace.loss, abs=1e-6)
    assert shown["loss"]["own"] == pytest.approx(own.loss, abs=1e-6)
    said = predictions(trace.logits, task.tgt_vocab, 4)
    before = predictions(own.logits, task.tgt_vocab, 4)
    now = [shown["names"][places[0]] for places in shown["candidates"]]
    then = [shown["names"][places[at]] for places, at in zip(shown["candidates"], shown["own_first"], strict=True)]
    assert (now, then) == tuple([place[0] for place in one.tokens[0]] for one in (said, before))
    np.testing.assert_allclose(arrays["likely_now"][:, 0], said.probabilities[0, :, 0], atol=1e-6)
    firsts = arrays["likely_own"][range(len(then)), shown["own_first"]]
    np.testing.assert_allclose(firsts, before.probabilities[0, :, 0], atol=1e-6)
    moved = [
        moved_share(trace[site].weights[0], own[site].weights[0])
        for kind in model.kinds
        for site in model.sites_of(kind)
    ]
    np.testing.assert_allclose(arrays["moved"], np.stack(moved), atol=1e-6)
    followed = reach(model, batch, masks=plan, how="-1e9").decoder
    assert followed is not None
    np.testing.assert_array_equal(arrays["reach"], followed[-1])
    amounts = influence(model, batch, "decoder", masks=plan, interventions=[MaskApplication("-1e9")])
    np.testing.assert_allclose(arrays["influence"], np.where(amounts > 1e-4, amounts, 0), atol=1e-3)
    assert shown["verdict"]["level"] == "leak"
    row_token = shown["rows"][1]
    expected = words("masks", language)("verdict_leak", row=2, row_token=row_token, token=4, key_token=shown["rows"][3])  # type: ignore[arg-type]
    assert shown["verdict"]["sentence"] == expected


@pytest.mark.parametrize("model", shipped())
def test_every_shipped_model_opens_with_something_to_see(model: str) -> None:
    at = opened(model=model, example="1")
    shown, arrays = payload(at)
    assert not [said for said in notices(at) if "av-error" in said]
    assert shown["verdict"]["level"] == "leak"
    assert shown["moved_most"] is not None
    assert arrays["weights"].shape == (len(shown["rows"]), len(shown["columns"]))


def test_a_link_opens_a_long_sequence() -> None:
    at = opened(what="tokens", tokens="97", **{"mask.decoder_self": "window(9)"})
    shown, arrays = payload(at)
    assert arrays["mask"].shape == (97, 97)
    assert shown["written"] == "window(9)"
    assert shown["loss"] is None


def test_it_opens_with_a_leak_and_says_so() -> None:
    shown, arrays = payload(opened())
    assert shown["verdict"]["level"] == "leak"
    (changed,) = np.argwhere(arrays["mask"] != arrays["own"]).tolist()
    assert changed[1] == changed[0] + 1
    assert shown["loss"]["now"] != shown["loss"]["own"]
    assert shown["moved_most"] is not None


def test_a_leak_is_named_by_the_cell_that_was_opened() -> None:
    shown, arrays = payload(opened(**{"mask.decoder_self": "causal | cells(1:4)"}))
    assert arrays["mask"][1, 4]
    assert arrays["reach"][1, 3]  # through row 4 it sees what that one sees
    assert "Row 2" in shown["verdict"]["sentence"]
    assert "token 5" in shown["verdict"]["sentence"]


@pytest.mark.parametrize(("how", "said"), [("own", True), ("-1e9", False), ("none", False)])
def test_only_a_row_that_gets_nothing_is_said_to_see_nothing(how: str, said: bool) -> None:
    shown, _ = payload(opened(how=how, **{"mask.decoder_self": "causal & ~cells(4:0-6)"}))
    sentences = " ".join([shown["verdict"]["sentence"], *shown["verdict"]["details"]])
    assert ("Nothing at all is seen by row 5" in sentences) == said


def test_with_its_own_masks_nothing_has_moved_and_nothing_leaks() -> None:
    shown, arrays = payload(opened(how="own", view="investigate"))
    assert shown["verdict"]["level"] == "fine"
    assert not arrays["moved"].any()
    assert shown["loss"]["now"] == shown["loss"]["own"]
    assert not arrays["reach"][np.arange(len(arrays["reach"]))[:, None] < np.arange(arrays["reach"].shape[1])].any()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_link_cannot_mean_is_said(language: str) -> None:
    at = opened(lang=language, how="sideways", **{"mask.cross": "causl & full", "mask.decoder_self": "window(2)"})
    shown, _ = payload(at)
    said = " ".join(notices(at))
    assert "causl" in said
    assert "sideways" in said
    assert shown["written"] == "window(2)" or shown["edits"][0]["formula"] == "window(2)"
    assert "{" not in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_and_names_that_this_model_has_not_are_said(language: str) -> None:
    at = opened(lang=language, kind="<b>nowhere</b>", layer="-1", head="9", example="99")
    t = words("common", language)  # type: ignore[arg-type]
    (said,) = [html.unescape(body) for body in notices(at)]
    assert t("url_kind", value="<b>nowhere</b>") in said
    assert t("url_number", name="layer", value="-1") in said
    assert t("url_beyond", name="head", value=9, count=4) in said
    assert t("url_beyond", name="example", value=99, count=len(av.load("reverse")[1].examples)) in said
    shown, _ = payload(at)
    assert (shown["look"]["layer"], shown["look"]["head"]) == (0, 0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_tokens_that_the_model_has_never_seen_are_named(language: str) -> None:
    at = opened(lang=language)
    assert notices(at) == []
    at.text_input(key="sentence:reverse").set_value("a😀b").run()
    assert not at.exception
    (said,) = [html.unescape(body) for body in notices(at)]
    assert words("common", language)("unknown", tokens="😀") in said


def test_a_blank_is_named_by_a_sign() -> None:
    at = opened(model="lm-en", example="1", lang="en", **{"mask.decoder_self": "causal | cells(4:5)"})
    tokens = payload(at)[0]["rows"]
    assert tokens[4] == " "
    said = payload(at)[0]["verdict"]["sentence"]
    assert said == words("masks", "en")("verdict_leak", row=5, row_token="␣", token=6, key_token=tokens[5])


def test_padding_is_seen_only_without_its_mask() -> None:
    shown, arrays = payload(opened(example="1", pads="4", kind="cross"))
    assert [one["name"] for one in shown["answers"]] == ["plain", "masked", "unmasked"]
    plain, masked, unmasked = (one["said"] for one in shown["answers"])
    assert plain == masked != unmasked
    pads = len(shown["columns"]) - shown["columns"].index("</s>") - 1
    assert pads == 4
    assert not arrays["mask"][:, -pads:].any()
    assert not arrays["reach"][:, -pads:].any()


# ---- every way of applying a mask, on a row that may see nothing ----------------------------------------------------


def lab_on(library: tuple[Any, Any, Any], setting: Setting, kind: str, look: tuple[int, int]) -> tuple[Any, ...]:
    model, task, batch = library
    subject = Subject(model, batch, task.tgt_vocab, "reference")
    measured = measure(subject, baseline(subject), setting, kind, look)  # type: ignore[arg-type]
    return subject, measured, conclude(subject, setting, measured, kind)  # type: ignore[arg-type]


@pytest.mark.parametrize("how", APPLICATIONS)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_fully_blocked_row_shows_what_each_choice_does(
    library: tuple[Any, Any, Any], how: str, precision: str
) -> None:
    """The table of what torch does, measured on the page's own numbers."""
    blocked = masks.causal() & ~masks.cells([(3, key) for key in range(9)])
    setting = Setting(application=how, precision=precision).with_edit(Target("decoder_self"), blocked)  # type: ignore[arg-type]
    _, measured, conclusion = lab_on(library, setting, "decoder_self", (0, 1))
    row = np.asarray(measured.seen.detail["weights"], dtype=np.float64)[3]
    total = row.sum()
    is_nan = how in ("-inf", "after-renormalised") or (how, precision) == ("-1e9", "fp16")
    assert math.isnan(total) == is_nan
    assert (conclusion.level == "dead") == (is_nan or how in ("own", "hidden"))
    if how in ("own", "after"):
        assert total == 0
    elif how == "-1e9" and precision in ("fp32", "bf16"):
        np.testing.assert_allclose(row, 1 / len(row), atol=1e-3)
    elif not is_nan:
        assert total == pytest.approx(1, abs=2e-2)
    picture = thumbnails(measured.seen.weights["decoder.0.self_attn"])
    assert (picture == -128).any() == is_nan


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@pytest.mark.parametrize("api", ["sdpa", "flex", "mha"])
def test_the_snippet_on_the_page_makes_the_pages_mask(library: tuple[Any, Any, Any], api: str) -> None:
    """Run as it stands, each program has the page's mask, and its attention gives what the model's own would."""
    mask = masks.causal() & ~masks.cells([(2, 1)]) | masks.cells([(0, 3)])
    setting = Setting().with_edit(Target("decoder_self"), mask)
    subject, measured, conclusion = lab_on(library, setting, "decoder_self", (1, 0))
    lab = Lab(target=Target("decoder_self"), look=(1, 0), setting=setting, code=api)  # type: ignore[arg-type]
    values, arrays = shown(lab, subject, measured, conclusion)
    found: dict[str, Any] = {}
    exec(compile(values["code"]["source"], api, "exec"), found)
    rows, columns = arrays["mask"].shape
    if api == "flex":
        made = found["mask_mod"](0, 0, torch.arange(rows)[:, None], torch.arange(columns))
    else:
        made = found["mask"].expand(1, subject.model.config.n_heads, rows, columns)[0, 0]
    np.testing.assert_array_equal(made.numpy(), arrays["mask"])
    if api != "mha":
        query, key, value = (found[name] for name in ("query", "key", "value"))
        expected = explicit_attention(query, key, value, torch.from_numpy(arrays["mask"].copy())[None, None])
        torch.testing.assert_close(found["output"], expected)


def shown(lab: Lab, subject: Subject, measured: Any, conclusion: Conclusion) -> tuple[dict[str, Any], dict[str, Any]]:
    return values_and_arrays(
        lab,
        subject,
        measured,
        conclusion,
        answers(subject),
        scope="s",
        view="paint",
        name="n",
        t=words("masks", "en"),
        keys=(),
        problem=None,
    )


# ---- long sequences -------------------------------------------------------------------------------------------------


def test_a_long_sequence_measures_only_the_first_leak() -> None:
    subject = practice_subject(practice_model(), 61)
    setting = Setting().with_edit(Target("decoder_self"), masks.causal() | masks.cells([(40, 50)]))
    measured = measure(subject, baseline(subject), setting, "decoder_self", (2, 1))
    assert measured.influence is not None
    measured_inputs = np.flatnonzero((measured.influence >= 0).all(axis=0)).tolist()
    assert measured_inputs == [50]  # the one that was opened, not 41, which row 40 sees through row 50
    assert measured.influence[40, 50] > 0
    sentence = conclude(subject, setting, measured, "decoder_self").sentence
    assert (sentence.key, sentence.values["row"], sentence.values["token"]) == ("verdict_leak", 41, 51)
    whole = measure(subject, baseline(subject), setting, "decoder_self", (2, 1), everything=True)
    assert whole.influence is not None
    assert (whole.influence >= 0).all()
    assert (whole.influence > 0)[~measured.shown].sum() == 0  # nothing moves that cannot be reached


def test_what_would_take_too_long_is_not_measured() -> None:
    subject = practice_subject(practice_model(), 140)
    setting = Setting().with_edit(Target("decoder_self"), masks.causal() | masks.cells([(3, 4)]))
    measured = measure(subject, baseline(subject), setting, "decoder_self", (0, 0), everything=True)
    assert measured.influence is not None
    assert np.flatnonzero((measured.influence >= 0).all(axis=0)).tolist() == [4]


def test_the_receptive_field_of_a_window_grows_layer_by_layer() -> None:
    subject = practice_subject(practice_model(), 31)
    window = 4
    setting = Setting().with_edit(Target("decoder_self"), masks.causal() & masks.sliding_window(window))
    measured = measure(subject, baseline(subject), setting, "decoder_self", (0, 0))
    assert measured.reach.decoder is not None
    fields = measured.reach.decoder.sum(axis=-1)[:, -1].tolist()
    assert fields == [1 + (window - 1) * layer for layer in range(1, 5)]
    layers = layers_of(subject, measured.plan, "decoder_self")
    assert layers.shape == (4, 31, 31)
    assert (layers.sum(axis=-1)[:, -1] == window).all()


def test_the_most_general_plan_equals_no_mask() -> None:
    subject = practice_subject(practice_model(), 17)
    setting = Setting().with_edit(Target("decoder_self"), masks.full())
    visible = measure(subject, baseline(subject), setting, "decoder_self", (0, 0))
    unmasked = measure(subject, baseline(subject), Setting(application="none"), "decoder_self", (0, 0))
    np.testing.assert_array_equal(visible.seen.logits, unmasked.seen.logits)
    assert isinstance(subject.own, MaskPlan)


def test_baselines_are_kept_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = practice_subject(practice_model(), 17)
    made = baseline(subject)
    probabilities = made.logits  # made of them by the page, as many again
    reach = [made.reach.encoder, made.reach.decoder, made.reach.source]
    arrays = [made.logits, probabilities, *made.weights.values(), *reach]
    assert made.bytes == sum(one.nbytes for one in arrays if one is not None)
    monkeypatch.setattr(rounds, "BASELINES", Bounded(attrgetter("bytes"), most_bytes=2 * made.bytes, most=97))
    keys = [rounds.SubjectKey("practice", text) for text in "abc"]
    first = rounds.own_of(keys[0], 0, subject)
    assert rounds.own_of(keys[0], 0, subject) is first
    for key in keys[1:]:
        rounds.own_of(key, 0, subject)
    assert [(key, 0) in rounds.BASELINES for key in keys] == [False, True, True]
    assert rounds.BASELINES.held == 2 * made.bytes
