"""The app from end to end, without a browser: both languages, good and bad input, never a traceback."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from html import escape
from pathlib import Path

import pytest
from app_driver import html, notices, opened, ran
from streamlit.testing.v1 import AppTest

from attnviz import environment
from attnviz.data import Task
from attnviz.errors import Notice, said
from attnviz.language import LANGUAGES
from attnviz.training import Manifest
from attnviz.training.checkpoint import shipped_folder
from attnviz.ui.text import words

APP = Path(__file__).resolve().parents[1] / "app.py"
NASTY = "<script>alert(1)</script> **b** [a](javascript:x) $x$ :material/home:"


def component(at: AppTest, key: str) -> dict[str, object] | None:
    """What a component of ours that passes JSON was given; its identity ends with its key."""
    for element in at.get("bidi_component"):
        if element.proto.id.endswith(key):
            return json.loads(json.loads(element.proto.json)) if element.proto.WhichOneof("data") == "json" else {}
    return None


def panel(at: AppTest) -> dict[str, object]:
    found = component(at, "prediction")
    assert found is not None, notices(at)
    return found["panel"]  # type: ignore[return-value]


def sentence(at: AppTest, text: str) -> AppTest:
    (field,) = [widget for widget in at.text_input if str(widget.key).startswith("sentence:")]
    return ran(field.set_value(text).run())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_opens_in_both_languages_with_a_result_on_it(language: str) -> None:
    at = opened(lang=language)
    t = words("attention", language)  # type: ignore[arg-type]
    assert t("question") in html(at)
    assert words("common", language)("licence") in html(at)  # type: ignore[arg-type]
    assert component(at, "attention-stage") is not None
    assert panel(at)["steps"]
    assert not notices(at)


def test_switching_the_language_keeps_the_sentence_and_every_number() -> None:
    at = sentence(opened(lang="zh"), "我爱音乐")
    before = panel(at)
    (switch,) = [group for group in at.get("button_group") if group.key == "language-switch"]
    ran(switch.set_value("en").run())
    assert words("attention", "en")("question") in html(at)
    assert panel(at) == before
    assert at.text_input[0].value == "我爱音乐"


def test_another_sentence_gives_other_predictions_and_leaves_the_address_alone() -> None:
    at = opened()
    before = panel(at)
    sentence(at, "我爱音乐")
    assert panel(at) != before
    assert component(at, "address-example") == {"example": None}
    assert "音乐" not in str(dict(at.query_params))


def test_an_example_is_one_click_away_and_is_in_the_address() -> None:
    at = opened(model="pinyin")
    button = next(button for button in at.button if button.key == "example:pinyin:1")
    ran(button.click().run())
    assert at.text_input[0].value != ""
    assert component(at, "address-example") == {"example": "2"}


def test_a_link_opens_what_it_says() -> None:
    at = opened(model="reverse", example="2", kind="cross", layer="2", head="3", lang="en")
    assert at.selectbox[0].value == "reverse"
    assert component(at, "address-example") == {"example": "2"}
    assert not notices(at)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"model": NASTY}, "url_model"),
        ({"layer": "-1"}, "url_number"),
        ({"head": "99"}, "url_beyond"),
        ({"kind": "sideways"}, "url_kind"),
        ({"example": "7e9"}, "url_number"),
        ({"example": "4321"}, "url_beyond"),
    ],
)
def test_a_link_that_makes_no_sense_gets_one_sentence_and_the_page(
    query: dict[str, str], said: str, language: str
) -> None:
    at = opened(lang=language, **query)
    (notice,) = notices(at)
    fixed = words("common", language)(said).split("{")[0]  # type: ignore[arg-type]
    assert escape(fixed) in notice
    assert "<script" not in notice
    assert panel(at)["steps"]


def test_an_unknown_language_is_said_and_the_page_speaks_english() -> None:
    at = opened(lang="tlh")
    assert "tlh" in notices(at)[0]
    assert words("attention", "en")("question") in html(at)


@pytest.mark.parametrize("language", LANGUAGES)
def test_empty_text_is_answered_with_a_sentence_and_the_field_stays(language: str) -> None:
    at = sentence(opened(lang=language), "   ")
    assert [said("empty", {}, language) in notice for notice in notices(at)] == [True]  # type: ignore[arg-type]
    assert panel(sentence(at, "你好"))["steps"]


def test_a_hundred_thousand_characters_are_cut_and_said_so() -> None:
    at = opened()
    sentence(at, "银行" * 50_000)
    said = " ".join(notices(at))
    assert "100000" in said
    assert panel(at)["steps"]


@pytest.mark.parametrize(
    "text", ["😀银行🎉", "שלום עולם", "مرحبا", NASTY, "‮gnp", "\ud800x".encode("utf-8", "replace").decode()]
)
def test_strange_text_is_shown_as_unknown_tokens_and_as_text(text: str) -> None:
    at = sentence(opened(model="pinyin"), text)
    assert panel(at)["steps"]
    assert notices(at)
    for notice in notices(at):
        assert "<script" not in notice


def test_text_of_ones_own_never_becomes_markdown() -> None:
    at = sentence(opened(), NASTY)
    for element in (*at.markdown, *at.caption):
        assert "javascript:" not in element.value


def test_the_decoder_can_read_its_own_output() -> None:
    at = opened(model="pinyin")
    assert panel(at)["fed"] == "reference"
    (feed,) = [group for group in at.get("button_group") if str(group.key).startswith("feed")]
    ran(feed.set_value("own").run())
    assert panel(at)["fed"] == "own"


def test_nothing_heavy_is_imported_before_the_frame_is_drawn() -> None:
    code = "import sys, attnviz.ui.frame.app, attnviz.ui.frame.page; print({'torch', 'pandas'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=APP.parent)
    assert said.stdout.strip() == "set()"


# ---- checkpoints --------------------------------------------------------------------------------------------


def broken(folder: Path, how: str) -> Path:
    target = folder / f"mine-{how}"
    shutil.copytree(shipped_folder() / "reverse", target)
    weights, manifest = target / "model.safetensors", target / "manifest.json"
    match how:
        case "truncated":
            weights.write_bytes(weights.read_bytes()[:1000])
        case "foreign":
            weights.write_bytes((shipped_folder() / "pinyin" / "model.safetensors").read_bytes())
        case "missing":
            shutil.rmtree(target)
        case "no-weights":
            weights.unlink()
        case "not-json":
            manifest.write_bytes(b"\x80\x04pickle")
        case "other-json":
            manifest.write_text('{"hello": "world"}', encoding="utf-8")
    return target


@pytest.mark.parametrize("how", ["truncated", "foreign", "missing", "no-weights", "not-json", "other-json"])
def test_a_bad_checkpoint_is_named_and_the_page_goes_on_with_another(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = broken(tmp_path, how)
    monkeypatch.setenv(environment.MODELS, str(folder))
    at = opened(model=folder.name, lang="en")
    (notice,) = notices(at)
    assert folder.name in notice
    assert component(at, "attention-stage") is None
    ran(at.selectbox[0].set_value("reverse").run())
    assert not notices(at)
    assert panel(at)["steps"]


def test_a_checkpoint_of_ones_own_is_on_offer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(shipped_folder() / "reverse", tmp_path / "reverse")
    monkeypatch.setenv(environment.MODELS, str(tmp_path / "reverse"))
    at = opened(model="reverse-2")
    assert at.selectbox[0].value == "reverse-2"
    assert panel(at)["steps"]


def test_data_that_moved_since_the_training_are_said_beside_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remark = Notice("data_moved", {"now": "Babel <99>", "then": "Babel 2"})
    looked = threading.Event()

    def moved(task: Task, manifest: Manifest) -> Notice | None:
        looked.set()
        return remark

    monkeypatch.setattr("attnviz.training.held_out.moved", moved)
    monkeypatch.setenv(environment.MODELS, str(shutil.copytree(shipped_folder() / "reverse", tmp_path / "mine-moved")))
    for language in LANGUAGES:
        at = opened(model="mine-moved", lang=language)
        assert looked.wait(30), "the installed data are looked at when a model is opened"
        time.sleep(0.1)
        assert escape(remark.text(language)) in html(ran(at.run()))
        assert not notices(at)


def test_a_fault_in_the_program_is_a_sentence_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from attnviz.ui.attention import views

    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(views, "panel", fail)
    at = opened(lang="en", model="reverse")
    assert [words("common", "en")("failed") in notice for notice in notices(at)] == [True]
    assert "secret" not in html(at)
